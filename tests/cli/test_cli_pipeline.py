"""Threads that take items, work and consume results in order. Whatever fails, all of them end."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from imfilter._cli import pipeline, quiet


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "imfilter-band"]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_results_are_consumed_in_order(workers: int) -> None:
    found: list[int] = []

    def slow(item: int) -> int:
        time.sleep((item * 7 % 5) / 1000)
        return item * item

    pipeline.run(iter(range(60)), slow, found.append, workers)
    assert found == [n * n for n in range(60)]
    assert threads() == []


@pytest.mark.parametrize(("workers", "others"), [(1, 2), (3, 2), (3, 0)])
def test_few_items_exist_at_a_time(workers: int, others: int) -> None:
    lock, alive, most = threading.Lock(), 0, 0

    def items() -> Iterator[int]:
        nonlocal alive, most
        for number in range(50):
            with lock:
                alive += 1
                most = max(most, alive)
            yield number

    def consume(item: int) -> None:
        nonlocal alive
        time.sleep(0.001)  # the slowest step
        with lock:
            alive -= 1

    pipeline.run(items(), lambda item: item, consume, workers, others)
    assert most <= workers + others


def test_no_item_is_held_after_its_work() -> None:
    """An item is a band of a large picture."""

    class Item:
        pass

    known: list[weakref.ref[Item]] = []

    def items() -> Iterator[Item]:
        for _ in range(5):
            made = [Item()]
            known.append(weakref.ref(made[0]))
            yield made.pop()

    def consume(number: int) -> None:
        assert known[number]() is None

    numbers = iter(range(5))

    def work(item: Item) -> int:
        return next(numbers)

    pipeline.run(quiet.items(items()), work, consume, 1, 0)
    assert next(numbers, None) is None


@pytest.mark.parametrize("place", ["items", "work", "consume"])
def test_an_error_ends_all_threads(place: str) -> None:
    def failing(step: str, item: int) -> int:
        if step == place and item == 20:
            raise ValueError(f"in {step}")
        return item

    consumed: list[int] = []
    with pytest.raises(ValueError, match=f"in {place}"):
        pipeline.run(
            (failing("items", n) for n in range(1000)),
            lambda item: failing("work", item),
            lambda item: consumed.append(failing("consume", item)),
            3,
        )
    assert threads() == []
    assert consumed == list(range(len(consumed)))
    assert len(consumed) <= 20


def test_no_items() -> None:
    pipeline.run(iter(()), lambda item: item, lambda item: None, 2)
    assert threads() == []


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_results_come_in_order_and_few_at_a_time(workers: int) -> None:
    taken = given = most = 0

    def items() -> Iterator[int]:
        nonlocal taken, most
        for taken in range(1, 51):
            most = max(most, taken - given)
            yield taken

    for given, found in enumerate(pipeline.results(items(), lambda item: item * item, workers), 1):
        assert found == given * given
    assert given == 50
    assert most <= workers + 2


def test_an_error_ends_the_results() -> None:
    def work(item: int) -> int:
        if item == 5:
            raise ValueError("at 5")
        return item

    results = pipeline.results(range(1000), work, 2)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="at 5"):
        next(results)
    assert list(results) == []
