# Shared by the scripts of this folder; sourced, never run. Figures out the folders and how to speak.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything that is fetched or built once per machine lives here, outside the checkout.
CACHE=${DYNSPLIT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/dynsplit}
MODELS=${DYNSPLIT_MODELS:-$CACHE/models}

# What a ggml or llama.cpp without AVX-512 and AMX is built for, to be compared with --isa AVX2.
AVX2_CMAKE_FLAGS="-DGGML_NATIVE=OFF -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON"

# SPEAKER: the program that runs a script in its own name.
say() { printf '%s: %s\n' "${SPEAKER:-${0##*/}}" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# python3 with pip. A python3 that comes first in PATH may lack pip where Debian's own has it.
find_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      echo "$python"
      return
    fi
  done
  die "no python3 with pip found; run scripts/setup.sh"
}

# pip_quiet ARGUMENT...: pip with this machine's own settings for index and certificates.
# --no-cache-dir: pip's cache of built wheels does not know for which CPU a wheel was built, and a
# model needs no second copy.
pip_quiet() {
  "$(find_pip)" -m pip --disable-pip-version-check --no-input --no-cache-dir --quiet "$@" </dev/null
}

# g++ 12's ThreadSanitizer aborts at start where the kernel randomises addresses by more than 28
# bits. Where a container forbids setarch, it is tried as it is.
without_aslr() {
  if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}
