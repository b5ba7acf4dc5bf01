#!/usr/bin/env bash
# Lets OpenAI's own Python client talk to dynsplit serve: tests/client/openai_client.py.
#
#   tests/client/openai_client.sh PROGRAM        the dynsplit to test, of any build
#
# Needs the model smollm2-135m and, once, the network: the client goes to openai-client/ in
# DYNSPLIT_CACHE (default ~/.cache/dynsplit).
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

CLIENT_PACKAGE=openai==3.57.0
MODEL=smollm2-135m
KEY=of-the-test

if [[ $# != 1 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi

venv=$CACHE/openai-client/venv
if ! "$venv/bin/python" -c "import openai, sys; sys.exit(openai.__version__ != '${CLIENT_PACKAGE#*==}')" 2>/dev/null
then
  say "installing $CLIENT_PACKAGE"
  rm -rf "$venv"
  "$(find_pip)" -m venv "$venv"
  "$venv/bin/python" -m pip --disable-pip-version-check --quiet install "$CLIENT_PACKAGE" </dev/null
fi

log=$(mktemp)
"$1" serve -m "$MODEL" --port 0 --threads 1 --parallel 2 --api-key "$KEY" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$log"' EXIT
for ((i = 0; i < 600; ++i)); do
  if grep -q "serving" "$log"; then break; fi
  kill -0 "$server" 2>/dev/null || die "the server ended: $(cat "$log")"
  sleep 0.1
done
port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
"$venv/bin/python" "$ROOT/tests/client/openai_client.py" "http://127.0.0.1:$port/v1" "$KEY" "$MODEL"
