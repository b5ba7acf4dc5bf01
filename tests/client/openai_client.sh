#!/usr/bin/env bash
# Lets OpenAI's own Python client talk to dynsplit serve: tests/client/openai_client.py.
#
#   tests/client/openai_client.sh PROGRAM        the dynsplit to test, of any build
#
# Needs the model smollm2-135m and, once, the network: the client goes to openai-client/ in
# DYNSPLIT_CACHE (default ~/.cache/dynsplit).
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

PACKAGES=(openai==3.57.0)
MODEL=smollm2-135m
KEY=of-the-test

if [[ $# != 1 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
python=$(client_python openai-client "${PACKAGES[@]}")
serve "$1" -m "$MODEL" --parallel 2 --api-key "$KEY"
"$python" "$ROOT/tests/client/openai_client.py" "http://127.0.0.1:$port/v1" "$KEY" "$MODEL"
