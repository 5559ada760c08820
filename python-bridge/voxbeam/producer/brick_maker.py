"""Answers needs: cuts each brick into the store or a frame of its own, and says so in the one order that keeps it true."""

from __future__ import annotations

import errno
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from voxbeam.errors import VoxbeamError
from voxbeam.geometry import has_brick
from voxbeam.producer.cutter import cut_brick
from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.need_queue import FILL_PRIORITY
from voxbeam.producer.ranges import block_range
from voxbeam.producer.together import cut_alone, cut_together
from voxbeam.producer.voxels import ArrayVoxels
from voxbeam.protocol import MAX_WORDS_CHARS, PREVIEW, ErrorCode, FrameType, brick_template

if TYPE_CHECKING:
    from voxbeam.compiled.kernels import Found
    from voxbeam.producer.levels import Answer
    from voxbeam.producer.link import Link
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.producer.time_points import TimePoint
    from voxbeam.producer.voxels import HeldVoxels, Voxels
    from voxbeam.producer.workers import Tools

#: How long a brick that is made may wait for others to be spoken of with it.
DONE_SECONDS = 0.002

log = logging.getLogger("voxbeam.producer")


class NotMineError(Exception):
    """Somebody else is to make this brick: the need is answered as one that was cancelled, and asked again."""


class Made(NamedTuple):
    """A frame that stands in the store and has not been spoken of."""

    need: Need
    point: TimePoint
    answer: Answer
    size: int

    @property
    def current(self) -> bool:
        """Whether its level has not changed since."""
        return self.point.levels.answers[self.need.key.level] is self.answer


def answer_needs(volume: ProducedVolume, needs: list[Need], tools: Tools, held: HeldVoxels | None = None) -> None:
    """Make the bricks of `needs` and answer each need exactly once, unless its connection or the volume has gone.

    Where all their voxels are `held` in memory, they are cut of these.
    """
    points: set[TimePoint] = set()
    while needs:
        made: list[Made] = []
        stale: list[Need] = []
        said = time.perf_counter()
        cut = cut_together(volume, needs, held)
        for need in needs:
            ready = cut.get(id(need))
            frame = _make(volume, need, tools, points, held) if ready is None else Made(need, *ready)
            made += [frame] if frame else []
            if ready is not None:
                points.add(ready.point)
            elif need.priority < FILL_PRIORITY and time.perf_counter() - said > DONE_SECONDS:
                stale += _say_done(volume, made)
                made, said = [], time.perf_counter()
        needs = stale + _say_done(volume, made)
    for point in points:
        volume.flush_ranges(point)


def refuse(need: Need, code: int, message: str, remedy: str | None = None) -> None:
    """Answer a need by ERROR."""
    error: dict[str, Any] = {"code": int(code), "message": message[:MAX_WORDS_CHARS], "fatal": False}
    error |= {"volume": need.volume.handle, "key": list(need.key[:4])}
    error |= {"time": need.key.time} if need.key.time else {}
    if remedy:
        error["remedy"] = remedy[:MAX_WORDS_CHARS]
    need.link.send_control(FrameType.ERROR, error)


def _say_done(volume: ProducedVolume, made: list[Made]) -> list[Need]:
    """Say DONE for what is still true; returns the needs whose level has changed since, to be made again.

    The volume's order is held, so that CHANGED comes before or after, never between the look and the word.
    """
    with volume.order:
        stale = [frame for frame in made if not frame.current]
        fresh = [frame for frame in made if frame.current] if stale else made
        said: dict[tuple[Link, int], list[list[int]]] = {}
        for frame in fresh:
            need = frame.need
            row = [*need.key[:4], need.offset, frame.size, frame.answer.generation]
            said.setdefault((need.link, need.key.time), []).append(row)
        for (link, moment), keys in said.items():
            link.send_control(FrameType.DONE, {"volume": volume.handle, "keys": keys, **({"time": moment} if moment else {})})
        for frame in fresh:
            frame.point.previews_sent |= bool(frame.answer.flags & PREVIEW)
    return [frame.need for frame in stale]


def _make(
    volume: ProducedVolume, need: Need, tools: Tools, points: set[TimePoint], held: HeldVoxels | None,
) -> Made | None:
    """Cut one brick. None where it needs no further word: it was sent inline, refused, put off, or nobody waits any more."""
    if not has_brick(volume.levels.shape, need.key, volume.description.time_points):
        refuse(need, ErrorCode.NOT_FOUND, f"{volume.description.name!r} has no brick {tuple(need.key)}")
        return None
    answered = False
    while not answered and volume.live and need.link.alive:
        try:
            point = volume.points.get(need.key.time)
            points.add(point)
            answer = point.levels.answers[need.key.level]
            if answer.voxels is None or _better_later(volume, need, answer):
                answered = volume.put_off(need, point.levels)
                continue
            frame, size = _cut(need, point, answer, held or answer.voxels, tools)
        except Exception as error:  # noqa: BLE001  whatever a source raises, the need must be answered
            _failed(volume, need, error)
            return None
        made = Made(need, point, answer, size)
        if frame is None:
            return made
        answered = _send_inline(volume, made, frame)
    return None


def _send_inline(volume: ProducedVolume, made: Made, frame: memoryview) -> bool:
    """Send a frame, unless its level has changed since."""
    if not made.current:
        return False
    # By an upload it is in no order with CHANGED: generations tell there what is out of date.
    made.point.previews_sent |= bool(made.answer.flags & PREVIEW)
    if made.need.link.upload(made.need, frame):
        return True
    with volume.order:
        if not made.current:
            return False
        made.need.link.send(frame)
        made.point.previews_sent |= bool(made.answer.flags & PREVIEW)
    return True


def _cut(
    need: Need, point: TimePoint, answer: Answer, voxels: Voxels, tools: Tools,
) -> tuple[memoryview | None, int]:
    """Cut and seal a frame. Returns it where it is to be sent inline, else None: it stands in the store."""
    volume = point.volume
    stored = volume.description.stored
    size = brick_template(stored).frame_bytes
    store = need.link.store
    if store is not None and not store.holds(need.offset, size):
        store = None
    mapped = store.mapped(need.offset, size) if store is not None else None
    frame = tools.frame(stored) if mapped is None else FrameBuffer(stored, mapped)
    found = cut_alone(voxels, need.key, frame, stored)
    if found is None:
        cut_brick(voxels, need.key, frame.voxels, tools.scratch)
    sealed = _seal(need, point, answer, frame, found)
    if store is None:
        return sealed, len(sealed)
    if mapped is None or sealed is not frame.bytes:
        store.write(need.offset, sealed)
    return None, len(sealed)


def _seal(need: Need, point: TimePoint, answer: Answer, frame: FrameBuffer, found: Found | None) -> memoryview:
    coarsest = need.key.level == len(point.levels.answers) - 1  # a viewer's first window is made of it, preview or not
    if (answer.generation or coarsest) and not point.ranges.knows(need.key):
        low, high = block_range(frame.voxels) if found is None else (found.low, found.high)
        point.ranges.put(need.key, low, high)
    return frame.seal(point.volume.handle, need.key, answer.generation, answer.flags, found)


def _better_later(volume: ProducedVolume, need: Need, answer: Answer) -> bool:
    """Whether nobody waits for this preview, and the true brick is on its way: a fill that begins with level 0."""
    if not answer.flags & PREVIEW or need.priority < FILL_PRIORITY or need.key.time:
        return False
    return isinstance(volume.levels.answers[0].voxels, ArrayVoxels) and need.key.level in volume.levels.unbuilt


def _failed(volume: ProducedVolume, need: Need, error: Exception) -> None:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        refuse(need, ErrorCode.STORE_FULL, "shared memory is full", "Free some: df -h /dev/shm.")
        return
    if isinstance(error, NotMineError):
        refuse(need, ErrorCode.CANCELLED, str(error))
        return
    if isinstance(error, VoxbeamError):
        volume.failure = error
        refuse(need, ErrorCode.INTERNAL, error.message, error.remedy)
        return
    log.error("brick %s of %r", tuple(need.key), volume.description.name, exc_info=error)
    refuse(need, ErrorCode.INTERNAL, f"a brick of {volume.description.name!r} could not be made: {error!r}")
