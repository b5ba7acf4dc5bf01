#!/usr/bin/env python3
"""Memory of dynsplit beside llama.cpp's, on one machine in one run.

    python3 compare_memory.py [-m MODEL] [--caps 32768:100M,32768:150M,32768:all,131072:265M]
                              [--cold-types f16,q4] [--kv-types f16,q4_0] [--json FILE] [--plot FILE.svg]

needs build/release/dynsplit (scripts/build.sh), the peer (setup_peer.sh) and the model
(scripts/get-model.sh); --plot needs matplotlib. Prints a Markdown table: the peak resident memory of each
process, from its start to its end, less what Python held before it loaded the model where it is
llama.cpp's. The two take turns, never both at once, each in a process of its own for every figure.

dynsplit decodes at the end of a synthetic context (`bench --fill synthetic`) under each --kv-memory, with
each --kv-cold-type; speeds are also given as a share of that with all in memory, of the same type.
llama.cpp, with flash attention, allocates its cache whole at the start and decodes a few tokens in the
empty context (llama_memory.py): its speed is not compared, see compare_speed.py.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from compare_speed import FOLDER, ROOT, cache, cpu

DECODE_STEPS = 96  # the first ones, which bring what is looked at into memory, count as well


def run(command):
    """What a process printed, and its peak resident memory in bytes."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nexit {process.returncode}: {err.read()}")
        return out.read(), usage.ru_maxrss * 1024


def measure_llama(context, kv_type, arguments):
    python = cache() / "peer" / "venv" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"no {python}; run bench/peers/setup_peer.sh")
    out, _ = run([python, FOLDER / "llama_memory.py", "-m", arguments.model, "--context", context,
                  "--kv-type", kv_type, "--threads", arguments.threads])
    report = json.loads(out)
    return {"program": "llama.cpp", "context": context, "setting": kv_type, "build": report["build"],
            "bytes": report["peak_bytes"] - report["before_bytes"]}


def measure_dynsplit(context, cap, cold_type, arguments):
    command = [arguments.program, "bench", "-m", arguments.model, "--context", context, "--method",
               "dynsplit", "--fill", "synthetic", "--decode", DECODE_STEPS, "--rounds", arguments.rounds,
               "--threads", arguments.threads, "--kv-cold-type", cold_type, "--json"]
    if cap != "all":
        command += ["--kv-memory", cap, "--kv-dir", arguments.kv_dir]
    out, peak = run(command)
    report = json.loads(out)
    return {"program": "dynsplit", "context": context, "cap": cap, "setting": cold_type, "bytes": peak,
            "build": f"{report['build']}, {report['isa']}",
            "tokens_per_second": report["rows"][0]["decode_tokens_per_second"]}


def share_of_all(row, rows):
    """Its speed as a share of that with all in memory, or None where that was not asked for."""
    for other in rows:
        if other.get("cap") == "all" and all(other[key] == row[key] for key in ("context", "setting")):
            return row["tokens_per_second"] / other["tokens_per_second"]
    return None


def print_table(rows):
    print("| context | | keys and values | `--kv-memory` | peak, MiB | tokens/s | of all in memory |\n"
          "|---|---|---|---|---|---|---|")
    for row in rows:
        speed = f"{row['tokens_per_second']:.1f}" if "cap" in row else ""
        share = share_of_all(row, rows) if "cap" in row else None
        print(f"| {row['context']:,} | {row['program']} | {row['setting']} | {row.get('cap', '')} | "
              f"{row['bytes'] / 2**20:,.0f} | {speed} | {'' if share is None else f'{share:.2f}'} |")


def cap_bytes(text):
    return float(text[:-1]) * {"K": 2**10, "M": 2**20, "G": 2**30}[text[-1]]


def plot(result, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(8, 4))
    ours = [row for row in result["rows"] if "cap" in row]
    for context, setting in sorted({(row["context"], row["setting"]) for row in ours}):
        rows = [row for row in ours if (row["context"], row["setting"]) == (context, setting)]
        points = sorted((cap_bytes(row["cap"]) / 2**20, row["tokens_per_second"])
                        for row in rows if row["cap"] != "all")
        if not points:
            continue
        line, = axis.plot(*zip(*points), marker="o", label=f"{context:,} tokens, {setting}")
        for row in rows:
            if row["cap"] == "all":
                axis.axhline(row["tokens_per_second"], color=line.get_color(), linestyle="--")
    axis.set(title=f"{result['model']}; dashed: all in memory", xlabel="--kv-memory, MiB", ylabel="decode tokens/s", ylim=(0, None))
    axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    axis.grid(alpha=0.3)
    figure.suptitle(f"{result['cpu']}, {result['threads']} threads", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def pairs(text):
    """[(context, cap)] of CONTEXT:CAP,..."""
    split = [pair.split(":") for pair in text.split(",")]
    return [(int(context), cap) for context, cap in split]


def words(text):
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", default="smollm2-135m", help="a known name or a .gguf path")
    parser.add_argument("--caps", type=pairs, metavar="CONTEXT:CAP,...",
                        default=pairs("32768:100M,32768:120M,32768:150M,32768:200M,32768:all,"
                                      "131072:265M,131072:400M,131072:all"))
    parser.add_argument("--cold-types", type=words, default=words("f16,q4"), help="--kv-cold-type of dynsplit")
    parser.add_argument("--kv-types", type=words, default=words("f16,q4_0"), help="of llama.cpp's cache")
    parser.add_argument("--kv-dir", default=tempfile.gettempdir())
    parser.add_argument("--rounds", type=int, default=3, help="of dynsplit's decoding; the median counts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "dynsplit")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures here")
    parser.add_argument("--plot", type=pathlib.Path, help="draw decode speed against --kv-memory here")
    arguments = parser.parse_args()
    if arguments.plot:
        import matplotlib  # noqa: F401, so that what is missing is told before the runs, not after

    load = os.getloadavg()[0]
    result = {"cpu": cpu(), "threads": arguments.threads, "load": load, "model": arguments.model,
              "rows": []}
    for context in sorted({context for context, _ in arguments.caps}):
        ours = [(cap, cold) for wanted, cap in arguments.caps if wanted == context
                for cold in arguments.cold_types]
        for own, kv_type in itertools.zip_longest(ours, arguments.kv_types):  # in turn
            if own:
                result["rows"].append(measure_dynsplit(context, *own, arguments))
            if kv_type:
                result["rows"].append(measure_llama(context, kv_type, arguments))
            print(".", end="", file=sys.stderr, flush=True)
    result["rows"].sort(key=lambda row: (row["context"], row["program"], row["setting"]))
    print_table(result["rows"])
    builds = sorted({row["build"] for row in result["rows"]})
    print(f"\n{arguments.model}; {cpu()}, {arguments.threads} threads, load {load:.1f}")
    print("\n".join(builds))
    sys.stdout.flush()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    if arguments.plot:
        plot(result, arguments.plot)


if __name__ == "__main__":
    main()
