"""llama.cpp as a process that measures on command; compare_speed.py talks to it. With the interpreter
of setup_peer.sh:

    python llama_speed.py -m smollm2-135m --context 33000 --kv-type f16 --flash-attention on

Writes one line of JSON, {"build"}, then for each line read from stdin one line more:

    {"prefill": N}  reads N tokens into an empty cache, in batches of 512: {"seconds"}
    {"fill": D}     goes on reading up to D tokens, or forgets those behind: {"seconds"}
    {"fill_apart": D}  the same, but what is new is read in parts that see nothing before them: {"seconds"}
    {"decode": S}   S steps of one token each, after two more as a warm-up; then the cache is as
                    before: {"seconds"}

So a long prompt is read once, and the rounds of a comparison find it there. Between commands it
waits for input and takes no processor.
"""

import argparse
import json
import sys
import time

from llama_peer import KV_TYPES, Peer, build

WARM_UP_STEPS = 2


def prompt_ids(peer, count):
    """Ordinary text: which tokens they are does not matter to the time, that they vary is enough."""
    text = " ".join(f"Line {i} holds {i * i % 977} words." for i in range(count))
    return peer.tokenize(text)[:count]


class Measurement:
    def __init__(self, peer, ids):
        self._peer, self._ids = peer, ids

    def prefill(self, count):
        self._peer.truncate(0)
        return self.fill(count)

    def fill(self, depth):
        return self._fill(depth, self._peer.feed)

    def fill_apart(self, depth):
        return self._fill(depth, self._peer.feed_apart)

    def _fill(self, depth, feed):
        peer = self._peer
        if peer.position > depth:
            peer.truncate(depth)
        start = time.perf_counter()
        if peer.position < depth:
            feed(self._ids[peer.position:depth])
        return time.perf_counter() - start

    def decode(self, steps):
        depth = self._peer.position
        for token in self._ids[:WARM_UP_STEPS]:
            self._peer.step(token)
        start = time.perf_counter()
        for token in self._ids[:steps]:
            self._peer.step(token)
        seconds = time.perf_counter() - start
        self._peer.truncate(depth)
        return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", required=True, help="a known name or a .gguf path")
    parser.add_argument("--context", type=int, required=True, help="most tokens")
    parser.add_argument("--kv-type", default="f16", choices=KV_TYPES)
    parser.add_argument("--flash-attention", default="on", choices=["on", "off"])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    peer = Peer(arguments.model, arguments.context + -arguments.context % 256, arguments.kv_type,
                arguments.flash_attention == "on", arguments.threads)
    measurement = Measurement(peer, prompt_ids(peer, arguments.context))
    print(json.dumps({"build": build()}), flush=True)
    for line in sys.stdin:
        (command, value), = json.loads(line).items()
        seconds = getattr(measurement, command)(value)
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
