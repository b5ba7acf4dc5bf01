"""Memory of llama.cpp with a context of so many tokens; compare_memory.py runs it. With the interpreter
of setup_peer.sh:

    python llama_memory.py -m smollm2-135m --context 32768 --kv-type f16

Writes one line of JSON: {"build", "peak_bytes", "before_bytes", "tokens_per_second"}: the most that the
process held, and what the interpreter held before the model was loaded. The cache is allocated whole and
cleared at the start, so that nothing needs to be read: a few tokens are decoded in the empty context. What
a full one needs besides (its masks are longer) is left out, in llama.cpp's favour.
"""

import argparse
import json
import pathlib
import time

from llama_peer import KV_TYPES, Peer, build

STEPS = 8


def status_bytes(field):
    """A field of /proc/self/status that is in kB."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {field}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", required=True, help="a known name or a .gguf path")
    parser.add_argument("--context", type=int, required=True, help="most tokens")
    parser.add_argument("--kv-type", default="f16", choices=KV_TYPES)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    before = status_bytes("VmRSS")
    peer = Peer(arguments.model, arguments.context, arguments.kv_type, True, arguments.threads)
    ids = peer.tokenize("Line 1 holds some words, and so does line 2.")
    peer.feed(ids)
    start = time.perf_counter()
    for i in range(STEPS):
        peer.step(ids[i % len(ids)])
    seconds = time.perf_counter() - start
    print(json.dumps({"build": build(), "before_bytes": before, "peak_bytes": status_bytes("VmHWM"),
                      "tokens_per_second": STEPS / seconds}))


if __name__ == "__main__":
    main()
