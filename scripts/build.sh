#!/usr/bin/env bash
# Sets the machine up where needed, then configures and builds.
#
#   scripts/build.sh [PRESET] [-DNAME=VALUE...] [TARGET...]
#
# PRESET: release (default), dev, asan, tsan, avx2, fuzz. TARGET: what to build; all of it by default.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=${1:-release}
setup=()
if [[ $preset == tsan || $preset == avx2 ]]; then setup+=("--$preset"); fi
"$ROOT/scripts/setup.sh" "${setup[@]}"

cd "$ROOT"
settings=() targets=()
for argument in "${@:2}"; do
  if [[ $argument == -D* ]]; then settings+=("$argument"); else targets+=("$argument"); fi
done
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  # Another checkout's objects serve as well, and so do those made with precompiled headers.
  export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
fi
cmake --preset "$preset" "${settings[@]}"
# A build also starts each test program once, to list its tests.
without_aslr cmake --build --preset "$preset" -j "$(nproc)" \
  ${targets:+--target "${targets[@]}"}
