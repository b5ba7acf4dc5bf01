"""Prefill and decode speed of llama.cpp on one model; JSON to stdout. compare_speed.py runs it; alone,
with the interpreter of setup_peer.sh:

    python llama_speed.py -m smollm2-135m --depths 0,2048 --kv-type f16

prefill: 512 tokens into an empty cache, in one batch, logits of the last one. decode at depth D: the
mean of 64 steps of one token each after D tokens, two more before them as a warm-up. What
`dynsplit bench --prompt 512 --context D` measures. Each figure is the median of --rounds
repetitions; at a depth they share one prefill.
"""

import argparse
import json
import resource
import statistics
import time

from llama_peer import BATCH_TOKENS, KV_TYPES, Peer, build

DECODE_STEPS = 64
WARM_UP_STEPS = 2


def resident_peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def prompt_ids(peer, count):
    """Ordinary text: which tokens they are does not matter to the time, that they vary is enough."""
    text = " ".join(f"Line {i} holds {i * i % 977} words." for i in range(count))
    return peer.tokenize(text)[:count]


def prefill_speed(peer, ids):
    peer.truncate(0)
    start = time.perf_counter()
    peer.feed(ids[:BATCH_TOKENS])
    return BATCH_TOKENS / (time.perf_counter() - start)


def decode_speed(peer, depth, ids):
    peer.truncate(depth)
    for token in ids[:WARM_UP_STEPS]:
        peer.step(token)
    start = time.perf_counter()
    for token in ids[:DECODE_STEPS]:
        peer.step(token)
    return DECODE_STEPS / (time.perf_counter() - start)


def measure(arguments):
    before = resident_peak_bytes()
    depths = sorted(int(depth) for depth in arguments.depths.split(","))
    context = max(depths[-1], BATCH_TOKENS) + WARM_UP_STEPS + DECODE_STEPS
    peer = Peer(arguments.model, context + -context % 256, arguments.kv_type,
                arguments.flash_attention == "on", arguments.threads)
    ids = prompt_ids(peer, context)
    prefill = [prefill_speed(peer, ids) for _ in range(arguments.rounds)]
    decode = {}
    peer.truncate(0)
    for depth in depths:
        peer.truncate(min(peer.position, depth))
        if peer.position < depth:
            peer.feed(ids[peer.position:depth])
        rounds = [decode_speed(peer, depth, ids) for _ in range(arguments.rounds)]
        decode[depth] = statistics.median(rounds)
    return {
        "build": build(),
        "threads": arguments.threads,
        "kv_type": arguments.kv_type,
        "flash_attention": arguments.flash_attention,
        "prefill_tokens_per_second": statistics.median(prefill),
        "decode_tokens_per_second": decode,
        "peak_rss_bytes": resident_peak_bytes() - before,  # less what the interpreter holds
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", required=True, help="a known name or a .gguf path")
    parser.add_argument("--depths", default="0,2048", help="tokens in the cache before decoding")
    parser.add_argument("--kv-type", default="f16", choices=KV_TYPES)
    parser.add_argument("--flash-attention", default="on", choices=["on", "off"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measure(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
