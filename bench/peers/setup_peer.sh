#!/usr/bin/env bash
# Makes the peer of the benchmarks and the oracle of the golden files: llama.cpp, as the Python
# package llama-cpp-python, built for this machine's CPU. 5 to 12 minutes on two cores, once.
#
#   bench/peers/setup_peer.sh           prints the interpreter that has it
#   bench/peers/setup_peer.sh --avx2    the same of one without AVX-512
#
# Environment: DYNSPLIT_CACHE (default ~/.cache/dynsplit) holds it, in peer/ or peer-avx2/. What is
# there stays.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

PEER_PACKAGE=llama-cpp-python==0.3.36
PEER_SOURCE_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e

peer=$CACHE/peer
instructions="-DGGML_NATIVE=ON"
if [[ $* == --avx2 ]]; then
  peer=$CACHE/peer-avx2
  instructions=$AVX2_CMAKE_FLAGS
elif [[ $# != 0 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi

python=$peer/venv/bin/python

has_peer() {
  [[ -x $python ]] && "$python" - "${PEER_PACKAGE#*==}" <<'PYTHON' >/dev/null 2>&1
import sys
import llama_cpp
import numpy
sys.exit(llama_cpp.__version__ != sys.argv[1])
PYTHON
}

# The wheel is kept: a venv that went bad is then a matter of seconds.
build_wheel() {
  local tmp; tmp=$(mktemp -d "$peer/new.XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  say "building ${PEER_PACKAGE/==/ }: 5 to 12 minutes on two cores"
  printf '%s --hash=sha256:%s\n' "$PEER_PACKAGE" "$PEER_SOURCE_SHA256" >"$tmp/requirements.txt"
  # -fno-dse: as in scripts/setup.sh.
  CC=gcc CXX=g++ CMAKE_ARGS="$instructions -DCMAKE_CXX_FLAGS=-fno-dse" CMAKE_BUILD_PARALLEL_LEVEL=$(nproc) \
    pip_quiet wheel --no-deps --no-binary llama-cpp-python --require-hashes \
    -r "$tmp/requirements.txt" -w "$tmp" >"$peer/build.log" 2>&1 || {
    tail -n 15 "$peer/build.log" >&2
    die "llama-cpp-python could not be built; the whole log: $peer/build.log"
  }
  mkdir -p "$peer/wheels"
  mv "$tmp"/llama_cpp_python-*.whl "$peer/wheels/"
  rm -rf "$tmp"
  trap - EXIT
}

mkdir -p "$peer" || die "cannot write $peer; set DYNSPLIT_CACHE"
exec 9>"$peer/lock"
flock 9  # another run may be building the same
if ! has_peer; then
  wheel=("$peer"/wheels/llama_cpp_python-"${PEER_PACKAGE#*==}"-*.whl)
  [[ -f ${wheel[0]} ]] || build_wheel
  wheel=("$peer"/wheels/llama_cpp_python-"${PEER_PACKAGE#*==}"-*.whl)
  "$(find_pip)" -m venv "$peer/venv" || die "no venv module; on Debian: apt-get install python3-venv"
  "$python" -m pip --disable-pip-version-check --quiet install "${wheel[0]}" </dev/null
  has_peer || die "$python does not load llama_cpp"
fi
echo "$python"
