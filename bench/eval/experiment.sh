#!/usr/bin/env bash
# The experiments of docs/evaluation.md: one variable at a time, in the setting of the paper (whole
# blocks, one summary, every head with the same budget) unless the experiment is about another one.
#
#   bench/eval/experiment.sh NAME MODEL [EVAL FLAG...]   runs one, or goes on with it, and writes its
#                                                        tables to build/experiments/MODEL/NAME
#   bench/eval/experiment.sh --specs NAME                prints its methods
#
#   splits       fixed intervals, every delimiter class and DD-Select, each with three summaries
#   importance   what DD-Select weighs a cut by, how it searches, and its controls
#   summaries    means, bounds, sub-means, int8 and int2, at blocks of 16
#   selection    pooling of heads, dense layers, sink and recent
#   all          the methods of these four in a folder of its own, from one reading of each text: for
#                models that read slowly
#
# Expected answers are fed, and KL(full || method) is the measure: finer than scores; kl_table.py
# prints it. Prose (niah-multikey), code, records and dialogue, 12 questions of each (6 with larger
# models), seed 1.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

CLASSES=(space closing comma clause sentence newline dedent paragraph turn)

splits() {
  local summary
  for summary in "" +summary=minmax+type=f16 +vectors=4+type=int8; do
    printf "fixed-mean+block=%s$summary\n" 8 16 32 64
    printf "delimiter:%s$summary\n" "${CLASSES[@]}"
    printf "dd-select+block=%s$summary\n" 8 16 32 64
  done
}

importance() {
  echo dd-select
  printf 'dd-select+%s\n' search=optimal reading=retained alpha=0.5 alpha=2 candidate=0.5 candidate=1 \
    scatter=0.3 scatter=1 lambda=0.2 lambda=2 shrinkage=100 range=4 range=15 block=12 block=24
  local paper=search=greedy+block=16+range=8+type=f16+vectors=1+score=max+pick=blocks+refine=1+reuse=1
  printf "%s+$paper+dense-heads=none\n" any-delimiter random-cuts
  echo fixed-mean
}

summaries() {
  local cuts
  for cuts in fixed-mean dd-select; do
    printf "$cuts+%s\n" vectors=1 vectors=2 vectors=4 vectors=8 type=int8 vectors=2+type=int8 vectors=4+type=int8 \
      vectors=8+type=int8 vectors=8+type=int2 summary=minmax+type=f16 summary=minmax+type=int8
  done
}

selection() {
  echo dd-select
  printf 'dd-select+%s\n' pooling=mean pooling=max pooling=score score=mass score=density dense-layers=0 \
    dense-layers=1 dense-layers=4 sink=0 sink=16 recent=16 recent=256 dense-heads=profile refine=2 refine=4
}

# Some methods are in more than one of them.
all() {
  { splits; importance; summaries; selection; } | awk '!seen[$0]++'
}

experiments='^(splits|importance|summaries|selection|all)$'
if [[ ${1:-} == --specs && ${2:-} =~ $experiments ]]; then
  "$2"
  exit
fi
if [[ $# -lt 2 || ! $1 =~ $experiments ]]; then
  sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
name=$1 model=$2
case $model in
  smollm2-135m) context=4000 questions=12 ;;
  *) context=6000 questions=6 ;;
esac
exec "$ROOT/build/release/dynsplit" eval -m "$model" --context "$context" --budget 8% --questions "$questions" \
  --questions-per-document "$questions" --seed 1 --answer fed --task niah-multikey,code-function,records,dialogue \
  --method "full,$("$name" | paste -sd,)" --out "$ROOT/build/experiments/$model/$name" "${@:3}"
