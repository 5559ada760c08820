"""The client's side of a volume on a cluster: its levels are kept there, and each worker helps with a part of its bricks."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.cluster.level_graph import level_arrays, range_array
from voxbeam.cluster.worker_helper import end_helper, start_helper
from voxbeam.errors import VoxbeamError
from voxbeam.geometry import BrickKey, brick_grid
from voxbeam.sources import Source
from voxbeam.sources.dask_source import dask_levels

if TYPE_CHECKING:
    from voxbeam.connection import Connection
    from voxbeam.producer.produced_volume import ProducedVolume

log = logging.getLogger("voxbeam.cluster")

#: What is told of a source whose levels are elsewhere; the rest is how they are read.
_SAID = {field.name for field in fields(Source)} - {"array", "levels", "dask", "chunks", "counter", "note", "lasting"}
_ANNOUNCED_SECONDS = 10.0


class ClusterVolume:
    """An array of Dask whose coarser levels its cluster builds now, and keeps.

    Attributes
    ----------
    source : Source
        Reads all levels through the cluster: what no worker can send goes through this process.
    """

    def __init__(self, source: Source, client: Any) -> None:
        self._client = client
        levels = level_arrays(source.dask, labels=source.kind == "labels")
        coarser = client.persist(levels[1:]) if len(levels) > 1 else []
        self._levels = [levels[0], *coarser]
        self._arrays = [source.dask, *coarser]
        self._name = uuid.uuid4().hex
        self.source = dask_levels(self._arrays, client)
        for name in _SAID:
            setattr(self.source, name, getattr(source, name))
        self.source.note = source.note

    def follow(self, volume: ProducedVolume, connection: Connection) -> None:
        """Let workers help with `volume`, now and whenever the connection has come back; tell its ranges as they are known."""
        for level in reversed(range(len(self._levels))):
            future = self._client.compute(range_array(self._levels[level]))
            future.add_done_callback(lambda done, level=level: self._put_ranges(volume, level, done))

        def send() -> None:
            if volume.live:
                threading.Thread(target=self._send, args=(volume, connection), name="voxbeam-cluster", daemon=True).start()

        connection.on_open(send)
        send()
        volume.on_close(self._end)

    def _put_ranges(self, volume: ProducedVolume, level: int, future: Any) -> None:
        if not volume.live or future.status != "finished":
            return
        point, bit = volume.points.first, volume.levels.mapping.sign_bit
        found = future.result()
        for z, y, x in np.ndindex(brick_grid(volume.description.shape, level)):
            low, high = found[z, y, x].tolist()
            point.ranges.put(BrickKey(level, z, y, x), low + bit, high + bit)
        volume.flush_ranges(point)

    def _send(self, volume: ProducedVolume, connection: Connection) -> None:
        """Start a helper in each worker, each for its part."""
        volume.wait_until_announced(_ANNOUNCED_SECONDS)
        if not volume.live or not volume.is_announced:
            return
        import cloudpickle  # noqa: PLC0415  Dask brings it, for what graphs hold

        try:
            workers = sorted(self._client.scheduler_info(n_workers=-1)["workers"])
            data = cloudpickle.dumps((self._arrays, volume.description))
            about = {
                "name": self._name, "host": connection.host, "port": connection.port, "helps": connection.welcome["helper"],
                "handle": volume.handle, "data": data, "trust": connection.trust,
            }
            started = [
                self._client.submit(
                    start_helper, {**about, "ticket": connection.ticket(), "part": (number, len(workers))}, workers=[worker],
                    allow_other_workers=False, pure=False, priority=100,
                )
                for number, worker in enumerate(workers)
            ]
            for one in started:
                reason = one.result()
                if reason:
                    log.warning("a worker cannot reach the instance; bricks go through this process: %s", reason)
        except VoxbeamError as error:
            log.info("no helpers: %s", error)
        except Exception:
            log.exception("workers do not help with %r", volume.description.name)

    def _end(self) -> None:
        """The volume is gone: helpers end, without being waited for."""

        def end() -> None:
            try:
                self._client.run(end_helper, self._name, on_error="ignore")
            except Exception:
                log.debug("helpers could not be told to end", exc_info=True)  # the cluster may be gone before

        threading.Thread(target=end, name="voxbeam-cluster", daemon=True).start()
