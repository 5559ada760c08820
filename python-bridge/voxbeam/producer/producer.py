"""Serves this process's volumes to an instance over one connection."""

from __future__ import annotations

import threading
import time
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.cluster import on_cluster
from voxbeam.compiled.loader import wish
from voxbeam.connection import gone_error
from voxbeam.description import VolumeDescription, window_pair
from voxbeam.errors import SidecarError, VoxbeamError
from voxbeam.geometry import STORED_EDGE, BrickKey
from voxbeam.producer.brick_maker import refuse
from voxbeam.producer.builder import build_levels
from voxbeam.producer.cutter import cut_brick
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.producer.helper.helper_process import HelperProcess
from voxbeam.producer.levels import Levels
from voxbeam.producer.link import Link
from voxbeam.producer.need_queue import Need, NeedQueue
from voxbeam.producer.produced_points import ProducedPoints
from voxbeam.producer.produced_volume import ProducedVolume
from voxbeam.producer.ranges import block_range
from voxbeam.producer.sampled_preview import SampledVoxels
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.voxels import SourceVoxels
from voxbeam.producer.workers import Workers
from voxbeam.protocol import ErrorCode, FrameType, Header, decode_control
from voxbeam.shared_memory import place_of
from voxbeam.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.connection import Connection
    from voxbeam.description import Kind
    from voxbeam.points import PointCloud

#: How long the sidecar may take to answer a declaration.
DECLARE_SECONDS = 10.0


class Producer:
    """The producer of one connection, which has been started. Declared volumes are declared again when it comes back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.queue = NeedQueue()
        self._workers = Workers(self.queue)
        self._volumes: dict[str, ProducedVolume] = {}
        self._by_handle: dict[int, ProducedVolume] = {}
        self._declaring = threading.Lock()
        self._refusal: VoxbeamError | None = None
        self._link: Link | None = None
        #: Cuts bricks of arrays while this process is late.
        self.helper = HelperProcess(connection, lambda: self.volumes)
        connection.on(FrameType.VOLUME, self._on_volume)
        connection.on(FrameType.VOLUME_GONE, self._on_volume_gone)
        connection.on(FrameType.NEED, self._on_need)
        connection.on(FrameType.CANCEL, self._on_cancel)
        connection.on(FrameType.STATUS, self._on_status)
        connection.on(FrameType.ERROR, self._on_error)
        connection.on(FrameType.UPLOAD, self._on_upload)
        connection.on_close(self._on_close)
        connection.on_open(self._on_open)
        if self._link is None and connection.is_open:
            self._link = Link(connection, self.queue.put)
            self._link.ask_for_uploads()

    @property
    def volumes(self) -> list[ProducedVolume]:
        """The volumes it serves, as they were declared."""
        return list(self._volumes.values())

    def declare(
        self,
        volume: Any,
        *,
        name: str | None = None,
        voxel_size: float | Sequence[float] | None = None,
        unit: str | None = None,
        origin: float | Sequence[float] | None = None,
        kind: Kind | None = None,
        window: Sequence[float] | None = None,
        colormap: str | None = None,
    ) -> ProducedVolume:
        """Tell the sidecar of a volume; returns when it has a handle. Bricks follow as they are needed.

        Parameters
        ----------
        volume
            A `Source`, or what `open_source` takes. It is kept, and read in place.
        name, voxel_size, unit, origin, kind
            Replace what the source says. A volume of the same name is replaced.
        window, colormap
            How it is shown at first.

        Returns
        -------
        ProducedVolume
            The one that is served already, where an unchanged file is declared again.

        Raises
        ------
        VoxbeamError
            One of its kinds: the volume cannot be read or shown, or the instance refuses it or is gone.
        """
        source = open_source(volume, name=name, voxel_size=voxel_size, unit=unit, origin=origin, kind=kind)
        cluster = on_cluster(source)
        source = cluster.source if cluster else source
        first = source.at(0)
        mapping = map_dtype(first)
        levels = Levels(first, mapping, name=(source.fingerprint, 0) if source.lasting else None)
        shown = source.window if window is None else window_pair(window)
        description = VolumeDescription(
            name=source.name,
            shape=source.shape,
            dtype=source.dtype.name,
            stored=mapping.stored,
            fingerprint=source.fingerprint,
            kind=source.kind,
            scale=mapping.scale,
            offset=mapping.offset,
            voxel_size=source.voxel_size,
            unit=source.unit,
            origin=source.origin,
            window=shown,
            colormap=colormap or source.colormap,
            times=source.times,
            channel=source.channel,
            ids=None if mapping.ids is None else tuple(map(int, mapping.ids.table)),
            note=" ".join(filter(None, [source.note, mapping.note, levels.note])) or None,
        )
        with self._declaring:
            served = self._volumes.get(description.name)
            if served is not None and served.live and served.shows_the_same(description):
                return served
        produced = ProducedVolume(self, source, description, levels)
        if first.array is not None and source.times is None and mapping.in_place(first.array.dtype):
            produced.shared = place_of(first.array)
        if levels.small or levels.all_there:
            build_levels(produced.points.first)
        else:
            _range_of_preview(produced)
        with self._declaring:
            self._announce(produced)
        if not produced.built.is_set():
            produced.points.builder.ask(produced.points.first)
        if not levels.small:
            wish(prod(source.shape) * source.dtype.itemsize)
        if cluster:
            cluster.follow(produced, self.connection)
        return produced

    def declare_points(self, cloud: PointCloud) -> ProducedVolume:
        """Tell the sidecar of a point cloud; returns when it has a handle. One that is served already, if equal, is kept."""
        with self._declaring:
            served = self._volumes.get(cloud.description.name)
            if served is not None and served.live and served.shows_the_same(cloud.description):
                return served
            produced = ProducedPoints(self, cloud)
            self._announce(produced)
        return produced

    def forget(self, volume: ProducedVolume) -> None:
        """Serve a volume no longer."""
        volume.close()
        if self._volumes.get(volume.description.name) is volume:
            del self._volumes[volume.description.name]
        if self._by_handle.get(volume.handle) is volume:
            del self._by_handle[volume.handle]
        self.queue.cancel(volume, None)
        self.helper.forget(volume)

    def close(self) -> None:
        """Serve nothing any more; the workers end."""
        for volume in self.volumes:
            self.forget(volume)
        self.queue.close()
        self.helper.stop()

    def _announce(self, volume: ProducedVolume) -> None:
        self._workers.start()
        name = volume.description.name
        before = self._volumes.get(name)
        self._refusal = None
        self._volumes[name] = volume
        try:
            self._await_handle(volume)
        except BaseException:
            self.forget(volume)
            if before is not None and before.live:
                self._volumes[name] = before
            raise
        if before is not None:
            before.close()
            self.queue.cancel(before, None)
            self.helper.forget(before)

    def _await_handle(self, volume: ProducedVolume) -> None:
        end = time.monotonic() + DECLARE_SECONDS
        if self._link is not None:
            self._link.send_control(FrameType.VOLUME, volume.declaration)
        while not volume.is_announced:
            if self._refusal is not None:
                raise self._refusal
            connection = self.connection
            if connection.gone is not None:
                raise gone_error(connection.host, connection.port, connection.gone)
            if time.monotonic() > end:
                reason = f"it did not answer within {DECLARE_SECONDS:g} s"
                raise gone_error(connection.host, connection.port, reason)
            volume.wait_until_announced(0.05)

    # On the connection's thread

    def _on_open(self) -> None:
        link = self._link = Link(self.connection, self.queue.put)
        link.ask_for_uploads()
        self._by_handle.clear()
        for volume in self.volumes:
            link.send_control(FrameType.VOLUME, volume.declaration)

    def _on_close(self, _reason: str) -> None:
        if self._link is not None:
            self._link.cut()
        self._link = None
        self.helper.stop()
        self.queue.clear()
        for volume in self.volumes:
            volume.disconnected()

    def _on_volume(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        description = message["description"]
        volume = self._volumes.get(description["name"])
        if volume is None or self._link is None or description["fingerprint"] != volume.description.fingerprint:
            return
        self._by_handle[message["volume"]] = volume
        volume.announced(message["volume"], message["status"], self._link)

    def _on_volume_gone(self, _header: Header, payload: memoryview) -> None:
        volume = self._by_handle.get(decode_control(payload)["volume"])
        if volume is not None:
            self.forget(volume)

    def _on_need(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        volume, link = self._by_handle.get(message["volume"]), self._link
        time = message.get("time", 0)
        if volume is not None and link is not None:
            needs = [
                Need(link, volume, BrickKey(level, z, y, x, time), priority, offset)
                for level, z, y, x, priority, offset in message["keys"]
            ]
            self.queue.put(volume.leave_to_pass(needs))

    def _on_cancel(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        volume = self._by_handle.get(message["volume"])
        if volume is None:
            return
        time = message.get("time", 0)
        keys = None if "keys" not in message else [BrickKey(level, z, y, x, time) for level, z, y, x in message["keys"]]
        for need in self.queue.cancel(volume, keys) + volume.cancel_put_off(keys):
            refuse(need, ErrorCode.CANCELLED, "cancelled before it was begun")

    def _on_upload(self, _header: Header, payload: memoryview) -> None:
        if self._link is not None:
            self._link.begin_uploads(decode_control(payload))

    def _on_status(self, _header: Header, payload: memoryview) -> None:
        status = decode_control(payload)
        volume = self._by_handle.get(status["volume"])
        if volume is not None:
            volume.update(status)

    def _on_error(self, _header: Header, payload: memoryview) -> None:
        error = decode_control(payload)
        code, message, remedy = error["code"], error["message"], error.get("remedy")
        if "volume" not in error:
            self._refusal = SidecarError(f"The instance refused: {message}.", remedy)
            return
        volume = self._by_handle.get(error["volume"])
        if volume is not None and "key" not in error:
            volume.refused(code, message, remedy)


def _range_of_preview(volume: ProducedVolume) -> None:
    """The range of the coarsest preview, which gives a viewer its first window; the true one follows."""
    level = len(volume.levels.answers) - 1
    voxels = volume.levels.answers[level].voxels
    if voxels is None or isinstance(voxels, (SourceVoxels, SampledVoxels)):
        return
    key = BrickKey(level, 0, 0, 0)
    out = np.empty((STORED_EDGE,) * 3, volume.levels.mapping.dtype)
    cut_brick(voxels, key, out, Scratch())
    volume.points.first.ranges.put(key, *block_range(out))


