"""The random numbers of a test do not depend on the tests before it."""

import numpy as np
import pytest

from tests.cli.commands import noise
from tests.conftest import begin_numbers
from tests.looping import loop_over

RNG = np.random.default_rng(3)
#: A generator that this module reads through a function alone.
OTHER = noise.__globals__["RNG"].bit_generator
#: What the tests drew first.
SEEN = set()
#: What the cases of a loop drew first.
FIRST = []


@pytest.mark.parametrize("generator", [RNG.bit_generator, OTHER], ids=["of the module", "of another one"])
@pytest.mark.parametrize("before", [0, 1000])
def test_numbers_do_not_depend_on_the_tests_before(request, generator, before):
    first = generator.random_raw(5)
    generator.random_raw(before)
    begin_numbers(request.node)
    np.testing.assert_array_equal(generator.random_raw(5), first)


@pytest.mark.parametrize("case", range(4))
def test_tests_have_numbers_of_their_own(case):
    number = RNG.random()
    assert number not in SEEN
    SEEN.add(number)


@loop_over("case", range(4))
def test_cases_of_a_loop_have_the_same_numbers(case):
    FIRST.append((RNG.random(), noise(3).tolist()))
    assert FIRST[0] == FIRST[case]
