"""Functions of users in new processes: equal names, samples in containers, and calls of Python."""

import subprocess
import sys

import pytest

from tests.cli.commands import subprocess_env

#: Functions that have all but a number in common: their names, those of what they call, and their types.
ALIKE = """
import sys
import numba
import numpy as np
import imfilter

SOURCE = '''
@numba.njit
def helper(values, limit):
    values.reverse()
    if values[0] > limit:
        raise ValueError("high NUMBER", values[0])
    return values[0] * NUMBER

def function(w, limit):
    return helper([x for x in w], limit) + NUMBER
'''

def made(number):
    names = {"__name__": "__main__", "numba": numba}
    exec(SOURCE.replace("NUMBER", str(number)), names)
    return names["function"]

for number in map(int, sys.argv[1:]):
    print(number, end=" ")
    print(imfilter.generic(np.ones((3, 3)), made(number), 3, args=(2.0,))[0, 0], end=" ")
    try:
        imfilter.generic(np.ones((3, 3)), made(number), 3, args=(0.5,))
    except ValueError as error:
        print(error)
"""


def run(script, *words, **variables):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        env=subprocess_env() | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_functions_of_one_name_from_several_processes_keep_their_results(tmp_path):
    lines = {k: f"{k} {2.0 * k} ('high {k}', 1.0)\n" for k in (1, 2, 3)}
    for numbers in ((1,), (2,), (1, 2), (3, 2, 1)):
        expected = "".join(lines[k] for k in numbers)
        assert run(ALIKE, *numbers, IMFILTER_CACHE_DIR=str(tmp_path)) == expected, numbers


#: The same where Numba compiles the helper first. It is too large to be put into its callers.
EARLIER = """
import sys
import numba
import numpy as np

SOURCE = '''
@numba.njit
def helper(x, limit):
    if x > limit:
        raise ValueError("high NUMBER", x)
    s = 0.0
    for i in range(int(x) + 3):
        s += np.sin(x * i) if s < 3 else np.log(x + i)
        for j in range(i):
            s += np.cos(s * j)
    for i in range(int(x) + 5):
        s += np.exp(-x * i) if s < 3 else np.log(x + i)
        for j in range(i):
            s += np.tan(s * j)
    return s * 0 + x * NUMBER

def function(w, limit):
    s = 0.0
    if w[0] > -5:
        s = helper(w[0], limit)
        for i in range(1, len(w)):
            s = max(s, helper(w[i], limit))
    return s + helper(w[1], limit + 1) - helper(w[2], limit + 2)
'''

def made(number):
    names = {"__name__": "__main__", "numba": numba, "np": np}
    exec(SOURCE.replace("NUMBER", str(number)), names)
    names["helper"](1.0, 2.0)
    return names["function"]

functions = {number: made(number) for number in sys.argv[1:]}
import imfilter

for number, function in functions.items():
    print(number, imfilter.generic(np.ones((3, 3)), function, 3, args=(2.0,))[0, 0])
"""


@pytest.mark.slow
def test_helpers_that_were_compiled_earlier_keep_their_results(tmp_path):
    for numbers in ((1,), (2,), (1, 2), (3, 2, 1)):
        expected = "".join(f"{k} {float(k)}\n" for k in numbers)
        assert run(EARLIER, *numbers, IMFILTER_CACHE_DIR=str(tmp_path)) == expected, numbers


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


OBJMODE = """
import numba
import numpy as np
import imfilter

@numba.njit
def helper(x):
    with numba.objmode(y="float64"):
        y = float(str(x))
    return y

def with_window(w):
    with numba.objmode(y="float64"):
        y = sorted(w.tolist())[1]
    return y

def with_helper(w):
    return helper(w[0])

def with_print(w):
    print("called")
    return w[0]

image = np.random.default_rng(1).random((3, 19))
second = imfilter.generic(image, lambda w: np.sort(w)[1], 3)
np.testing.assert_array_equal(imfilter.generic(image, with_window, 3), second)
first = imfilter.generic(image, lambda w: w[0], 3)
np.testing.assert_array_equal(imfilter.generic(image, with_helper, 3), first)
np.testing.assert_array_equal(imfilter.generic(image, with_print, 3), first)
"""


@pytest.mark.slow
def test_functions_can_call_python_for_each_window():
    assert run(OBJMODE) == "called\n" * 57
