"""Functions of users in new processes: equal names, samples in containers, and calls of Python."""

import subprocess
import sys

import pytest

from tests.cli.commands import subprocess_env

def run(script, *words, **variables):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        env=subprocess_env() | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


#: Vectors in lists and dictionaries, at all places that memory has for them.
HELD = """
import numpy as np
import imfilter

def in_list(w):
    total = 0.0
    for x in [x for x in w]:
        total += x
    return total

def in_tuples(w):
    pairs = [(w[0], 1, (w[1], True))]
    pairs.append((w[2], 2, (w[3], False)))
    return pairs[1][0] * pairs[0][1] + pairs[0][2][0] - pairs[1][2][0]

def in_lists(w):
    nested = [[x, x + 1] for x in w]
    nested.append([w[0]])
    nested.pop(1)
    return nested[-1][0] + nested[2][1]

def in_dictionary(w):
    found = {}
    for i in range(len(w)):
        found[i] = w[i]
    total = found[3]
    for i in found:
        total += found[i] * i
    return total

image = np.random.default_rng(1).random((11, 31))
held = []
for function in (in_list, in_tuples, in_lists, in_dictionary):
    expected = imfilter.generic(image, function, 3, compile=False)
    for n in range(1, 20):
        np.testing.assert_array_equal(imfilter.generic(image, function, 3), expected)
        held.append(np.empty(5 * n))
print("done")
"""


@pytest.mark.slow
def test_functions_can_put_samples_in_lists_and_dictionaries():
    """In a new process, since vectors at a wrong place end it."""
    assert run(HELD) == "done\n"
