#!/usr/bin/env python3
"""Makes the golden files of the logits: what libllama predicts for two texts.

    make_logits.py [OUT_DIR]

needs the interpreter of bench/peers/setup_peer.sh (llama-cpp-python 0.3.36 made the committed
files) and the models of MODELS. A text's first tokens are read from an empty cache, with f16 keys
and values and flash attention; the predictions of the last NUM_POSITIONS are stored, as the TOP most
likely tokens and the mass of all the others together. A model whose layers have a window reads more
than that holds: before the text stands the beginning of BEFORE.

Each model is read twice: as it is, and with its matrices widened to f16 (<model>-f16). As it is,
both engines round activations to 8 bits before every product, and any change in the last bit, such
as another order of a sum, grows to what that rounding can do: libllama differs from itself (flash
attention on and off, batches of 1 and of 512) by a mean KL divergence of 3e-3 and in 4 % of the top
tokens. The widened models show the arithmetic itself: there the same settings differ by 4e-6 and in
no top token.

Writes <model>[-f16]-<text>.bin, all little endian:

    char[4] "DSLG", u32 version 1, u32 num_tokens, u32 num_positions, u32 top
    i32 tokens[num_tokens]
    i32 ids[num_positions][top]            most likely first
    f32 log_probabilities[num_positions][top]
    f32 log_rest[num_positions]            log of 1 - the sum of the above
"""

import pathlib
import sys
import tempfile

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent / "bench" / "peers"))

from llama_peer import Peer, log_softmax, model_path, widen  # noqa: E402: needs the path above

MODELS = {"smollm2-135m": 384, "qwen2.5-coder-1.5b": 384, "gemma3-270m": 1024}  # tokens read
BEFORE = pathlib.Path("/usr/share/common-licenses/GPL-3")  # of Debian
TEXTS = ["prose", "code"]
MOST_TOKENS = 384  # of a text
NUM_POSITIONS = 256
TOP = 32
VERSION = 1


def predictions(peer, ids):
    """Log probabilities f64 [NUM_POSITIONS, vocab_size] of what follows the last tokens."""
    peer.truncate(0)
    return log_softmax(peer.feed(ids, all_logits=True)[-NUM_POSITIONS:])


def compress(log_p, top):
    """ids i32 and log probabilities f32 [positions, top], and the log of the rest."""
    order = np.argsort(-log_p, axis=-1, kind="stable")
    kept, others = order[:, :top], order[:, top:]
    log_rest = np.log(np.exp(np.take_along_axis(log_p, others, -1)).sum(-1))
    return (kept.astype("<i4"), np.take_along_axis(log_p, kept, -1).astype("<f4"),
            log_rest.astype("<f4"))


def write_file(path, ids, log_p, top):
    """Writes the predictions log_p f64 [positions, vocab_size] of the last of `ids`; returns the
    mean mass of the tokens kept."""
    kept, log_kept, log_rest = compress(log_p, top)
    header = np.array([VERSION, len(ids), len(log_p), top], "<u4")
    path.write_bytes(b"DSLG" + header.tobytes() + np.array(ids, "<i4").tobytes() + kept.tobytes() +
                     log_kept.tobytes() + log_rest.tobytes())
    return 1 - np.exp(log_rest).mean()


def read_text(peer, text, num_tokens):
    ids = peer.tokenize((FOLDER / "logits" / f"{text}.txt").read_text())[:MOST_TOKENS]
    if len(ids) < num_tokens:
        ids = peer.tokenize(BEFORE.read_text(), add_special=True)[:num_tokens - len(ids)] + ids
    if len(ids) != num_tokens:
        raise SystemExit(f"{text}.txt: {len(ids)} tokens, wanted {num_tokens}")
    return ids


def write_files(model, name, num_tokens, out):
    """The files of all texts for a model, a path or known name, under the name `name`."""
    peer = Peer(model, max(512, num_tokens))
    for text in TEXTS:
        ids = read_text(peer, text, num_tokens)
        mass = write_file(out / f"{name}-{text}.bin", ids, predictions(peer, ids), TOP)
        print(f"{name} {text}: mean mass of the {TOP} kept {mass:.4f}")
    peer.close()


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "logits"
    for model, num_tokens in MODELS.items():
        write_files(model, model, num_tokens, out)
        with tempfile.TemporaryDirectory(dir=pathlib.Path(model_path(model)).parent) as folder:
            wide = f"{folder}/wide.gguf"
            widen(model, wide)
            write_files(wide, f"{model}-f16", num_tokens, out)


if __name__ == "__main__":
    main()
