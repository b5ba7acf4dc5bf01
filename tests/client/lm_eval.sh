#!/usr/bin/env bash
# Lets lm-evaluation-harness ask dynsplit serve: a small task of choices by local-completions, which
# needs /tokenize and the logprobs of echoed prompts, and one of written answers by
# local-chat-completions.
#
#   tests/client/lm_eval.sh PROGRAM        the dynsplit to test, of any build
#
# Needs the model smollm2-135m and, once, the network for the harness, which goes to lm-eval-client/
# in DYNSPLIT_CACHE. The tasks are written here and need no data set from elsewhere.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

PACKAGES=("lm-eval[api]==0.4.13")
MODEL=smollm2-135m
KEY=of-the-test

if [[ $# != 1 ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
python=$(client_python lm-eval-client "${PACKAGES[@]}")
work=$(mktemp -d)
"$python" "$ROOT/tests/client/lm_eval_tasks.py" "$work"
serve "$1" -m "$MODEL" --parallel 2 --api-key "$KEY"
export OPENAI_API_KEY=$KEY HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME=$work/home
base=http://127.0.0.1:$port
# ask KIND TASK MODEL_ARGS ARGUMENT...
ask() {
  "$python" -m lm_eval --model "$1" --tasks "$2" --include_path "$work" --output_path "$work/$2" \
    --model_args "model=$MODEL,num_concurrent=2,max_retries=1,$3" "${@:4}"
}
status=0
{
  ask local-completions dynsplit_choices \
    "base_url=$base/v1/completions,tokenizer_backend=remote,auth_token=$KEY" &&
    ask local-chat-completions dynsplit_answers "base_url=$base/v1/chat/completions" \
      --apply_chat_template &&
    "$python" "$ROOT/tests/client/lm_eval_tasks.py" "$work" check
} || status=$?
rm -rf "$work"
exit "$status"
