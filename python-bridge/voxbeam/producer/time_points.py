"""The time points of a volume: each has levels and ranges of its own, made when it is first asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from voxbeam.errors import SourceError
from voxbeam.producer.builder import Builder, build_levels
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.fill_along import FillAlong
from voxbeam.producer.levels import Levels, memory_limit
from voxbeam.producer.ranges import RangeTable

if TYPE_CHECKING:
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.sources import Source

#: Time points kept at most; what is built of others is built again when they are needed again.
MAX_KEPT = 1024


class TimePoint:
    """One time point of a volume.

    Attributes
    ----------
    built : threading.Event
        Set when all its levels are true ones.
    along : FillAlong
        Cuts what a fill waits for as the pass over level 0 comes by.
    answers_needs : bool
        Whether bricks of it may have been sent.
    previews_sent : bool
        Whether some of those were previews.
    """

    def __init__(self, volume: ProducedVolume, time: int, levels: Levels) -> None:
        description = volume.description
        self.volume = volume
        self.time = time
        self.levels = levels
        self.ranges = RangeTable(description.shape, description.scale, description.offset)
        self.built = threading.Event()
        self.along = FillAlong(self)
        self.answers_needs = time == 0
        self.previews_sent = False

    @property
    def fields(self) -> dict[str, int]:
        """What a message says of it."""
        return {"time": self.time} if self.time else {}


class TimePoints:
    """Those in use, least recently used first, within the memory that built levels may take. Safe from any thread."""

    def __init__(self, volume: ProducedVolume, source: Source | None, levels: Levels) -> None:
        self.first = TimePoint(volume, 0, levels)
        self.builder = Builder(volume)
        self._source = source
        self._volume = volume
        self._kept = OrderedDict({0: self.first})
        self._lock = threading.Lock()
        self._making: dict[int, threading.Lock] = {}

    def get(self, time: int) -> TimePoint:
        """The time point, made if need be.

        Raises
        ------
        VoxbeamError
            It cannot be read, or is not like the first one.
        """
        with self._lock:
            if time in self._kept:
                self._kept.move_to_end(time)
                return self._kept[time]
            making = self._making.setdefault(time, threading.Lock())
        with making:
            with self._lock:
                if time in self._kept:
                    return self._kept[time]
            point = self._make(time)
            with self._lock:
                self._kept[time] = point
                self._making.pop(time, None)
        if not point.built.is_set():
            self.builder.ask(point)
        self.trim()
        return point

    def all(self) -> list[TimePoint]:
        """Those in use."""
        with self._lock:
            return list(self._kept.values())

    @property
    def nbytes(self) -> int:
        """Memory that built levels take."""
        return sum(point.levels.nbytes for point in self.all())

    def trim(self) -> None:
        """Let go of those used longest ago until the rest fits; never of one that is being built, nor of the last one used."""
        limit = memory_limit()
        with self._lock:
            total = sum(point.levels.nbytes for point in self._kept.values())
            for time, point in list(self._kept.items())[:-1]:
                if total <= limit and len(self._kept) <= MAX_KEPT:
                    return
                if time and point.built.is_set():  # the first one's range is what windows are made of
                    total -= point.levels.nbytes
                    del self._kept[time]

    def _make(self, time: int) -> TimePoint:
        if self._source is None:
            raise SourceError(f"There is no time point {time}.", "A cloud of points has one.")
        source = self._source.at(time)
        mapping, wanted = map_dtype(source), self._volume.levels.mapping
        if source.shape != self._source.shape or (mapping.stored, mapping.scale, mapping.offset) != (
            wanted.stored, wanted.scale, wanted.offset,
        ):
            text = f"Time point {time} has shape {source.shape} and dtype {source.dtype}."
            raise SourceError(text, f"All must be like the first: {self._source.shape}, {self._source.dtype}.")
        if mapping.ids is not None or wanted.ids is not None:
            text = f"Time point {time} has label ids beyond 32 bits."
            raise SourceError(text, "Number the labels of all time points anew, as uint32.")
        name = (self._source.fingerprint, time) if self._source.lasting else None
        point = TimePoint(self._volume, time, Levels(source, mapping, name=name))
        if point.levels.small or not point.levels.unbuilt:
            build_levels(point)
        point.answers_needs = True
        return point
