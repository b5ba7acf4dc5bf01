"""Logits of dynsplit's full attention beside libllama's: KL divergence over the whole vocabulary.

    python compare_logits.py [-m MODEL]... [--text FILE]... [--program build/release/bench/dump_logits]

with the interpreter of setup_peer.sh, after `scripts/build.sh release`. Each model is compared as
it is and with its matrices widened to f16 (tests/golden/make_logits.py says why), over the last
256 of a text's first 384 tokens. libllama runs with flash attention on and off, so that beside the
divergence between the two engines stands the one between libllama and itself.
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np

from llama_peer import Peer, build, log_softmax, model_path, widen

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NUM_TOKENS = 384
NUM_POSITIONS = 256


def libllama(model, text, kv_type, flash_attention):
    """ids, and log probabilities f64 [NUM_POSITIONS, vocab_size]."""
    peer = Peer(model, 512, kv_type=kv_type, flash_attention=flash_attention)
    ids = peer.tokenize(text)[:NUM_TOKENS]
    rows = log_softmax(peer.feed(ids, all_logits=True)[-NUM_POSITIONS:])
    peer.close()
    return ids, rows


def dynsplit(model, ids, program):
    """Log probabilities f64 [NUM_POSITIONS, vocab_size]."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = f"{folder}/ids", f"{folder}/logits"
        pathlib.Path(given).write_text(" ".join(map(str, ids)))
        subprocess.run([program, model_path(model), given, made], check=True)
        return log_softmax(np.fromfile(made, "f4").reshape(len(ids), -1)[-NUM_POSITIONS:])


def report(label, log_p, log_q):
    divergence = (np.exp(log_p) * (log_p - log_q)).sum(-1)
    same_top = (log_p.argmax(-1) == log_q.argmax(-1)).mean()
    print(f"  {label:44} mean {divergence.mean():.2e}  max {divergence.max():.2e}  "
          f"same top token {100 * same_top:.1f} %", flush=True)


def compare(model, name, texts, program):
    for path in texts:
        print(f"{name}, {path.name}")
        ids, flash = libllama(model, path.read_text(), "f16", True)
        _, plain = libllama(model, path.read_text(), "f32", False)
        ours = dynsplit(model, ids, program)
        report("libllama, flash attention, and dynsplit", flash, ours)
        report("libllama, f32 KV, and dynsplit", plain, ours)
        report("libllama, f32 KV, and with flash attention", plain, flash)


def main():
    texts = [ROOT / "tests" / "golden" / "logits" / f"{name}.txt" for name in ("prose", "code")]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", action="append", help="known names or .gguf paths")
    parser.add_argument("--text", action="append", type=pathlib.Path, help="384 tokens or more")
    parser.add_argument("--program", default=ROOT / "build" / "release" / "bench" / "dump_logits")
    arguments = parser.parse_args()
    print(build())
    for model in arguments.model or ["smollm2-135m", "qwen2.5-coder-1.5b"]:
        compare(model, model, arguments.text or texts, arguments.program)
        with tempfile.TemporaryDirectory(dir=pathlib.Path(model_path(model)).parent) as folder:
            widen(model, f"{folder}/wide.gguf")
            compare(f"{folder}/wide.gguf", f"{model}, widened", arguments.text or texts,
                    arguments.program)


if __name__ == "__main__":
    main()
