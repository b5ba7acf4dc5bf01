#!/usr/bin/env bash
# Holds dynsplit serve to its own OpenAPI document with Schemathesis: requests made up from it, good
# and bad ones, and of each response whether it is one that the document has.
#
#   tests/client/schemathesis.sh PROGRAM MODEL [EXAMPLES]   the dynsplit to test, of any build; MODEL:
#                                                           a file, better a tiny one; requests made
#                                                           up for each route (default: 30)
#
# Needs, once, the network for Schemathesis, which goes to schemathesis-client/ in DYNSPLIT_CACHE.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

PACKAGES=(schemathesis==4.32.5)
KEY=of-the-test

if [[ $# != 2 && $# != 3 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
python=$(client_python schemathesis-client "${PACKAGES[@]}")
work=$(mktemp -d)
serve "$1" -m "$2" --alias model --chat-template chatml --context 512 --api-key "$KEY" \
  --session-dir "$work/sessions"
# Not checked: that whatever fits the document is taken. A document cannot say that a schema is one
# that is supported, that a method is one that there is, or that a prompt fits the context.
status=0
(cd "$work" && "$(dirname "$python")/st" run "http://127.0.0.1:$port/openapi.json" \
  --header "Authorization: Bearer $KEY" --exclude-checks positive_data_acceptance \
  --max-examples "${3:-30}" --seed 1 --request-timeout 60 --generation-database none) || status=$?
rm -rf "$work"
exit "$status"
