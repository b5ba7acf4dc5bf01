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
    """{method: {(task, id): result}}, methods and tasks in the order in which they were asked."""
    methods = collections.defaultdict(dict)
    with open(folder / "results.jsonl") as lines:
        for line in lines:
            result = json.loads(line)
            methods[result["method"]][result["task"], result["id"]] = result
    return methods


def mean_kl(results):
    return statistics.fmean(result["kl"] for result in results)


def difference(texts, baseline):
    """Of the same texts: mean and standard error, as text."""
    pairs = [result["kl"] - baseline[key]["kl"] for key, result in texts.items() if key in baseline]
    error = statistics.stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else math.nan
    return f"{statistics.fmean(pairs):+.3f} ± {error:.3f}"


def print_table(methods, baseline):
    methods.pop("full", None)  # which the others are compared with: 0 everywhere
    tasks = list(dict.fromkeys(task for texts in methods.values() for task, _ in texts))
    print(f"| method | {' | '.join(tasks)} | all | against `{baseline}` | attended | index, MB |")
    print("|---" * (len(tasks) + 5) + "|")
    for method, texts in methods.items():
        cells = [f"{mean_kl(r for (of, _), r in texts.items() if of == task):.3f}" for task in tasks]
        cells.append(f"{mean_kl(texts.values()):.3f}")
        cells.append("" if method == baseline else difference(texts, methods[baseline]))
        cells.append(f"{statistics.fmean(r['attended_tokens'] for r in texts.values()):,.0f}")
        cells.append(f"{statistics.fmean(r['index_bytes'] for r in texts.values()) / 1e6:.1f}")
        print(f"| `{method}` | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="what eval had for --out")
    parser.add_argument("--baseline", help="a method of it; the first one by default")
    arguments = parser.parse_args()
    methods = read(arguments.folder)
    names = [name for name in methods if name != "full"]
    if not names or (arguments.baseline or names[0]) not in names:
        raise SystemExit(f"{arguments.folder}: no results of {arguments.baseline or 'any method but full'}")
    print_table(methods, arguments.baseline or names[0])


if __name__ == "__main__":
    main()
