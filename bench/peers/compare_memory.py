#!/usr/bin/env python3
"""Memory of dynsplit beside llama.cpp's, on one machine in one run.

    python3 compare_memory.py [-m MODEL] [--caps 32768:100M,32768:150M,32768:all,131072:270M]
                              [--kv-types f16,q4_0] [--json FILE] [--plot FILE.svg]

needs build/release/dynsplit (scripts/build.sh), the peer (setup_peer.sh) and the model
(scripts/get-model.sh); --plot needs matplotlib. Prints a Markdown table: the peak resident memory of each
process, from its start to its end, less what Python held before it loaded the model where it is
llama.cpp's. The two take turns, never both at once, each in a process of its own for every figure.

dynsplit decodes at the end of a synthetic context (`bench --fill synthetic`) under each --kv-memory.
llama.cpp, with flash attention, allocates its cache whole at the start and decodes a few tokens in the
empty context (llama_memory.py): its speed is not compared, see compare_speed.py.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from compare_speed import FOLDER, ROOT, cache, cpu

DECODE_STEPS = 32


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


def measure_dynsplit(context, cap, arguments):
    command = [arguments.program, "bench", "-m", arguments.model, "--context", context, "--method",
               "dynsplit", "--fill", "synthetic", "--decode", DECODE_STEPS, "--rounds", arguments.rounds,
               "--threads", arguments.threads, "--json"]
    if cap != "all":
        command += ["--kv-memory", cap, "--kv-dir", arguments.kv_dir]
    out, peak = run(command)
    report = json.loads(out)
    return {"program": "dynsplit", "context": context, "setting": cap, "bytes": peak,
            "build": f"{report['build']}, {report['isa']}",
            "tokens_per_second": report["rows"][0]["decode_tokens_per_second"]}


def print_table(rows):
    print("| context | | | peak, MiB | tokens/s |\n|---|---|---|---|---|")
    for row in rows:
        kind = "`--kv-memory`" if row["program"] == "dynsplit" else "cache"
        speed = f"{row['tokens_per_second']:.1f}" if "tokens_per_second" in row else ""
        print(f"| {row['context']:,} | {row['program']} | {kind} {row['setting']} | "
              f"{row['bytes'] / 2**20:,.0f} | {speed} |")


def cap_bytes(text):
    return float(text[:-1]) * {"K": 2**10, "M": 2**20, "G": 2**30}[text[-1]]


def plot(result, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 4))
    ours = [row for row in result["rows"] if row["program"] == "dynsplit"]
    for context in sorted({row["context"] for row in ours}):
        rows = [row for row in ours if row["context"] == context]
        points = sorted((cap_bytes(row["setting"]) / 2**20, row["tokens_per_second"])
                        for row in rows if row["setting"] != "all")
        line, = axis.plot(*zip(*points), marker="o", label=f"{context:,} tokens")
        for row in rows:
            if row["setting"] == "all":
                axis.axhline(row["tokens_per_second"], color=line.get_color(), linestyle="--",
                             label=f"{context:,} tokens, all in memory")
    axis.set(title=result["model"], xlabel="--kv-memory, MiB", ylabel="decode tokens/s", ylim=(0, None))
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)
    figure.suptitle(f"{result['cpu']}, {result['threads']} threads", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def pairs(text):
    """[(context, cap)] of CONTEXT:CAP,..."""
    split = [pair.split(":") for pair in text.split(",")]
    return [(int(context), cap) for context, cap in split]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", default="smollm2-135m", help="a known name or a .gguf path")
    parser.add_argument("--caps", type=pairs, metavar="CONTEXT:CAP,...",
                        default=pairs("32768:100M,32768:150M,32768:200M,32768:400M,32768:all,131072:270M"))
    parser.add_argument("--kv-types", default="f16,q4_0", help="of llama.cpp's cache")
    parser.add_argument("--kv-dir", default=tempfile.gettempdir())
    parser.add_argument("--rounds", type=int, default=3, help="of dynsplit's decoding; the median counts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "dynsplit")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures here")
    parser.add_argument("--plot", type=pathlib.Path, help="draw decode speed against --kv-memory here")
    arguments = parser.parse_args()

    load = os.getloadavg()[0]
    result = {"cpu": cpu(), "threads": arguments.threads, "load": load, "model": arguments.model,
              "rows": []}
    kv_types = arguments.kv_types.split(",")
    for context in sorted({context for context, _ in arguments.caps}):
        caps = [cap for wanted, cap in arguments.caps if wanted == context]
        for i in range(max(len(caps), len(kv_types))):  # in turn
            if i < len(caps):
                result["rows"].append(measure_dynsplit(context, caps[i], arguments))
            if i < len(kv_types):
                result["rows"].append(measure_llama(context, kv_types[i], arguments))
    result["rows"].sort(key=lambda row: (row["context"], row["program"]))
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
