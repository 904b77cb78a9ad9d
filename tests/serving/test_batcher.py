"""Batches: sizes, order, padding, the queue and failures."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lrcn_seq.serving.batcher import Batcher, QueueFullError, Work, batch_sizes, compute_batch


class Squares:
    """Work that squares numbers, and remembers the batches that it has received."""

    def __init__(self, limit=4, key="squares"):
        self.batches, self.gate = [], threading.Event()
        self.gate.set()
        self.work = Work(key, self.call, limit)

    def call(self, numbers):
        self.gate.wait(10)
        self.batches.append(list(numbers))
        if any(number < 0 for number in numbers):
            raise ValueError("negative")
        return [number**2 for number in numbers]


def run(scenario, *, wait=0.02, places=100):
    """Run a coroutine function with a batcher, and return its result."""

    async def main():
        seen = []
        with ThreadPoolExecutor(1) as worker:
            batcher = Batcher(
                worker, wait=wait, places=places, observe=lambda size, _: seen.append(size)
            )
            running = asyncio.create_task(batcher.run())
            try:
                return await scenario(batcher, seen)
            finally:
                running.cancel()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (16, [1, 2, 4, 8, 16])]
)
def test_sizes_are_powers_of_two_and_the_limit(limit, sizes):
    """Batches have few sizes, the largest of which is the limit."""
    assert batch_sizes(limit) == sizes


def test_a_batch_is_padded_with_its_last_input():
    """Three inputs are computed as a batch of four, and three results are returned."""
    squares = Squares(limit=8)
    assert compute_batch(squares.work, [1, 2, 3]) == [1, 4, 9]
    assert squares.batches == [[1, 2, 3, 3]]


def test_a_failing_input_does_not_fail_the_others():
    """The inputs of a failed batch are computed one by one."""
    squares = Squares()
    one, error, three = compute_batch(squares.work, [1, -2, 3])
    assert (one, three, str(error)) == (1, 9, "negative")


def test_inputs_that_wait_together_form_batches():
    """While a batch is computed, inputs wait, and form full batches in their order."""
    squares = Squares()

    async def scenario(batcher, seen):
        squares.gate.clear()
        first = asyncio.create_task(batcher.compute(squares.work, 0))
        await asyncio.sleep(0.1)
        rest = [asyncio.create_task(batcher.compute(squares.work, n)) for n in range(1, 7)]
        await asyncio.sleep(0.05)
        waiting = batcher.waiting
        squares.gate.set()
        return await asyncio.gather(first, *rest), seen, waiting

    results, seen, waiting = run(scenario)
    assert (results, waiting) == ([0, 1, 4, 9, 16, 25, 36], 6)
    assert squares.batches == [[0], [1, 2, 3, 4], [5, 6]]
    assert seen == [1, 4, 2]


def test_inputs_with_different_options_are_not_mixed():
    """A batch has inputs of one kind of work, and the first input determines which."""
    one, other = Squares(key="one"), Squares(key="other")

    async def scenario(batcher, seen):
        calls = [(one, 1), (other, 2), (one, 3), (other, 4)]
        return await asyncio.gather(*(batcher.compute(s.work, n) for s, n in calls))

    assert run(scenario) == [1, 4, 9, 16]
    assert (one.batches, other.batches) == ([[1, 3]], [[2, 4]])


def test_an_exception_reaches_its_input():
    """The exception of an input is raised by `compute`, and later inputs are computed."""
    squares = Squares()

    async def scenario(batcher, seen):
        with pytest.raises(ValueError, match="negative"):
            await batcher.compute(squares.work, -1)
        return await batcher.compute(squares.work, 3)

    assert run(scenario) == 9


def test_a_cancelled_input_does_not_stop_the_batcher():
    """The result of an input that nobody awaits is dropped."""
    squares = Squares()

    async def scenario(batcher, seen):
        squares.gate.clear()
        gone = asyncio.create_task(batcher.compute(squares.work, 1))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.sleep(0)
        squares.gate.set()
        return await batcher.compute(squares.work, 2)

    assert run(scenario) == 4


def test_places_are_limited_and_given_back():
    """Beyond the places, inputs are refused with a number of seconds, until places are free."""

    async def scenario(batcher, seen):
        with batcher.admit(2):
            with pytest.raises(QueueFullError) as refused, batcher.admit(2):
                pass
            with batcher.admit(1):
                assert batcher.admitted == 3
        with batcher.admit(3):
            pass
        return refused.value.seconds

    assert run(scenario, places=3) == 1
