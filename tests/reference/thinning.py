"""Thinning by the rules of both papers, sample by sample, and what scikit-image changes."""

import itertools

import numpy as np

#: The neighbours of a sample, clockwise from above, and their places.
NAMES = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
PLACES = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
#: For both subiterations: patterns that scikit-image removes and the paper keeps, and the other way round.
MORE = (
    ("n e", "nw n e", "e s", "n w", "n ne w", "n sw w", "n ne sw w", "s w", "nw s w"),
    ("n e", "n e se", "e s", "e s sw", "ne e s sw", "n w", "s w", "se s w"),
)
LESS = (
    ("e se", "se s", "e se s", "s sw", "nw w", "sw w", "s sw w"),
    ("nw n", "n ne", "ne e", "n ne e", "se s", "nw w", "nw n w"),
)


def zhang(p, second):
    """Whether scikit-image removes a sample: the rule of Zhang and Suen, with its exceptions."""
    found = {name for name in NAMES if p[name]}
    if any(found == set(pattern.split()) for pattern in MORE[second]):
        return True
    if any(found == set(pattern.split()) for pattern in LESS[second]):
        return False
    ring = [p[name] for name in (*NAMES, "n")]
    starts = sum(not a and b for a, b in itertools.pairwise(ring))
    n, e, s, w = p["n"], p["e"], p["s"], p["w"]
    free = not (n and e and w) and not (n and s and w)
    if not second:
        free = not (n and e and s) and not (e and s and w)
    return starts == 1 and 2 <= len(found) <= 6 and free


def guo(p, second):
    """Whether the rule of Guo and Hall removes a sample."""
    n, ne, e, se, s, sw, w, nw = (p[name] for name in NAMES)
    parts = (not n and (ne or e)) + (not e and (se or s)) + (not s and (sw or w)) + (not w and (nw or n))
    pairs = (nw or n) + (ne or e) + (se or s) + (sw or w), (n or ne) + (e or se) + (s or sw) + (w or nw)
    kept = (s or sw or not nw) and w if second else (n or ne or not se) and e
    return parts == 1 and 2 <= min(pairs) <= 3 and not kept


def _around(samples, y, x):
    return {k: bool(samples[y + a, x + b]) for k, (a, b) in zip(NAMES, PLACES, strict=True)}


def thinned(image, rule, iterations=None):
    """The samples that remain after some iterations of two subiterations each."""
    samples = np.pad(np.asarray(image) != 0, 1)
    count = 0
    while iterations is None or count < iterations:
        before = samples.copy()
        for second in (0, 1):
            gone = [(y, x) for y, x in np.argwhere(samples) if rule(_around(samples, y, x), second)]
            for place in gone:
                samples[place] = False
        count += 1
        if (before == samples).all():
            break
    return samples[1:-1, 1:-1]
