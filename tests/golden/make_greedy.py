#!/usr/bin/env python3
"""Makes the golden files of greedy answers: what libllama writes to ten prompts.

    make_greedy.py [OUT_DIR]

needs the interpreter of bench/peers/setup_peer.sh (llama-cpp-python 0.3.36 made the committed
files) and the models of MODELS. Each prompt is one user turn in the model's own chat template, or the
beginning of a text where the file has none, read into an empty f16 cache with flash attention; the answer is NUM_STEPS tokens, or fewer with the end
token as the last. Each model answers as it is and with its matrices widened to f16 (<model>-f16;
make_logits.py says why): as it is, libllama with flash attention on and off gives the same answer
to 3 of the 10 prompts (SmolLM2, first differences at gaps of up to 0.34), widened to all 10.

Writes <model>[-f16].txt: for each prompt three lines of numbers separated by spaces,

    the prompt's ids
    the answer's ids
    for each of them, how far its logit was above the second best one (a near tie may go either way)
"""

import pathlib
import sys
import tempfile

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent / "bench" / "peers"))

from llama_peer import Peer, model_path, widen  # noqa: E402: needs the path above

MODELS = ["smollm2-135m", "qwen2.5-coder-1.5b", "gemma3-270m"]
NUM_STEPS = 64
PROMPTS = [
    "Why is the sky blue? Explain it to a child in a few sentences.",
    "Write a Python function that returns the n-th Fibonacci number without recursion.",
    "Name ten fruits, one on each line, in alphabetical order.",
    "Continue this story: The train stopped in the middle of the bridge, and all the lights went out.",
    "Explain in one paragraph how a hash table works and what a collision is.",
    "Write a C function that reverses a string in place, and say what it costs.",
    "Describe the city of Paris for somebody who has never seen it.",
    "List the steps to bake a simple loaf of bread.",
    "Translate into French: The library opens at nine o'clock and closes at six in the evening.",
    "Write an SQL query that gives the three customers with the most orders in 2023, then explain it.",
]


def answer(peer, prompt_ids):
    """Ids and gaps of up to NUM_STEPS greedy tokens."""
    peer.truncate(0)
    logits = peer.feed(prompt_ids)[-1]
    ids, gaps = [], []
    while True:
        ids.append(int(np.argmax(logits)))
        second, first = np.partition(logits, -2)[-2:]
        gaps.append(float(first - second))
        if len(ids) == NUM_STEPS or peer.ends(ids[-1]):
            return ids, gaps
        logits = peer.feed(ids[-1:])[-1]


def write_file(model, path):
    """The answers of a model, a path or known name."""
    peer = Peer(model, 512, threads=1)
    lines = []
    for prompt in PROMPTS:
        prompt_ids = peer.chat(prompt)
        ids, gaps = answer(peer, prompt_ids)
        lines.append(" ".join(map(str, prompt_ids)))
        lines.append(" ".join(map(str, ids)))
        lines.append(" ".join(f"{gap:.4f}" for gap in gaps))
        print(f"{path.stem}: {len(ids)} tokens, smallest gap {min(gaps):.3f}: "
              f"{peer.detokenize(ids)[:50]!r}", flush=True)
    path.write_text("\n".join(lines) + "\n")
    peer.close()


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "greedy"
    for model in MODELS:
        write_file(model, out / f"{model}.txt")
        with tempfile.TemporaryDirectory(dir=pathlib.Path(model_path(model)).parent) as folder:
            wide = f"{folder}/wide.gguf"
            widen(model, wide)
            write_file(wide, out / f"{model}-f16.txt")


if __name__ == "__main__":
    main()
