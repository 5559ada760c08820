"""An instance as Python holds it: where it is, who may enter, what it holds."""

from __future__ import annotations

import base64
import html
import os
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from voxbeam import __version__
from voxbeam.annotation.collection import Annotations
from voxbeam.bookmarks import Bookmarks
from voxbeam.connection import Connection, gone_error
from voxbeam.declared import DeclaredVolumes
from voxbeam.endpoint import Endpoint
from voxbeam.errors import InstanceGoneError, VoxbeamError
from voxbeam.history import History
from voxbeam.kept_scene import KeptScene
from voxbeam.labels.wire import LabelWire
from voxbeam.layers import Layers
from voxbeam.page_url import PageRole, page_url
from voxbeam.protocol import FrameType
from voxbeam.scene import Scene
from voxbeam.stream import bracketed
from voxbeam.volumes import Volume, VolumeTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self, Unpack

    from voxbeam.declared import Options
    from voxbeam.labels import Labels
    from voxbeam.labels.opening import LabelOptions
    from voxbeam.people import Person
    from voxbeam.points import PointCloud
    from voxbeam.producer import ProducedVolume, Producer
    from voxbeam.sidecar import SidecarProcess
    from voxbeam.trust import Trust

#: A scene of a hundred thousand annotations takes a while where others compute.
SYNC_SECONDS = 60.0
#: A process that was killed refuses connections a little before it counts as dead.
BURIAL_SECONDS = 1.0

_Answer = TypeVar("_Answer")


class Instance(KeptScene):
    """A running visualization server. Made by :func:`initialize_visualization_server` or :func:`query_visualization_server`.

    Connects when it is first needed. May be used from any thread, and as a context manager that closes it.

    Parameters
    ----------
    host, port, token
        Where it listens, and the owner's token.
    process
        The sidecar's process, where this process started it: it ends when the instance is closed.
    restarts
        Start that process again, at the same place and with the same volumes, when it dies without having been asked to.
    trust
        Whom to believe that it is the instance; TLS is spoken where there is somebody.
    stop
        Ends it where somebody else, such as the scheduler, keeps account of it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        token: str,
        *,
        process: SidecarProcess | None = None,
        restarts: bool = False,
        trust: Trust | None = None,
        stop: Callable[[], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.trust = trust
        self._endpoint = Endpoint(host, port, token, trust)
        self._process = process
        self._restarts = restarts and process is not None
        self._stop = stop
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._declared = DeclaredVolumes()
        self._closed = False

    # Reaching it

    @property
    def visualization_server_url(self) -> str:
        """URL of the viewer page. Each reading mints a ticket that lets in one browser, within two minutes.

        With the transport ``"proxy"`` it is a path on the Jupyter server, for an IFrame in its pages.
        """
        return page_url(self)

    def link(self, role: PageRole = "edit") -> str:
        """Give such a URL for ``"edit"``, or ``"view"``: who may look, follow and set looks for himself, but draw nothing."""
        return page_url(self, role)

    @property
    def scheme(self) -> str:
        """``"https"``, or ``"http"`` on this machine."""
        return "http" if self.trust is None else "https"

    @property
    def address(self) -> str:
        """What :func:`voxbeam.connect` takes on another machine. **A secret**: whoever has it may do everything here."""
        known = "" if self.trust is None or self.trust.fingerprint is None else f"&sha256={self.trust.fingerprint}"
        return f"{self.scheme}://{self._place}/#token={self._endpoint.token}{known}"

    def ticket(self, use: str = "stream", role: str = "edit", origin: str = "none") -> str:
        """Mint a single-use ticket.

        Parameters
        ----------
        use
            ``"stream"`` (30 s) or ``"page"`` (120 s).
        role
            ``"view"``, ``"edit"`` or ``"owner"``.
        origin
            A web origin, ``"self"``, ``"loopback"``, or ``"none"`` for a native client.
        """
        self._refuse_closed()
        return self._asked(lambda: self._endpoint.ticket(use, role, origin))

    def status(self) -> dict[str, Any]:
        """What it holds and has sent, and who is connected."""
        self._refuse_closed()
        return self._asked(self._endpoint.status)

    @property
    def alive(self) -> bool:
        """Whether it still answers, as far as is known here without asking."""
        connection = self._connection
        return (
            not self._closed
            and (self._process is None or self._process.alive or self._returns)
            and (connection is None or connection.gone is None)
        )

    # What it holds

    @property
    def id(self) -> str:
        """Its id, new at each start."""
        return str(self._connected().welcome["instance"])

    @property
    def store_bytes(self) -> int:
        """Bytes of bricks it can hold: the budget of its store and, where it spills, of the disk."""
        return int(self._connected().welcome["store_bytes"])

    @property
    def volumes(self) -> dict[str, Volume]:
        """Its volumes by name, as they are now, whoever rendered them."""
        self._connected()
        return self._table.all()

    @property
    def annotations(self) -> Annotations:
        """What people marked, shared by all its viewers and kernels.

        When the instance is gone, those last known can still be read.
        """
        self._sync_scene()
        return self._annotations

    @property
    def layers(self) -> Layers:
        """How its volumes look, by their names, shared by all its viewers and kernels: ``instance.layers["ct"].mode = "mip"``.

        When the instance is gone, what was last known can still be read.
        """
        self._sync_scene()
        return self._layers

    @property
    def bookmarks(self) -> Bookmarks:
        """Named views, shared by all its viewers and kernels.

        When the instance is gone, those last known can still be read.
        """
        self._sync_scene()
        return self._bookmarks

    def labels(self, name: str, **options: Unpack[LabelOptions]) -> Labels:
        """Labels of that name, which the instance holds and people paint: those that are there, or new ones, all 0.

        For the options see :func:`voxbeam.labels.opening.open_labels`: ``like``, ``shape``, ``dtype``, ``voxel_size``,
        ``origin``, ``unit``, ``classes``.

        Examples
        --------
        >>> tissue = instance.labels("tissue", classes={1: "grey", 2: "white"})  # doctest: +SKIP
        >>> tissue[40, 50:60, 50:60] = 1  # doctest: +SKIP
        """
        from voxbeam.labels.opening import open_labels  # noqa: PLC0415  few paint

        self._sync_scene()
        return open_labels(self._label_wire, self._table, self._scene.layers, name, **options)

    @property
    def people(self) -> list[Person]:
        """Who looks at it now, where and with which tool: one :class:`Person` for each viewer, by name.

        >>> [person.name for person in instance.people if person.tool == "box"]  # doctest: +SKIP
        ['Ada']
        """
        self._refuse_closed()
        self._sync_scene()
        return self._scene.presence.people()

    @property
    def producer(self) -> Producer:
        """Serves this process's volumes to it."""
        with self._lock:
            connection = self._connected()
            if self._producer is None:
                from voxbeam.producer import Producer  # noqa: PLC0415  an instance without volumes needs none

                self._producer = Producer(connection)
            return self._producer

    def declare(self, volume: Any, options: Options, fallback_name: str | None) -> list[ProducedVolume]:
        """Offer a volume, or each channel of an image. `fallback_name` is for data that has none itself."""
        return self._declared.declare(self.producer, volume, options, fallback_name)

    def declare_points(self, cloud: PointCloud) -> ProducedVolume:
        """Offer a point cloud to the instance, in place of what has the same name."""
        return self._declared.declare_points(self.producer, cloud)

    def declare_again(self, other: Instance) -> None:
        """Offer what this process rendered here to another instance too."""
        self._declared.again(other._declared, other.producer)

    def declared(self, volume: Any, options: Options) -> list[ProducedVolume]:
        """What was made here of the very same ``volume`` with the same options, or with any where `options` says nothing."""
        return self._declared.find(volume, options)

    def remove_volume(self, name: str) -> None:
        """Take a volume that was rendered here, or an image with its channels, out of the instance. Annotations stay."""
        self._declared.remove(name, self.volumes)

    # Its end

    def close(self) -> None:
        """Let go of it. An embedded instance ends; one that was given by a scheduler stays, with what is in its store."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._closed = True
            if self._producer is not None:
                self._producer.close()
            if self._connection is not None:
                self._connection.close()
            if self._process is not None:
                self._process.stop()

    def stop(self) -> None:
        """End the instance itself, for everyone, with all that is in its store."""
        if self._process is None and not self._closed:
            if self._stop is not None:
                self._stop()
            else:
                self._endpoint.stop()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Inside

    @property
    def _place(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"

    def _refuse_closed(self) -> None:
        if os.getpid() != self._pid:
            raise VoxbeamError(
                f"The instance at {self._place} was opened by the process {self._pid}, this one's parent.", "Query it again here."
            )
        if self._closed:
            raise gone_error(self.host, self.port, "it was closed here")
        if self._process is not None and not self._process.alive and not self._returns:
            raise gone_error(self.host, self.port, "its process has ended")
        if self._connection is not None and self._connection.gone is not None:
            raise gone_error(self.host, self.port, self._connection.gone)

    @property
    def _returns(self) -> bool:
        """Whether its process, should it have died, is started again."""
        return self._restarts and self._process is not None and self._process.may_restart

    def revive(self) -> bool:
        """Start a process that has died again, as what it was; False where that is given up."""
        process = self._process
        if not self._returns or process is None:
            return False
        restored: dict[str, Any] = {"instance": process.instance, "last_handle": 0, "volumes": []}
        if self._connection is not None:
            restored |= self._table.restored()
            scene = self._scene.update()
            if scene is not None:
                restored["scene"] = base64.b64encode(scene).decode()
        return process.restart(restored)

    def _asked(self, request: Callable[[], _Answer]) -> _Answer:
        """Make a request; once more where the process died and was started again."""
        process = self._process
        before = process.pid if process is not None else 0
        try:
            return request()
        except InstanceGoneError:
            if process is None or not self._restarts:
                raise
            end = time.monotonic() + BURIAL_SECONDS
            while process.pid == before and (process.alive or not self.revive()):
                if not self._returns or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            return request()

    def _sync_scene(self) -> None:
        if self._connection is None or not self._scene.wait_synced(0):
            self._connected()
            if not self._scene.wait_synced(SYNC_SECONDS):
                self._refuse_closed()
                raise VoxbeamError(f"The instance at {self._place} did not send its scene in {SYNC_SECONDS:g} s.", "Try again.")

    def _connected(self) -> Connection:
        self._refuse_closed()
        with self._lock:
            if self._connection is None:
                process = self._process
                if process is not None and not process.alive:
                    self.revive()
                connection = Connection(
                    host=self.host,
                    port=self.port,
                    ticket=lambda: self._endpoint.ticket("stream", "owner", "none"),
                    kind="producer",
                    client=f"voxbeam-python/{__version__}",
                    alive=None if process is None else lambda: process.alive,
                    revive=self.revive,
                    trust=self.trust,
                )
                self._table = VolumeTable(connection, self._declared.update)
                self._scene = Scene(connection.send)
                self._annotations = Annotations(self._scene, self._table.find, self._refuse_closed)
                self._history = History(connection.send, self._refuse_closed)
                self._layers = Layers(self._scene.layers, lambda name: self._table.find(name) is not None, self._refuse_closed)
                self._label_wire = LabelWire(connection)
                self._bookmarks = Bookmarks(self._scene.bookmarks, self._refuse_closed)
                connection.on_open(self._scene.opened)
                connection.on_beat(self._scene.announcement)
                connection.on(FrameType.SCENE, self._scene.receive)
                connection.on(FrameType.SAVED, self._scene.receive_saved)
                connection.on(FrameType.ERROR, self._scene.not_taken)
                connection.on(FrameType.HISTORY, self._history.receive)
                connection.on_close(self._broken)
                self._connection = connection.start()
            return self._connection

    def _broken(self, reason: str) -> None:
        connection = self._connection
        if connection is not None and connection.gone is not None:
            self._annotations.fail_waiting(gone_error(self.host, self.port, reason))

    def _words(self) -> str:
        try:
            status = self.status()
        except InstanceGoneError:
            return f"{self._place}, gone"
        except VoxbeamError as error:
            return f"{self._place}, {error.message}"
        count = len(status["volumes"])
        size, unit = (2**30, "GiB") if status["store_bytes"] >= 2**30 else (2**20, "MiB")
        used, whole = status["used_bytes"] / size, status["store_bytes"] / size
        return f"{self._place}, {count} volume{'' if count == 1 else 's'}, store {used:.1f} of {whole:.1f} {unit}"

    def __repr__(self) -> str:
        return f"<Instance {self._words()}>"

    def _repr_html_(self) -> str:
        return f"<div><strong>Instance</strong> {html.escape(self._words())}</div>"
