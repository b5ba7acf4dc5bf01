#!/usr/bin/env bash
# Formats the C++ files with clang-format 14; with --check only says which ones differ (exit 1), or
# exits with 77 where clang-format 14 is absent (scripts/setup.sh --dev gets it).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

if ! command -v clang-format-14 >/dev/null; then
  say "no clang-format-14 here: not checked; scripts/setup.sh --dev gets it"
  exit 77
fi
mapfile -t files < <(find apps bench fuzz include src tests \( -name '*.h' -o -name '*.cc' \))
if [[ ${1:-} == --check ]]; then
  clang-format-14 --dry-run --Werror "${files[@]}"
else
  clang-format-14 -i "${files[@]}"
fi
