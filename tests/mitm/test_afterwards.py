"""What waits is done soon, for a few exchanges at once."""

import asyncio

from corslens.mitm.afterwards import Afterwards


class Counter:
    """A step that notes how many exchanges were worked on at once."""

    def __init__(self) -> None:
        self.afterwards = Afterwards()
        self.afterwards.add_step(self.step)
        self.waiting = 0
        self.batches: list[int] = []

    def complete(self, number: int = 1) -> None:
        for _ in range(number):
            self.waiting += 1
            self.afterwards.add(complete=True)

    def step(self) -> bool:
        self.batches.append(self.waiting)
        self.waiting = 0
        return False


async def test_three_wait_for_no_more() -> None:
    counter = Counter()
    counter.complete(3)
    await asyncio.sleep(0)
    assert counter.batches == [3]


async def test_what_a_step_left_is_done_next() -> None:
    afterwards = Afterwards()
    left = [True, True, False]
    done: list[bool] = []

    def step() -> bool:
        done.append(left[len(done)])
        return done[-1]

    afterwards.add_step(step)
    afterwards.work()
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == left


def test_at_once_where_there_is_no_loop() -> None:
    counter = Counter()
    counter.complete()
    assert counter.batches == [1]
