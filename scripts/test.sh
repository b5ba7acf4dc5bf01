#!/usr/bin/env bash
# Builds and tests, and closes with how many tests passed, failed and were skipped.
#
#   scripts/test.sh                what every change must pass: unit tests, the checks of layers, mirror
#                                  and format, the install test, and the real models (fetched: 1.5 GB)
#   scripts/test.sh --fast         the tests of the label fast alone: under a minute, no large model
#   scripts/test.sh --sanitize     the fast tests under AddressSanitizer + UBSan, then those with threads
#                                  under ThreadSanitizer
#   scripts/test.sh --clients      what comes from the network against dynsplit serve: OpenAI's client, a
#                                  browser on the page, lm-evaluation-harness, Schemathesis
#   scripts/test.sh --all          everything above, but of what comes from the network the browser alone
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

# What runs on several threads, and so is worth building a third time. The programs' tests run on the
# same engine: they, too, pass under the preset tsan, built by hand.
threaded_tests=(base_test store_test cache_test engine_test)

results=$ROOT/build/results
status=0

# run_tests NAME PRESET CTEST ARGUMENT...
run_tests() {
  say "testing $1"
  without_aslr ctest --preset "$2" --output-junit "$results/$1.xml" "${@:3}" </dev/null || status=1
}

# What each failed test of the results in $@ said, its last 40 lines: ctest's own words are far above
# by the end of all runs.
failures() {
  awk '/<testcase .*status="fail"/ { match($0, /name="[^"]*"/); failed = 1; n = 0
         printf "\n%s: failed: %s\n", FILENAME, substr($0, RSTART, RLENGTH); next }
       /<\/testcase>/ { if (failed) for (i = n > 40 ? n - 40 : 0; i < n; ++i) print lines[i]
                        failed = 0 }
       failed { lines[n++] = $0 }' "$@" | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'
}

# What failed, and the counts of all the runs.
summary() {
  failures "$results"/*.xml
  local passed=0 failed=0 skipped=0 head
  for head in "$results"/*.xml; do
    head=$(sed -n '/<testsuite /,/>/p' "$head")
    local tests f d s
    tests=$(sed -n 's/.*tests="\([0-9]*\)".*/\1/p' <<<"$head")
    f=$(sed -n 's/.*failures="\([0-9]*\)".*/\1/p' <<<"$head")
    d=$(sed -n 's/.*disabled="\([0-9]*\)".*/\1/p' <<<"$head")
    s=$(sed -n 's/.*skipped="\([0-9]*\)".*/\1/p' <<<"$head")
    failed=$((failed + f)) skipped=$((skipped + d + s)) passed=$((passed + tests - f - d - s))
  done
  echo "$passed passed, $failed failed, $skipped skipped"
}

preset=release models=1 fast=1 sanitize=0 clients=0 client=.
case ${1:-} in
  "") ;;
  --fast) preset=dev models=0 ;;
  --sanitize) fast=0 models=0 sanitize=1 ;;
  --all) sanitize=1 clients=1 client='^page$' ;;
  --clients) fast=0 models=0 clients=1 ;;
  *) sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac

rm -rf "$results"
mkdir -p "$results"
if [[ $models == 1 ]]; then
  # While the build has the processor.
  scripts/setup.sh
  { for model in qwen2.5-coder-1.5b gemma3-270m; do scripts/get-model.sh "$model"; done; } \
    >"$results/models.log" 2>&1 </dev/null &
  fetching=$!
  trap 'kill "$fetching" 2>/dev/null || true' EXIT
fi
if [[ $fast == 1 ]]; then
  scripts/build.sh "$preset"
  run_tests fast "$preset" -L fast
fi
if [[ $models == 1 ]]; then
  run_tests install "$preset" -L slow
  wait "$fetching" || { cat "$results/models.log" >&2; exit 1; }
  export DYNSPLIT_MODELS=$MODELS DYNSPLIT_REQUIRE_MODELS=1
  # One at a time: each takes all threads, which wait for each other by spinning.
  run_tests models "$preset" -L model -j 1
fi
if [[ $clients == 1 ]]; then
  scripts/setup.sh --page
  scripts/build.sh "$preset" dynsplit
  run_tests clients "$preset" -L client -R "$client" -j 1
fi
if [[ $sanitize == 1 ]]; then
  scripts/build.sh asan all_tests
  run_tests asan asan
  scripts/build.sh tsan "${threaded_tests[@]}"
  run_tests tsan tsan
fi
summary
exit "$status"
