#!/usr/bin/env bash
# Sets the machine up where needed, then configures and builds.
#
#   scripts/build.sh [PRESET] [CMAKE ARGUMENT...]     PRESET: release (default), dev, asan, tsan, fuzz
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=${1:-release}
setup=()
if [[ $preset == tsan ]]; then setup+=(--tsan); fi
"$ROOT/scripts/setup.sh" "${setup[@]}"

cd "$ROOT"
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
cmake --preset "$preset" "${@:2}"
# A build also starts each test program once, to list its tests.
without_aslr cmake --build --preset "$preset" -j "$(nproc)"
