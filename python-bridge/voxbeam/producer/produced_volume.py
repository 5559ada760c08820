"""A volume that this process serves to an instance: what it is, how far it has come, and what is said about it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voxbeam.connection import gone_error
from voxbeam.errors import ParameterError, SidecarError, StoreTooSmallError, VoxbeamError
from voxbeam.producer.brick_maker import answer_needs, refuse
from voxbeam.producer.need_queue import FILL_PRIORITY
from voxbeam.producer.ranges import MAX_ROWS
from voxbeam.producer.time_points import TimePoints
from voxbeam.producer.updater import Updater
from voxbeam.protocol import SLOT_BYTES, ErrorCode, FrameType, encode_frame, encode_ranges
from voxbeam.sources.region import region_box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, KeysView

    from voxbeam.description import VolumeDescription
    from voxbeam.geometry import BrickKey
    from voxbeam.producer.levels import Levels
    from voxbeam.producer.link import Link
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.producer import Producer
    from voxbeam.producer.ranges import Row
    from voxbeam.producer.time_points import TimePoint
    from voxbeam.producer.workers import Tools
    from voxbeam.shared_memory import SharedPlace
    from voxbeam.sources import Source

#: How often a wait looks whether it is interrupted.
_TICK_SECONDS = 0.1


class ProducedVolume:
    """Made by `Producer.declare`. Safe from any thread.

    Attributes
    ----------
    handle : int
        Its number on the wire; may change when the connection comes back.
    description : VolumeDescription
        What was declared; its note grows while the volume is read.
    status : dict
        The sidecar's last word on it: ``resident``, ``total``, ``filling``, ``complete``, ``message``.
    shared : SharedPlace, optional
        Where its array lies in memory that the sidecar may open: bricks of level 0 are then cut there.
    points : TimePoints
        Its time points; a volume without them has one.
    """

    def __init__(self, producer: Producer, source: Source | None, description: VolumeDescription, levels: Levels) -> None:
        self.source = source
        self.description = description
        self.handle = -1
        self.status: dict[str, Any] = {"resident": 0, "total": description.bricks, "filling": False, "complete": False}
        #: Set when somebody waits for the levels that are built in the background.
        self.hurry = threading.Event()
        self.live = True
        self.shared: SharedPlace | None = None
        self.failure: VoxbeamError | None = None
        self.build_failure: VoxbeamError | None = None
        #: Held while DONE, BRICK or CHANGED is said, so that they are said in the order in which they are true.
        self.order = threading.Lock()
        self._producer = producer
        self._link: Link | None = None
        self._waiting: dict[BrickKey, Need] = {}
        self._fill_wanted = False
        self._news = threading.Condition()
        self.points = TimePoints(self, source, levels)
        self.updater = Updater(self)
        self._closers: list[Callable[[], None]] = []
        #: Whether its voxels may change while it is shown.
        self._followed = source is not None and source.changes is not None
        self._unfollow = source.changes.listen(self.updater.changed) if source is not None and source.changes else None

    def __repr__(self) -> str:
        d, s = self.description, self.status
        return f"<ProducedVolume {d.name!r} {d.shape} {d.dtype}, {s['resident']} of {s['total']} bricks in the store>"

    @property
    def declaration(self) -> dict[str, Any]:
        """The payload of its VOLUME frame."""
        shared = self.shared
        return self.description.to_wire() | ({} if shared is None else {"shared": shared.to_wire()})

    @property
    def store_bytes(self) -> int:
        """Bytes of the store that its bricks take."""
        return (self.description.bricks - int(self.status.get("lent", 0))) * SLOT_BYTES[self.description.stored]

    @property
    def nbytes(self) -> int:
        """Memory it takes besides the source: the coarser levels, a seventh of the stored volume."""
        return self.points.nbytes

    @property
    def levels(self) -> Levels:
        """The levels of the first time point."""
        return self.points.first.levels

    @property
    def built(self) -> threading.Event:
        """Set when all levels of the first time point are true ones."""
        return self.points.first.built

    # For its user

    def fill(
        self, *, wait: bool = True, progress: Callable[[int, int], None] | None = None, timeout: float | None = None,
    ) -> None:
        """Make every brick resident in the store, after all that viewers need.

        Parameters
        ----------
        wait
            False returns at once; a volume larger than the store is then shown brick by brick as viewers need it.
        progress
            Called in this thread with the numbers of resident and of all bricks whenever they change.
        timeout
            Seconds to wait.

        Raises
        ------
        StoreTooSmallError
            The store cannot hold all bricks.
        SourceError
            Voxels could not be read.
        InstanceGoneError
            The instance has ended.
        TimeoutError
            It took longer than `timeout`.
        """
        needed, budget = self.store_bytes, int(self._producer.connection.welcome["store_bytes"])
        if needed > budget:
            if not wait:
                return
            text = f"{self.description.name!r} takes {needed:,} bytes in the store, which has {budget:,}."
            remedy = f"wait=False shows it as it is needed; or start the instance with store_bytes={needed}."
            raise StoreTooSmallError(text, remedy)
        self.failure = None
        self._raise_trouble()
        self._fill_wanted = True
        self.points.first.along.expect()
        self.hurry.set()
        self._ask_to_fill()
        if wait:
            self._wait_until_complete(progress, timeout)

    def changed(self, region: Any) -> None:
        """Voxels of its array are others now: bricks that hold them are made anew, at all levels. Returns at once.

        Parameters
        ----------
        region
            What was written to, as the array is indexed: whole numbers and slices along z, y, x.

        Raises
        ------
        ParameterError
            It is not read from an array in place, has time points, or `region` is none.
        """
        source, name = self.source, self.description.name
        if source is None or source.array is None or source.lasting or source.times is not None:
            text = f"{name!r} is not read from one array in memory, so that there is nothing to update."
            raise ParameterError(text, "Render it again; or write through rv.growing, or to an array of three axes.")
        self._followed = True
        box = region_box(region, source.shape)
        if all(high > low for low, high in box):
            self.updater.changed(box)

    def remove(self) -> None:
        """Take it out of the instance, with its layer."""
        self.send(FrameType.VOLUME_GONE, {})
        self._producer.forget(self)

    def _ask_to_fill(self) -> None:
        # Previews would be cut and sent only to be replaced: the levels they stand for are built by the time level 0 is there.
        building = not self.built.is_set() and 1 in self.levels.unbuilt
        self.send(FrameType.FILL, {"finest_first": True} if building else {})

    def _wait_until_complete(self, progress: Callable[[int, int], None] | None, timeout: float | None) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        told = None
        while True:
            counts = int(self.status["resident"]), int(self.status["total"])
            if progress and counts != told:
                progress(*counts)
                told = counts
            if self.status["complete"]:
                return
            self._raise_trouble()
            if end is not None and time.monotonic() > end:
                text = f"{counts[0]} of {counts[1]} bricks of {self.description.name!r} are there after {timeout} s."
                raise TimeoutError(text)
            with self._news:
                if not self.status["complete"] and (self.status["resident"], self.status["total"]) == counts:
                    self._news.wait(_TICK_SECONDS)

    def _raise_trouble(self) -> None:
        connection = self._producer.connection
        if connection.gone is not None:
            raise gone_error(connection.host, connection.port, connection.gone)
        if self.failure is not None:
            raise self.failure
        if not self.live:
            raise SidecarError(f"{self.description.name!r} was removed or replaced while it was filled.", "Render it again.")

    # For the workers and the builder

    def answer(self, needs: list[Need], tools: Tools) -> None:
        """Answer needs for its bricks."""
        answer_needs(self, needs, tools)

    def put_off(self, need: Need, levels: Levels) -> bool:
        """Keep a need until its level is built, or refuse it where that will not happen; False where there are voxels by now."""
        with self.order:
            level = need.key.level
            if level in levels.unbuilt:
                self._waiting[need.key] = need
                self.hurry.set()
                return True
            if levels.answers[level].voxels is not None:
                return False
        reason = levels.note or f"Level {level} of {self.description.name!r} was not built."
        error = self.build_failure or VoxbeamError(reason)
        self.failure = error
        refuse(need, ErrorCode.INTERNAL, error.message, error.remedy)
        return True

    def leave_to_pass(self, needs: list[Need]) -> list[Need]:
        """Keep needs of a fill until the pass over their voxels comes by, where it has not yet; returns the others.

        In the order in which they are asked for: the pass looks at the last one to see how far the fill is.
        """
        others = []
        with self.order:
            for need in needs:
                may_wait = self._link is not None and need.priority >= FILL_PRIORITY and not need.key.level and not need.key.time
                if may_wait and self.points.first.along.comes_by(need.key):
                    self._waiting[need.key] = need
                else:
                    others.append(need)
        return others

    @property
    def put_off_keys(self) -> KeysView[BrickKey]:
        """Bricks whose needs were put off."""
        return self._waiting.keys()

    def make_now(self, needs: list[Need]) -> None:
        """Workers are to answer these needs after all."""
        self._producer.queue.put(needs)

    def take_up(self, point: TimePoint) -> None:
        """Answer what was put off of a time point."""
        with self.order:
            needs = [self._waiting.pop(key) for key in list(self._waiting) if key.time == point.time]
        self._producer.queue.put(needs)

    def cancel_put_off(self, keys: Iterable[BrickKey] | None) -> list[Need]:
        """Remove needs that were put off, all for None, and return them."""
        with self.order:
            chosen = list(self._waiting) if keys is None else [key for key in keys if key in self._waiting]
            return [self._waiting.pop(key) for key in chosen]

    def send(self, frame_type: FrameType, fields: dict[str, Any]) -> bool:
        """Send a control message about it; False where it is not announced, or not connected."""
        if frame_type == FrameType.CHANGED:
            self._producer.helper.tell(self)  # before the sidecar hears of it, and asks
        link = self._link
        return link is not None and self.live and link.send_control(frame_type, {"volume": self.handle, **fields})

    def flush_ranges(self, point: TimePoint) -> None:
        """Send ranges that have become known."""
        if self._link:
            self._send_ranges(point, point.ranges.take_fresh())

    def _send_ranges(self, point: TimePoint, rows: list[Row]) -> None:
        link = self._link
        for start in range(0, len(rows) if link and self.live else 0, MAX_ROWS):
            payload = encode_ranges(rows[start : start + MAX_ROWS])
            if link:
                link.send(encode_frame(FrameType.RANGES, payload, volume=self.handle, time=point.time))

    def add_note(self, sentence: str | None) -> None:
        """Add a sentence to the note and, where it is announced, declare it anew: equal fingerprints keep the bricks."""
        if not sentence or sentence in (self.description.note or ""):
            return
        self.description = self.description.with_note(" ".join(filter(None, [self.description.note, sentence])))
        link = self._link
        if link and self.live:
            link.send_control(FrameType.VOLUME, self.declaration)

    # For the producer, on the connection's thread

    def announced(self, handle: int, status: dict[str, Any], link: Link) -> None:
        """The sidecar knows it under `handle`, in answer to a declaration, with which it has forgotten all ranges."""
        again = link is self._link and handle == self.handle
        with self.order:
            self.handle, self._link = handle, link
            self._producer.helper.tell(self)
            for point in self.points.all():
                if not again and point.previews_sent and point.built.is_set():
                    self.send(FrameType.CHANGED, {"generation": 1, "boxes": point.levels.boxes, **point.fields})
                if not again and self._followed and point.levels.generation > 1:
                    # Some of these words may have been lost with the connection.
                    changed = {"generation": point.levels.generation, "boxes": point.levels.all_boxes}
                    self.send(FrameType.CHANGED, {**changed, **point.fields})
        self.update(status)
        for point in self.points.all():
            self._send_ranges(point, point.ranges.rows())
        if self._fill_wanted and not again:
            self._ask_to_fill()

    def shows_the_same(self, description: VolumeDescription) -> bool:
        """Whether `description` is of equal voxels at an equal place, so that all bricks can stay."""
        mine = self.description
        return replace(description, window=mine.window, colormap=mine.colormap, range=mine.range) == mine

    def update(self, status: dict[str, Any]) -> None:
        """The sidecar's word on how far it has come."""
        with self._news:
            self.status = status
            self._news.notify_all()
        if not status["complete"]:
            self._producer.helper.wish(self)

    def refused(self, code: int, message: str, remedy: str | None) -> None:
        """The sidecar cannot fill it."""
        kind = StoreTooSmallError if code == ErrorCode.STORE_FULL else SidecarError
        with self._news:
            self.failure = self.failure or kind(message, remedy)
            self._news.notify_all()

    def disconnected(self) -> None:
        """The connection has broken; needs of it are void."""
        with self.order:
            self._link = None
            self._waiting.clear()
        with self._news:
            self._news.notify_all()

    def close(self) -> None:
        """Nothing is said about it any more; the array is let go."""
        self.live = False
        self.hurry.set()
        for told in self._closers:
            told()
        self._closers = []
        if self._unfollow is not None:
            self._unfollow()
        self.updater.wake()
        self.disconnected()
        for point in self.points.all():
            point.levels.let_go()
        if self.source is not None:
            self.source.rest()

    def on_close(self, told: Callable[[], None]) -> None:
        """Call `told` when nothing is said about it any more."""
        self._closers.append(told)

    @property
    def filling(self) -> bool:
        """Whether it was asked to be filled, and is not yet."""
        return self._fill_wanted and self.live and self._link is not None and not self.status["complete"]

    @property
    def is_announced(self) -> bool:
        """Whether the sidecar has given it a handle on this connection."""
        return self._link is not None

    def wait_until_announced(self, seconds: float) -> None:
        """Wait for the sidecar's answer to a declaration, or until the time is over."""
        with self._news:
            if not self.is_announced:
                self._news.wait(seconds)


