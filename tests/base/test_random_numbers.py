"""The random numbers of a test do not depend on the tests before it."""

import numpy as np
import pytest

from tests.cli import commands
from tests.conftest import pytest_runtest_setup

RNG = np.random.default_rng(3)
#: What the tests drew first.
SEEN = set()


@pytest.mark.parametrize("generator", [RNG, commands.RNG], ids=["of the module", "of another one"])
@pytest.mark.parametrize("before", [0, 1000])
def test_numbers_do_not_depend_on_the_tests_before(request, generator, before):
    first = generator.random(5)
    generator.random(before)
    pytest_runtest_setup(request.node)
    np.testing.assert_array_equal(generator.random(5), first)


@pytest.mark.parametrize("case", range(4))
def test_cases_have_numbers_of_their_own(case):
    number = RNG.random()
    assert number not in SEEN
    SEEN.add(number)
