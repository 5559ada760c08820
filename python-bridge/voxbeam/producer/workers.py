"""The threads that make bricks, so that the kernel's main thread never waits for one."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.switch_interval import short_turns

if TYPE_CHECKING:
    from voxbeam.producer.need_queue import Need, NeedQueue

log = logging.getLogger("voxbeam.producer")

WORKERS = 2
#: Needs that a worker takes at once: fewer turns through Python, and one DONE for all.
NEEDS_A_TURN = 8
#: The same where nobody waits for them.
FILLS_A_TURN = 16


class Tools:
    """What one thread cuts with."""

    def __init__(self) -> None:
        self.scratch = Scratch()
        self._frames: dict[str, FrameBuffer] = {}

    def frame(self, dtype: str) -> FrameBuffer:
        """Its frame of a stored dtype."""
        if dtype not in self._frames:
            self._frames[dtype] = FrameBuffer(dtype)
        return self._frames[dtype]


class Workers:
    """Daemon threads that take needs from a queue until it is closed."""

    def __init__(self, queue: NeedQueue) -> None:
        self._queue = queue
        self._started = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start them, unless they run."""
        with self._lock:
            if self._started:
                return
            self._started = True
        for number in range(WORKERS):
            threading.Thread(target=self._run, name=f"voxbeam-worker-{number}", daemon=True).start()

    def _run(self) -> None:
        tools = Tools()
        while needs := self._take():
            with short_turns():  # until nothing waits
                while needs:
                    self._answer(needs, tools)
                    needs = self._take(wait=False)

    def _take(self, *, wait: bool = True) -> list[Need]:
        return self._queue.take(NEEDS_A_TURN, wait=wait, most_of_fill=FILLS_A_TURN)

    def _answer(self, needs: list[Need], tools: Tools) -> None:
        volumes = {need.volume for need in needs}
        for volume in volumes:
            mine = needs if len(volumes) == 1 else [need for need in needs if need.volume is volume]
            try:
                volume.answer(mine, tools)
            except Exception:
                log.exception("a worker failed to answer needs of %r", volume.description.name)
