#!/usr/bin/env bash
# Shows what dynsplit does: sets the machine up, builds, hides facts in a real text of more than
# 6,000 tokens and asks for them by full attention and by dynsplit.
#
#   scripts/demo.sh [TEXT]      TEXT: a text of your own, of 30 KB or more
#
# The picture is build/demo/demo.svg.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A text that this machine has: Debian's licence texts, else the longest of this project's own.
find_text() {
  local path
  for path in /usr/share/common-licenses/{GPL-3,LGPL-2.1,LGPL-2,GFDL-1.3}; do
    if [[ -f $path && $(stat -L -c %s "$path") -ge 30000 ]]; then
      echo "$path"
      return
    fi
  done
  mkdir -p "$ROOT/build/demo"
  cat "$ROOT"/docs/*.md "$ROOT"/*.md >"$ROOT/build/demo/text.md"
  echo "$ROOT/build/demo/text.md"
}

[[ $# -le 1 && ${1:-} != -* ]] || {
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
}
text=${1:-$(find_text)}
[[ -r $text ]] || die "$text cannot be read"
"$ROOT/scripts/build.sh" release dynsplit dynsplit_demo >&2
mkdir -p "$ROOT/build/demo"
"$ROOT/build/release/dynsplit-demo" --text "$text" --picture "$ROOT/build/demo/demo.svg"
