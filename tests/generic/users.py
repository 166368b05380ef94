"""A file of a user with functions of windows, as text: tests change it."""

SOURCE = """
import math
import numpy as np
import numba

LIMIT = 2.0
TABLE = np.array([1.0, 2.0, 3.0])
PAIR = (1, (2.5, "a"))
LIST = [1.0]

@numba.njit
def deepest(v):
    return v * 3.0 + LIMIT

@numba.njit
def helper(v):
    return deepest(v) + 1.0

def make(k):
    def closed(w):
        return w[0] * k
    return closed

def with_global(w):
    return w[0] * LIMIT

def with_table(w):
    return w[0] + TABLE[1]

def with_pair(w):
    return w[0] + PAIR[0]

def with_call(w):
    return helper(w[0])

def with_default(w, factor=2.0):
    return w[0] * factor

def with_numpy(w):
    return np.sort(w)[0] * np.pi + math.sqrt(2.0)

def with_inner(w):
    total = 0.0
    for v in [x * LIMIT for x in w]:
        total += v
    return total

def with_set(w):
    return 1.0 if w[0] in (1.0, 2.0, 3.0) else abs(w[1])

def raising(w):
    if w[0] < 0:
        raise ValueError("negative")
    return w[0]

def with_list(w):
    return LIST[0]

closed = make(2.0)
whole = make(2)
"""


def module(source=SOURCE, path="here.py"):
    names = {"__name__": "of_a_user"}
    exec(compile(source, path, "exec"), names)
    return names
