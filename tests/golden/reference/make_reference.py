"""Writes the golden files of this folder from the executable specification. Needs NumPy.

    python3 make_reference.py
"""

import json
import pathlib

import numpy as np

import dynsplit_reference as spec

FOLDER = pathlib.Path(__file__).resolve().parent
PRIOR = [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0]


def write(name, cases):
    with open(FOLDER / name, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def short(values, digits=4):
    """Floats of few digits that float32 and JSON both hold well."""
    return np.round(np.asarray(values, float), digits).tolist()


def segments(rng):
    """Weights to blocks. Coarse weights make ties; lambda is a float32 as in SplitOptions."""
    for n in (0, 1, 5, 11, 12, 13, 20, 21, 40, 64, 130):
        for C, delta, lam in ((12, 8, 0.7), (16, 0, 0.7), (6, 5, 0.25), (1, 0, 1.0), (9, 3, 0.0)):
            for levels in (2, 10000):
                weight = (rng.integers(0, levels, n) / levels).astype(np.float32).astype(float)
                lam32 = float(np.float32(lam))
                yield {
                    "weights": weight.tolist(), "ideal": C, "range": delta, "penalty": lam32,
                    "greedy": [e for _, e in spec.segment_greedy(weight, C, delta, lam32)],
                    "optimal": [e for _, e in spec.segment_optimal(weight, C, delta, lam32)],
                }


def boundaries(rng):
    """Attention mass near each query to s_i, and s_i to the classes' importance."""
    H, G, n, d, W, R = 4, 2, 60, 8, 5, 9
    q, k = rng.standard_normal((H, n, d)) * 1.5, rng.standard_normal((G, n, d))
    lse = spec.row_lse(q, k, range(n))
    rows = [spec.local_mass(q[:, p], k, lse[:, p], p, W + R) for p in range(n)]
    classes = rng.choice([0, 0, 1, 3, 5, 6], n).tolist()
    for reading in ("forward", "retained"):
        for alpha in (1.0, 0.5):
            s = [spec.importance(q, k, lse, i, W, R, alpha, reading) for i in range(n)]
            yield {
                "window": W, "retained": R, "sink": spec.SINK, "heads": H, "reading": reading,
                "alpha": alpha, "rows": short(np.array(rows) * H, 7), "scores": short(s, 7),
                "classes": classes, "prior": PRIOR, "kappa": 8.0,
                "importance": spec.class_importance(s[:n - W], classes[:n - W], PRIOR, 8.0),
            }


def selections(rng):
    """Keys to summaries, summaries to chosen blocks, chosen blocks to tiles."""
    H, G, n, d = 4, 2, 90, 16
    k = np.round(rng.standard_normal((G, n, d)) * 16) / 16  # exact in float16
    q = short(rng.standard_normal((H, d)) * 2)
    for vectors, C, delta in ((1, 8, 3), (3, 12, 8), (8, 4, 3)):
        blocks = spec.segment_optimal(rng.random(n), C, delta, 0.7)
        exact = spec.summaries(k, blocks, vectors)
        stored = exact.astype(np.float16).astype(float)
        chosen = [spec.choose(np.array(q), stored, blocks, budget) for budget in range(0, n + 9, 7)]
        yield {
            "keys": k.tolist(), "queries": q, "vectors": vectors, "blocks": blocks,
            "summaries": short(exact), "budgets": list(range(0, n + 9, 7)), "chosen": chosen,
            "tiles": [[spec.tiles(c, blocks, 16) for c in heads] for heads in chosen],
        }


def main():
    spec.check_invariants()
    rng = np.random.default_rng(7)
    write("segments.json", segments(rng))
    write("boundaries.json", boundaries(rng))
    write("selections.json", selections(rng))


if __name__ == "__main__":
    main()
