#!/usr/bin/env python3
"""The mean divergences from full attention of an experiment, as a Markdown table.

    bench/eval/kl_table.py build/experiments/smollm2-135m/splits [--baseline METHOD]

reads the results of `dynsplit eval --answer fed` (experiment.sh). A row is a method: KL(full || method)
in nats a token of each task, of all texts, what that is more than the baseline's on the same texts with its standard
error, tokens attended to, and the index.
"""

import argparse
import collections
import json
import math
import pathlib
import statistics


def read(folder):
    """{method: {(task, id, context): result}} of the texts that every method but `full` was asked, in the
    order in which they were. `full`, which the others are compared with, has 0 everywhere."""
    methods = collections.defaultdict(dict)
    with open(folder / "results.jsonl") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break  # being written
            result = json.loads(line)
            if "kl" not in result:
                raise SystemExit(f"{folder}: written answers; wanted a run with --answer fed")
            if result["method"] != "full":
                text = result["task"], result["id"], result["context"]
                methods[result["method"], result["budget"]][text] = result
    if not methods:
        raise SystemExit(f"{folder}: no results of any method but full")
    everywhere = set.intersection(*(set(texts) for texts in methods.values()))
    if not everywhere:
        raise SystemExit(f"{folder}: no text that all methods were asked, as yet")
    times = collections.Counter(method for method, _ in methods)
    return {method if times[method] == 1 else f"{method}+budget={budget}":
            {key: result for key, result in texts.items() if key in everywhere}
            for (method, budget), texts in methods.items()}


def mean(results, field):
    return statistics.fmean(result[field] for result in results)


def difference(texts, baseline):
    """Of the same texts: mean and standard error, as text."""
    pairs = [result["kl"] - baseline[key]["kl"] for key, result in texts.items()]
    error = statistics.stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else math.nan
    return f"{statistics.fmean(pairs):+.3f} ± {error:.3f}"


def print_table(methods, baseline):
    tasks = list(dict.fromkeys(task for task, _, _ in methods[baseline]))
    print(f"| method | {' | '.join(tasks)} | all | against `{baseline}` | attended | index, MB |")
    print("|---" * (len(tasks) + 5) + "|")
    for method, texts in methods.items():
        cells = [f"{mean((r for key, r in texts.items() if key[0] == task), 'kl'):.3f}" for task in tasks]
        cells.append(f"{mean(texts.values(), 'kl'):.3f}")
        cells.append("" if method == baseline else difference(texts, methods[baseline]))
        cells.append(f"{mean(texts.values(), 'attended_tokens'):,.0f}")
        cells.append(f"{mean(texts.values(), 'index_bytes') / 1e6:.1f}")
        print(f"| `{method}` | {' | '.join(cells)} |")
    print(f"\n{len(methods[baseline])} texts")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="what eval had for --out")
    parser.add_argument("--baseline", help="a method of it; the first one by default")
    arguments = parser.parse_args()
    methods = read(arguments.folder)
    baseline = arguments.baseline or next(iter(methods))
    if baseline not in methods:
        raise SystemExit(f"{arguments.folder}: no method {baseline}; there are {', '.join(methods)}")
    print_table(methods, baseline)


if __name__ == "__main__":
    main()
