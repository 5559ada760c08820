"""The volumes of an instance, as its announcements tell of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from voxbeam.description import VolumeDescription
from voxbeam.errors import ParameterError
from voxbeam.protocol import FrameType, Header, decode_control

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.connection import Connection


@dataclass(frozen=True)
class Volume:
    """A volume of an instance, at one moment.

    Attributes
    ----------
    handle
        Its number on the wire.
    description
        Name, shape, dtype, voxel size, and so on.
    resident, total
        Bricks in the store, and bricks of all levels.
    complete
        Every brick is in the store in its final form.
    producer
        ``"alive"``, or ``"gone"`` when nobody can answer for what the store lacks.
    message
        A sentence for people, where there is something to say.
    """

    handle: int
    description: VolumeDescription
    resident: int
    total: int
    complete: bool
    producer: str
    message: str | None
    _update: Callable[[str, Any], None] | None = field(default=None, repr=False, compare=False)

    def update(self, region: Any = ...) -> None:
        """Show what was written to the array that this volume was rendered from, at every level, some 30 ms later.

        Only bricks that hold voxels of `region` are made and sent again. Returns at once.

        Parameters
        ----------
        region
            As the array is indexed, by whole numbers and slices of step 1; left out, all of it.

        Raises
        ------
        ParameterError
            It was rendered by another kernel, or not from an array of three axes in memory.

        Examples
        --------
        >>> array[10:20, :, 64:128] = 0  # doctest: +SKIP
        >>> instance.volumes["ct"].update(np.s_[10:20, :, 64:128])  # doctest: +SKIP
        """
        if self._update is None:
            raise ParameterError(f"The volume {self.name!r} was not rendered here.", "Say it where its array is.")
        self._update(self.name, region)

    @property
    def name(self) -> str:
        """Its name in the instance."""
        return self.description.name

    def __repr__(self) -> str:
        d = self.description
        share = 100 * self.resident // max(1, self.total)
        shape = " × ".join(map(str, d.shape))
        return f"<Volume {d.name!r} {shape} {d.dtype}, {share} % in the store, producer {self.producer}>"


class VolumeTable:
    """Follows the announcements on a connection. Safe from any thread: reads are copies.

    Parameters
    ----------
    update
        Told the name and region of what changes in a volume of this process.
    """

    def __init__(self, connection: Connection, update: Callable[[str, Any], None] | None = None) -> None:
        self._connection = connection
        self._update = update
        self._lock = threading.Lock()
        self._volumes: dict[int, Volume] = {}
        self._said: dict[int, dict[str, Any]] = {}
        self._last_handle = 0
        connection.on_open(self._welcome)
        connection.on(FrameType.VOLUME, self._announced)
        connection.on(FrameType.STATUS, self._changed)
        connection.on(FrameType.VOLUME_GONE, self._removed)

    def all(self) -> dict[str, Volume]:
        """By name, in the order in which they were declared."""
        with self._lock:
            volumes = sorted(self._volumes.values(), key=lambda volume: volume.handle)
        return {volume.name: volume for volume in volumes}

    def find(self, name: str | None) -> VolumeDescription | None:
        """The description of the volume of that name; of the first one for None."""
        volumes = self.all()
        if name is None:
            return next((volume.description for volume in volumes.values()), None)
        return volumes[name].description if name in volumes else None

    def restored(self) -> dict[str, Any]:
        """What a sidecar that takes this one's place is told of its volumes: viewers know them by these handles."""
        with self._lock:
            volumes = [
                {"volume": handle, "description": said["description"], "edited": bool(said["status"].get("edited"))}
                for handle, said in sorted(self._said.items())
            ]
            return {"last_handle": self._last_handle, "volumes": volumes}

    def _keep(self, announcement: dict[str, Any], volume: Volume) -> None:
        self._volumes[volume.handle] = replace(volume, _update=self._update)
        self._said[volume.handle] = announcement
        self._last_handle = max(self._last_handle, volume.handle)

    def _welcome(self) -> None:
        announcements = self._connection.welcome["volumes"]
        volumes = [_volume(announcement) for announcement in announcements]
        with self._lock:
            self._volumes, self._said = {}, {}
            for announcement, volume in zip(announcements, volumes, strict=True):
                self._keep(announcement, volume)

    def _announced(self, _header: Header, payload: memoryview) -> None:
        announcement = decode_control(payload)
        volume = _volume(announcement)
        with self._lock:
            self._keep(announcement, volume)

    def _changed(self, _header: Header, payload: memoryview) -> None:
        status = decode_control(payload)
        with self._lock:
            known = self._volumes.get(status["volume"])
            if known is not None:
                self._volumes[known.handle] = replace(known, **_state(status))
                self._said[known.handle] = {**self._said[known.handle], "status": status}

    def _removed(self, _header: Header, payload: memoryview) -> None:
        with self._lock:
            handle = decode_control(payload)["volume"]
            self._volumes.pop(handle, None)
            self._said.pop(handle, None)


def _volume(announcement: dict[str, Any]) -> Volume:
    description = VolumeDescription.from_wire(announcement["description"])
    return Volume(announcement["volume"], description, **_state(announcement["status"]))


def _state(status: dict[str, Any]) -> dict[str, Any]:
    return {**{name: status[name] for name in ("resident", "total", "complete", "producer")}, "message": status.get("message")}
