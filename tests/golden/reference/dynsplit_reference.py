"""Executable specification of the method (docs/method.md), in NumPy, for clarity and not for speed.

Shapes: q [H, m, d] query rows, k and v [G, n, d] after RoPE, H query heads over G KV heads (h
belongs to g = h // (H // G)). Query row j has absolute position pos[j] and sees keys 0..pos[j].
Blocks are (start, end) pairs, end exclusive.
Run it to check its own invariants:  python3 dynsplit_reference.py
"""

import numpy as np

SINK, RECENT = 4, 64
PAGE = 64
MAX_PASSED_OVER = 8
NUM_CLASSES = 10
MIN_BASELINE = 16


def row_lse(q, k, pos):
    """Log-sum-exp of each causal row, [H, m]: what a flash attention kernel already has."""
    s = np.einsum("hmd,hnd->hmn", q, np.repeat(k, len(q) // len(k), 0)) / np.sqrt(q.shape[-1])
    s = np.where(np.arange(k.shape[1])[None, None] <= np.asarray(pos)[None, :, None], s, -np.inf)
    top = s.max(-1, keepdims=True)
    return (top + np.log(np.exp(s - top).sum(-1, keepdims=True)))[..., 0]


def window_mass(q_row, k, lse, lo, hi):
    """Attention mass of one query row [H, d] on keys lo..hi-1, mean over heads."""
    if hi <= lo:
        return 0.0
    keys = np.repeat(k[:, lo:hi], len(q_row) // len(k), 0)
    s = np.einsum("hd,hnd->hn", q_row, keys) / np.sqrt(q_row.shape[-1])
    return float(np.exp(s - lse[:, None]).sum(-1).mean())


def local_mass(q_row, k, lse, p, window, sink=SINK):
    """What kernels/local_mass.h writes for the query at p, mean over heads: [1 + window]."""
    row = [window_mass(q_row, k, lse, 0, min(sink, p + 1))]
    for distance in range(window):
        seen = p - distance >= sink
        row.append(window_mass(q_row, k, lse, p - distance, p - distance + 1) if seen else 0.0)
    return row


def importance(q, k, lse, i, W=16, R=64, alpha=1.0, reading="forward"):
    """DD-Select's s_i for a cut after token i; q [H, n, d] holds every position's query."""
    out = []
    for p in range(i + 1, min(i + 1 + W, q.shape[1])):
        sink = window_mass(q[:, p], k, lse[:, p], 0, min(SINK, p + 1))
        after = window_mass(q[:, p], k, lse[:, p], max(i + 1, SINK), p + 1)
        if reading == "forward":
            kept, gone = after, 1.0 - sink - after
        else:
            kept = window_mass(q[:, p], k, lse[:, p], max(i + 1 - R, SINK), i + 1)
            gone = 1.0 - sink - after - kept
        out.append(kept - alpha * gone)
    return float(np.mean(out)) if out else 0.0


def class_importance(scores, classes, prior, kappa):
    """w_c: mean score of a class less that of no delimiter (class 0), over the latter's spread."""
    scores, classes = np.asarray(scores), np.asarray(classes)
    base = scores[classes == 0] if (classes == 0).sum() >= MIN_BASELINE else scores
    weights = [0.0]
    for c in range(1, NUM_CLASSES):
        own = scores[classes == c]
        mean = (own.mean() - base.mean()) / base.std(ddof=1) if len(own) else 0.0
        weights.append(float((len(own) * mean + kappa * prior[c]) / (len(own) + kappa)))
    return weights


def segment_greedy(weight, C, delta, lam):
    """The paper's rule. weight[t]: importance of a cut after token t, [n]."""
    n, start, blocks = len(weight), 0, []
    while start < n:
        ideal = start + C
        if ideal + delta >= n:
            blocks += [(a, min(a + C, n)) for a in range(start, n, C)]
            break
        ends = range(max(start + 1, ideal - delta), ideal + delta + 1)
        worth = lambda e: weight[e - 1] - lam * abs(e - ideal) / max(delta, 1)
        end = max(ends, key=lambda e: (worth(e), -abs(e - ideal)))
        blocks.append((start, end))
        start = end
    return blocks


def segment_optimal(weight, C, delta, lam):
    """The same score, best over all segmentations: O(n delta)."""
    n = len(weight)
    best, back = np.full(n + 1, -np.inf), np.zeros(n + 1, int)
    best[0] = 0
    for e in range(1, n + 1):
        for length in range(1, min(C + delta, e) + 1):
            if length < C - delta and e != n and e != length:
                continue
            a = e - length
            worth = weight[e - 1] if e < n else 0
            v = best[a] + worth - lam * abs(length - C) / max(delta, 1)
            if v > best[e]:
                best[e], back[e] = v, a
    blocks, e = [], n
    while e > 0:
        blocks.append((int(back[e]), e))
        e = int(back[e])
    return blocks[::-1]


def summaries(k, blocks, r):
    """V2F, index half: r sub-means of each block's keys, [G, num_blocks, r, d]."""
    out = np.empty((len(k), len(blocks), r, k.shape[-1]))
    for b, (s, e) in enumerate(blocks):
        for j in range(r):
            a = s + j * (e - s) // r
            z = max(s + (j + 1) * (e - s) // r, a + 1)
            a, z = min(a, e - 1), min(max(z, a + 1), e)
            out[:, b, j] = k[:, a:z].mean(1)
    return out


def fill(order, lens, budget):
    """Takes blocks in this order while they fit, and passes over a few that do not."""
    taken, left, passed_over = [], budget, 0
    for b in order:
        if lens[b] <= left:
            taken.append(int(b))
            left -= lens[b]
        elif passed_over == MAX_PASSED_OVER:
            break
        else:
            passed_over += 1
        if left == 0:
            break
    return sorted(taken)


def choose(q_row, summ, blocks, budget):
    """Blocks for one query row [H, d], per KV head: best first by pooled softmax."""
    groups, lens = len(q_row) // len(summ), [e - s for s, e in blocks]
    chosen = []
    for g in range(len(summ)):
        rows = q_row[g * groups:(g + 1) * groups]
        s = np.einsum("hd,brd->hbr", rows, summ[g]).max(-1) / np.sqrt(q_row.shape[-1])
        p = np.exp(s - s.max(-1, keepdims=True))
        order = np.argsort(-(p / p.sum(-1, keepdims=True)).mean(0), kind="stable")
        chosen.append(fill(order, lens, budget))
    return chosen


def tiles(chosen, blocks, T):
    """V2F, work half: chosen blocks as (first row, rows) tiles of at most T rows of one page."""
    out, ranges = [], []
    for b in chosen:
        if ranges and ranges[-1][1] == blocks[b][0]:
            ranges[-1] = (ranges[-1][0], blocks[b][1])
        else:
            ranges.append(blocks[b])
    for a, end in ranges:
        while a < end:
            z = min(a + T, end, (a // PAGE + 1) * PAGE)
            out.append((a, z - a))
            a = z
    return out


def attend(q_row, k, v, chosen, blocks, pos, T=16):
    """Exact softmax attention of one row [H, d] over chosen tiles, sink and recent: [H, d]."""
    groups, out = len(q_row) // len(k), np.empty((len(q_row), v.shape[-1]))
    for g in range(len(k)):
        rows = set(range(min(SINK, pos + 1))) | set(range(max(0, pos + 1 - RECENT), pos + 1))
        for a, used in tiles(chosen[g], blocks, T):
            rows |= set(range(a, a + used))
        rows = sorted(x for x in rows if x <= pos)
        heads = slice(g * groups, (g + 1) * groups)
        s = q_row[heads] @ k[g, rows].T / np.sqrt(q_row.shape[-1])
        p = np.exp(s - s.max(-1, keepdims=True))
        out[heads] = p / p.sum(-1, keepdims=True) @ v[g, rows]
    return out


def check_invariants():
    rng = np.random.default_rng(0)
    H, G, n, d = 6, 2, 300, 16
    q, k, v = (rng.standard_normal((x, n, d)) for x in (H, G, G))
    lse = row_lse(q, k, range(n))
    full = window_mass(q[:, n - 1], k, lse[:, n - 1], 0, n)
    assert abs(full - 1) < 1e-9, "the mass of a whole row is 1"
    w = rng.random(n)
    for blocks in (segment_greedy(w, 12, 8, 0.7), segment_optimal(w, 12, 8, 0.7)):
        joined = all(a[1] == b[0] for a, b in zip(blocks, blocks[1:]))
        assert joined and blocks[0][0] == 0 and blocks[-1][1] == n, "blocks partition the tokens"
        summ = summaries(k, blocks, 3)
        everything = choose(q[:, n - 1], summ, blocks, n)
        s = np.einsum("hd,hnd->hn", q[:, n - 1], np.repeat(k, H // G, 0)) / np.sqrt(d)
        p = np.exp(s - lse[:, n - 1:n])
        want = np.einsum("hn,hnd->hd", p, np.repeat(v, H // G, 0))
        got = attend(q[:, n - 1], k, v, everything, blocks, n - 1)
        assert np.allclose(got, want), "a full budget is full attention"
        few = choose(q[:, n - 1], summ, blocks, 48)
        sizes = [sum(blocks[b][1] - blocks[b][0] for b in c) for c in few]
        assert all(size <= 48 for size in sizes), "the budget holds"
    print("ok")


if __name__ == "__main__":
    check_invariants()
