"""Perplexity by position with a stretched context, of dynsplit's full attention and of libllama.

    python compare_perplexity.py [-m MODEL] [--scaling yarn,linear] [--factor F] [--tokens N]
                                 [--text FILE]... [--wide] [--program build/release/bench/dump_losses]

with the interpreter of setup_peer.sh, after `scripts/build.sh release`. Both read the same tokens of
the texts (default: this project's documents, one after the other), the context stretched by the
factor, and say how surprised they are by each. A line for each doubling of the position: the
perplexity of the tokens up to there, and by how much ours differs. With --wide the matrices are
widened to f16 first, which neither engine rounds its activations for (tests/golden/make_logits.py
says what that rounding does).
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np

from llama_peer import BATCH_TOKENS, Peer, build, log_softmax, model_path, widen

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST_POINT = 512


def libllama(peer, ids):
    """-log p of each token but the first, in nats: f64 [len(ids) - 1]."""
    losses = []
    for start in range(0, len(ids), BATCH_TOKENS):
        part = ids[start:start + BATCH_TOKENS]
        following = ids[start + 1:start + 1 + len(part)]
        log_p = log_softmax(peer.feed(part, all_logits=True)[:len(following)])
        losses.append(-log_p[np.arange(len(following)), following])
    return np.concatenate(losses)


def dynsplit(program, model, ids, context, scaling, factor):
    """The same, f32."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = f"{folder}/ids", f"{folder}/losses"
        pathlib.Path(given).write_text(" ".join(map(str, ids)))
        subprocess.run([program, model_path(model), given, made, str(context), scaling, str(factor)],
                       check=True)
        return np.fromfile(made, "f4").astype(np.float64)


def compare(arguments, model, texts, scaling):
    context = arguments.tokens + 256
    peer = Peer(model, context, rope_scaling=scaling, rope_factor=arguments.factor,
                threads=arguments.threads)
    ids = peer.tokenize(texts)[:arguments.tokens]
    theirs = libllama(peer, ids)
    peer.close()
    ours = dynsplit(arguments.program, model, ids, context, scaling, arguments.factor)
    widened = ", widened" if arguments.wide else ""
    print(f"{arguments.model}{widened}, {scaling}, factor {arguments.factor:g}")
    point = FIRST_POINT
    while point // 2 < len(ids) - 1:
        end = min(point, len(ids) - 1)
        a, b = np.exp(theirs[:end].mean()), np.exp(ours[:end].mean())
        print(f"  up to {end:6}: libllama {a:9.4f}  dynsplit {b:9.4f}  {100 * (b / a - 1):+.3f} %",
              flush=True)
        point *= 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-m", "--model", default="smollm2-135m")
    parser.add_argument("--scaling", default="yarn,linear")
    parser.add_argument("--factor", type=float, default=4.0)
    parser.add_argument("--tokens", type=int, default=32768)
    parser.add_argument("--text", action="append", type=pathlib.Path)
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "bench" / "dump_losses")
    arguments = parser.parse_args()
    paths = arguments.text or sorted((ROOT / "docs").glob("*.md"))
    texts = "\n\n".join(path.read_text() for path in paths)
    print(build())
    with tempfile.TemporaryDirectory(dir=pathlib.Path(model_path(arguments.model)).parent) as folder:
        model = arguments.model
        if arguments.wide:
            model = f"{folder}/wide.gguf"
            widen(arguments.model, model)
        for scaling in arguments.scaling.split(","):
            compare(arguments, model, texts, scaling)


if __name__ == "__main__":
    main()
