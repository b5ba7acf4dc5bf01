#!/usr/bin/env bash
# Lets a browser use the page of dynsplit serve as a person would: tests/client/page_test.py.
#
#   tests/client/page_test.sh PROGRAM [FOLDER]   the dynsplit to test, of any build; FOLDER: where
#                                                screenshots go, docs/ for those of the documentation
#
# Needs the model smollm2-135m, Debian's chromium and chromium-driver (scripts/setup.sh --page; exit
# 77 without) and, once, the network for Selenium and axe, which go to page-client/ in DYNSPLIT_CACHE.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

# The second is there for the axe.min.js in it (version 4.9.1), the third for small screenshots.
PACKAGES=(selenium==4.50.0 selenium-axe-python==2.2.0 pillow==13.0.0)
MODEL=smollm2-135m
KEY=of-the-test

if [[ $# != 1 && $# != 2 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  say "no chromium and chromedriver here: not tested; scripts/setup.sh --page gets them"
  exit 77
fi
python=$(client_python page-client "${PACKAGES[@]}")
serve "$1" -m "$MODEL" --parallel 2 --api-key "$KEY"
"$python" "$ROOT/tests/client/page_test.py" "http://127.0.0.1:$port/" "$KEY" "${@:2}"
