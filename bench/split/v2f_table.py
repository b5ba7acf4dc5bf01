#!/usr/bin/env python3
"""The table of the V2F ablation, from the JSON that split_bench writes.

For each setting the median time of attention to fixed blocks, and what blocks of variable length
cost more: ragged, padded and through V2F. Then, for each instruction set, the means over its
settings, and how many times V2F makes the others' overhead smaller.

usage: v2f_table.py FILE.json
"""

import collections
import json
import statistics
import sys

VARIANTS = ["ragged", "padded", "padded_in_place", "v2f"]
SPLITS = ["16 +- 8", "5 +- 4"]
SOURCES = ["cache", "memory"]


def read_times(path):
    """{(isa, shape, split, memory, context): (label, {variant: median time in us})}"""
    times = collections.defaultdict(lambda: collections.defaultdict(list))
    labels = {}
    with open(path, encoding="utf-8") as file:
        runs = json.load(file)["benchmarks"]
    for run in runs:
        parts = run["name"].split("/")
        if parts[0] != "BM_BlockAttention" or run["run_type"] != "iteration":
            continue
        args = dict(part.split(":") for part in parts[2:] if ":" in part)
        setting = tuple(int(args[name]) for name in ("isa", "shape", "split", "memory", "context"))
        labels[setting] = run["label"]
        times[setting][parts[1]].append(run["cpu_time"])
    return {setting: (labels[setting], {variant: statistics.median(of)
                                        for variant, of in times[setting].items()})
            for setting in sorted(times)}


def line(*cells):
    print("| " + " | ".join(cells) + " |")


def percents(overheads):
    return [f"{overheads[variant]:+.1f} %" for variant in VARIANTS]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    line("shape", "blocks", "context", "from", "fixed, us", *VARIANTS)
    line(*["---"] * 9)
    by_isa = collections.defaultdict(list)
    for (_, _, split, memory, context), (label, times) in read_times(sys.argv[1]).items():
        overheads = {variant: 100 * (times[variant] / times["fixed"] - 1) for variant in VARIANTS}
        line(label, SPLITS[split], f"{context:,}", SOURCES[memory], f"{times['fixed']:.1f}",
             *percents(overheads))
        by_isa[label.split()[0]].append(overheads)
    for isa, overheads in by_isa.items():
        mean = {variant: statistics.mean(of[variant] for of in overheads) for variant in VARIANTS}
        line(f"{isa}, mean", "", "", "", "", *percents(mean))
        print(f"\n{isa}: V2F's overhead at most {max(of['v2f'] for of in overheads):.1f} %;",
              "of the means, smaller by",
              ", ".join(f"{mean[variant] / mean['v2f']:.1f}x than {variant}"
                        for variant in VARIANTS[:-1]), "\n")


if __name__ == "__main__":
    main()
