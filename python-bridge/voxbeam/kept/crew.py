"""Threads that do one kind of work on many units, with few results waiting: memory does not grow with the number of units."""

from __future__ import annotations

import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Unit = TypeVar("Unit")
Result = TypeVar("Result")
Tools = TypeVar("Tools")


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def crew(
    units: Iterable[Unit], make_tools: Callable[[], Tools], work: Callable[[Tools, Unit], Result], *,
    threads: int | None = None, niceness: int = 0,
) -> Iterator[tuple[Unit, Result]]:
    """Units and what came of them, in the order in which they are finished. The first error ends the work and is raised.

    Parameters
    ----------
    make_tools
        Makes what each thread works with.
    threads
        How many; None: one a processor.
    niceness
        How far they stand back, where threads have priorities.
    """
    count = threads or cores()
    todo = iter(units)
    lock, stop = threading.Lock(), threading.Event()
    room = threading.Semaphore(2 * count)
    results: queue.SimpleQueue[tuple[Unit, Result] | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        if niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        try:
            tools = make_tools()
            while room.acquire() and not stop.is_set():
                with lock:
                    unit = next(todo)
                results.put((unit, work(tools, unit)))
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001  raised where the results are taken
            results.put(error)
        results.put(None)

    members = [threading.Thread(target=run, name=f"voxbeam-crew-{number}", daemon=True) for number in range(count)]
    for member in members:
        member.start()
    running = count
    try:
        while running:
            found = results.get()
            if found is None:
                running -= 1
                room.release()
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
                room.release()
    finally:
        stop.set()
        room.release(count)
        for member in members:  # whoever goes on with these files must be alone
            member.join()
