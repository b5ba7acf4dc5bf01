#!/usr/bin/env python3
"""Speed of dynsplit beside llama.cpp's, on one machine in one run.

    python3 compare_speed.py [-m MODEL]... [--prompts 512,4096] [--depths 0,2048,8192] [--rounds 3]
                             [--text FILE] [--prefill-budget N] [--peer on:f16,off:f16] [--avx2] [--json FILE]
                             [--plot FILE.svg]

needs build/release/dynsplit (scripts/build.sh), the peer (setup_peer.sh) and the models
(scripts/get-model.sh); --plot needs matplotlib. With --avx2 neither side has AVX-512: it needs
build/avx2 (scripts/build.sh avx2) and the peer of setup_peer.sh --avx2. In every round first one
program runs, then the other, never both, with the same number of threads; llama.cpp keeps what it has
read for the next round. Printed: the medians over the rounds, and of the rounds' ratios dynsplit /
llama.cpp the median, least and greatest. A prompt above 8,192 tokens is read in one round only. Depths come after
the prompts, the greatest first, so that llama.cpp reads none of it twice; above 8,192 they are filled
synthetically by dynsplit (`bench --fill synthetic`), and by llama.cpp with flash attention (in parts that see
nothing of each other: linear time), which says nothing about answers but takes the same time to decode.

Run it on an idle machine: with other work beside it, threads that wait for each other at a barrier
slow down by 10 times and more.
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
DECODE_STEPS = 64
LONG = 8192  # tokens beyond which a prompt is read once, and a depth not read by dynsplit


def cache():
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    return pathlib.Path(os.environ.get("DYNSPLIT_CACHE", home / "dynsplit"))


def checked(build, arguments):
    """`build`, unless it has what both sides are to do without."""
    if arguments.avx2 and "AVX512" in build:
        raise SystemExit(f"--avx2, but with AVX-512: {build}")
    return build


class Llama:
    """A llama_speed.py at work. `setting` is FLASH_ATTENTION:KV_TYPE."""

    def __init__(self, model, setting, context, arguments):
        python = cache() / ("peer-avx2" if arguments.avx2 else "peer") / "venv" / "bin" / "python"
        if not python.exists():
            raise SystemExit(f"no {python}; run bench/peers/setup_peer.sh{' --avx2' if arguments.avx2 else ''}")
        flash_attention, kv_type = setting.split(":")
        self._skips_masked = flash_attention == "on"
        self.name = f"llama.cpp, flash attention {flash_attention}, {kv_type}"
        command = [python, FOLDER / "llama_speed.py", "-m", model, "--context", context, "--threads",
                   arguments.threads, "--kv-type", kv_type, "--flash-attention", flash_attention]
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.build = checked(self._read()["build"], arguments)

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended with {self._process.wait()}")
        return json.loads(line)

    def seconds(self, command, value):
        self._process.stdin.write(json.dumps({command: value}) + "\n")
        self._process.stdin.flush()
        return self._read()["seconds"]

    def fill(self, depth):
        self.seconds("fill_apart" if depth > LONG and self._skips_masked else "fill", depth)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Dynsplit:
    def __init__(self, model, arguments):
        self._command = [arguments.program, "bench", "-m", model, "--threads", arguments.threads, "--json"]
        if arguments.avx2:
            self._command += ["--isa", "AVX2"]
        self._arguments = arguments
        self._budget = ["--budget", arguments.budget] if arguments.budget else []
        self._text = ["--file", arguments.text] if arguments.text else []
        self._chosen = ["--prefill-budget", arguments.prefill_budget] if arguments.prefill_budget else []
        self.build = ""

    def _rows(self, *flags):
        command = [str(part) for part in [*self._command, *flags]]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nexit {done.returncode}: {done.stderr}")
        report = json.loads(done.stdout)
        self.build = checked(f"dynsplit: {report['build']}, {report['isa']}", self._arguments)
        return report["rows"]

    def prefill(self, count, how):
        """Tokens per second, with full or selected prefill."""
        rows = self._rows("--context", 0, "--method", "full", "--decode", 0, "--prompt", count,
                          "--prefill", how, *(self._chosen if how == "selected" else []))
        return rows[0]["prefill_tokens_per_second"]

    def decode(self, depth):
        """{method: tokens per second}."""
        rows = self._rows("--context", depth, "--method", self._arguments.methods, *self._budget, *self._text,
                          "--decode", DECODE_STEPS, "--fill", "synthetic" if depth > LONG else "text")
        return {row["method"]: row["decode_tokens_per_second"] for row in rows}


class Figures:
    """{figure: {program: [a speed for each round]}}."""

    def __init__(self, peer_names):
        self.speeds = {}
        self._peers = peer_names

    def add(self, figure, program, speed):
        self.speeds.setdefault(figure, {}).setdefault(program, []).append(speed)

    def print(self, figure):
        programs = self.speeds[figure]
        for peer in (p for p in self._peers if p in programs):
            print(f"{figure:18} {peer:44} {statistics.median(programs[peer]):8.1f}")
            for ours in (p for p in programs if p not in self._peers):
                ratios = [a / b for a, b in zip(programs[ours], programs[peer])]
                print(f"{'':18} {'  ' + ours:44} {statistics.median(programs[ours]):8.1f} "
                      f"{statistics.median(ratios):6.2f}   {min(ratios):.2f} .. {max(ratios):.2f}")
        sys.stdout.flush()


def compare_prompts(peer, dynsplit, arguments, figures):
    for count in arguments.prompts:
        figure = f"prefill of {count}"
        for _ in range(arguments.rounds if count <= LONG else 1):
            figures.add(figure, peer.name, count / peer.seconds("prefill", count))
            for how in ("full", "selected"):
                figures.add(figure, f"dynsplit, prefill {how}", dynsplit.prefill(count, how))
        figures.print(figure)


def compare_depths(peers, dynsplit, arguments, figures):
    for depth in arguments.depths:
        figure = f"decode at {depth}"
        for peer in peers:
            peer.fill(depth)
        for _ in range(arguments.rounds):
            for peer in peers:
                figures.add(figure, peer.name, DECODE_STEPS / peer.seconds("decode", DECODE_STEPS))
            for method, speed in dynsplit.decode(depth).items():
                figures.add(figure, f"dynsplit, {method}", speed)
        figures.print(figure)


def compare(model, arguments):
    """The figures of one model, and the builds."""
    context = max(arguments.prompts + [depth + 128 for depth in arguments.depths])
    peers = [Llama(model, setting, context, arguments) for setting in arguments.peer]
    dynsplit = Dynsplit(model, arguments)
    figures = Figures([peer.name for peer in peers])
    print(f"\n{model}")
    compare_prompts(peers[0], dynsplit, arguments, figures)
    compare_depths(peers, dynsplit, arguments, figures)
    for peer in peers:
        peer.close()
    return figures.speeds, [peers[0].build, dynsplit.build]


def plot(result, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(result["models"]), squeeze=False,
                                   figsize=(5.5 * len(result["models"]), 4))
    for axis, (model, figures) in zip(axes[0], result["models"].items()):
        lines = {}
        for name, programs in figures.items():
            if not name.startswith("decode at "):
                continue
            for program, speeds in programs.items():
                lines.setdefault(program, []).append((int(name[10:]), statistics.median(speeds)))
        for program, points in lines.items():
            axis.plot(*zip(*sorted(points)), marker="o", label=program,
                      linestyle="--" if program.startswith("llama") else "-")
        axis.set(title=model, xlabel="tokens in the cache", ylabel="decode tokens/s", ylim=(0, None))
        axis.legend(fontsize=7)
        axis.grid(alpha=0.3)
    figure.suptitle(f"{result['cpu']}, {result['threads']} threads", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", action="append", help="known names or .gguf paths")
    parser.add_argument("--prompts", type=numbers, default=[512, 4096], help="N,...: prompts to read")
    parser.add_argument("--depths", type=numbers, default=[0, 2048, 8192], help="N,...: to decode at")
    parser.add_argument("--methods", default="full,dynsplit", help="dynsplit's")
    parser.add_argument("--budget", default="", help="dynsplit's; else that of each method")
    parser.add_argument("--text", type=pathlib.Path, help="what dynsplit's depths are read of; else bench's own, over and over")
    parser.add_argument("--prefill-budget", type=int, help="of dynsplit's selected prefill; else its default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", type=lambda text: text.split(","), default=["on:f16"],
                        help="FLASH_ATTENTION:KV_TYPE,...: llama.cpp's settings; the first one reads prompts")
    parser.add_argument("--avx2", action="store_true", help="neither side has AVX-512")
    parser.add_argument("--program", type=pathlib.Path, help="dynsplit; else that of build/release or build/avx2")
    parser.add_argument("--json", type=pathlib.Path, help="write every round's figures here")
    parser.add_argument("--plot", type=pathlib.Path, help="draw decode speed against depth here")
    arguments = parser.parse_args()
    if arguments.plot:
        import matplotlib  # noqa: F401, so that what is missing is told before the runs, not after
    arguments.depths.sort(reverse=True)
    arguments.program = arguments.program or ROOT / "build" / ("avx2" if arguments.avx2 else "release") / "dynsplit"

    result = {"cpu": cpu(), "threads": arguments.threads, "avx2": arguments.avx2, "budget": arguments.budget,
              "text": arguments.text.name if arguments.text else "", "models": {}}
    print(f"{cpu()}, {arguments.threads} threads, load {os.getloadavg()[0]:.1f}; tokens per second, "
          f"ratio, least .. greatest; budget {arguments.budget or 'of each method'}; "
          f"text {result['text'] or 'of bench'}")
    for model in arguments.model or ["smollm2-135m", "qwen2.5-coder-1.5b"]:
        result["models"][model], result["builds"] = compare(model, arguments)
    print("\n" + "\n".join(result["builds"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    if arguments.plot:
        plot(result, arguments.plot)


if __name__ == "__main__":
    main()
