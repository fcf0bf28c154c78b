"""Several threads that start the same thing at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from portal.kit import clock

Result = TypeVar("Result")
LONGEST_S = 30


def at_once(times: int, act: Callable[[int], Result]) -> list[Result | BaseException]:
    """Run `act(0)`, `act(1)`, … behind one barrier. What a thread raised stands in its place of the answer.

    The test's clock counts in every thread.
    """
    barrier, source = threading.Barrier(times), clock._source.get()

    def run(n: int) -> Result:
        barrier.wait(LONGEST_S)
        with clock.reading(source):
            return act(n)

    with ThreadPoolExecutor(times) as threads:
        begun: list[Future[Any]] = [threads.submit(run, n) for n in range(times)]
        return [done.exception(LONGEST_S) or done.result() for done in begun]


def aside(act: Callable[[], Result]) -> Result:
    """Run something in another thread, where no transaction is open, and wait for it."""
    answer = at_once(1, lambda n: act())[0]
    if isinstance(answer, BaseException):
        raise answer
    return answer
