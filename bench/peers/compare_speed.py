#!/usr/bin/env python3
"""Speed of dynsplit's full attention beside llama.cpp's, on one machine in one run.

    python3 compare_speed.py [-m MODEL]... [--depths 0,2048] [--rounds 3] [--json FILE]

needs build/release/dynsplit (scripts/build.sh), the peer (setup_peer.sh) and the models
(scripts/get-model.sh). In every round first one program runs, then the other, never both, with the
same number of threads; each figure of a round is the program's own median of three. Printed: the
medians over the rounds, and of the rounds' ratios dynsplit / llama.cpp the median, least and
greatest. Run it on an idle machine: with other work beside it, threads that wait for each other at
a barrier slow down by 10 times and more.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
REPETITIONS = "3"  # within a program


def cache():
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    return pathlib.Path(os.environ.get("DYNSPLIT_CACHE", home / "dynsplit"))


def run_json(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nexit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def measure_peer(model, arguments):
    """(build, {figure: value}) of llama.cpp."""
    python = cache() / "peer" / "venv" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"no {python}; run bench/peers/setup_peer.sh")
    report = run_json([python, FOLDER / "llama_speed.py", "-m", model, "--depths", arguments.depths,
                       "--threads", arguments.threads, "--kv-type", arguments.kv_type,
                       "--flash-attention", arguments.flash_attention, "--rounds", REPETITIONS])
    figures = {"prefill 512": report["prefill_tokens_per_second"]}
    for depth, speed in report["decode_tokens_per_second"].items():
        figures[f"decode at {depth}"] = speed
    return report["build"], figures


def measure_dynsplit(model, arguments):
    """(build, {figure: value}) of dynsplit."""
    report = run_json([arguments.program, "bench", "-m", model, "--method", "full", "--prompt", "512",
                       "--context", arguments.depths, "--decode", "64", "--rounds", REPETITIONS,
                       "--threads", arguments.threads, "--json"])
    figures = {}
    for row in report["rows"]:
        if row["method"] is None:
            figures["prefill 512"] = row["prefill_tokens_per_second"]
        else:
            figures[f"decode at {row['context']}"] = row["decode_tokens_per_second"]
    return f"dynsplit: {report['build']}, {report['isa']}", figures


def compare(model, arguments):
    """{figure: {"llama": [round], "dynsplit": [round]}} and the two builds."""
    figures, builds = {}, {}
    for _ in range(arguments.rounds):
        for name, measure in (("llama", measure_peer), ("dynsplit", measure_dynsplit)):
            builds[name], values = measure(model, arguments)
            for figure, value in values.items():
                figures.setdefault(figure, {"llama": [], "dynsplit": []})[name].append(value)
    return figures, builds


def print_table(model, figures):
    print(f"\n{model:20} {'llama.cpp':>10} {'dynsplit':>10} {'ratio':>7}   least .. greatest")
    for figure, rounds in figures.items():
        ratios = [ours / peer for ours, peer in zip(rounds["dynsplit"], rounds["llama"])]
        print(f"{figure:20} {statistics.median(rounds['llama']):10.1f} "
              f"{statistics.median(rounds['dynsplit']):10.1f} {statistics.median(ratios):7.2f}   "
              f"{min(ratios):.2f} .. {max(ratios):.2f}")


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", action="append", help="known names or .gguf paths")
    parser.add_argument("--depths", default="0,2048")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kv-type", default="f16", help="llama.cpp's; dynsplit's is f16")
    parser.add_argument("--flash-attention", default="on", choices=["on", "off"], help="llama.cpp's")
    parser.add_argument("--program", default=ROOT / "build" / "release" / "dynsplit")
    parser.add_argument("--json", type=pathlib.Path, help="write every round's figures here")
    arguments = parser.parse_args()

    result = {"cpu": cpu(), "threads": arguments.threads, "kv_type": arguments.kv_type,
              "flash_attention": arguments.flash_attention, "models": {}}
    print(f"{cpu()}, {arguments.threads} threads, load {os.getloadavg()[0]:.1f}; tokens per second; "
          f"llama.cpp with {arguments.kv_type} KV, flash attention {arguments.flash_attention}")
    for model in arguments.model or ["smollm2-135m", "qwen2.5-coder-1.5b"]:
        figures, builds = compare(model, arguments)
        if not result["models"]:
            print("\n".join(builds.values()))
        result["builds"] = builds
        result["models"][model] = figures
        print_table(model, figures)
        sys.stdout.flush()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
