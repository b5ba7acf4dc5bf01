#!/usr/bin/env python3
"""Makes the golden files of the architectures: what libllama predicts with tiny models of each.

    make_architectures.py PROGRAM [OUT_DIR]

needs the interpreter of bench/peers/setup_peer.sh (llama-cpp-python 0.3.36 made the committed
files). PROGRAM is build/dev/tests/write_tiny_models, which writes the models; the tests make the
same ones anew. They have random weights in f32, and keys and values are kept in f32, so what is
compared is arithmetic alone. NUM_TOKENS random tokens are read in one batch, and once more token by
token, to see how much libllama differs from itself; the predictions of all positions are stored in
tiny-<name>.bin, in the format of make_logits.py.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from make_logits import FOLDER, write_file
from llama_peer import Peer, log_softmax

NUM_TOKENS = 128
TOP = 16


def predictions(peer, ids, step):
    """Log probabilities f64 [len(ids), vocab_size], `step` tokens at a time."""
    peer.truncate(0)
    rows = [peer.feed(ids[i:i + step], all_logits=True) for i in range(0, len(ids), step)]
    return log_softmax(np.concatenate(rows))


def main():
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER / "logits"
    with tempfile.TemporaryDirectory() as folder:
        listed = subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.PIPE, text=True)
        for line in listed.stdout.splitlines():
            name, context_tokens = line.split()
            peer = Peer(f"{folder}/{name}.gguf", int(context_tokens), kv_type="f32",
                        flash_attention=False, threads=1)
            ids = np.random.RandomState(7).randint(0, peer.vocab_size, NUM_TOKENS).tolist()
            log_p = predictions(peer, ids, NUM_TOKENS)
            stepped = predictions(peer, ids, 1)
            peer.close()
            mass = write_file(out / f"tiny-{name}.bin", ids, log_p, TOP)
            divergence = (np.exp(log_p) * (log_p - stepped)).sum(-1).mean()
            print(f"{name}: mass of the {TOP} kept {mass:.4f}, divergence by steps {divergence:.1e}")


if __name__ == "__main__":
    main()
