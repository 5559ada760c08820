"""What an instance tells of how its scene is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from voxbeam.connection import Connection
    from voxbeam.endpoint import Endpoint
    from voxbeam.history import History
    from voxbeam.instance import Instance
    from voxbeam.saved import Saved
    from voxbeam.scene import Scene


class KeptScene:
    """The part of :class:`voxbeam.Instance` that is about what is on its disk."""

    if TYPE_CHECKING:  # what the instance has
        _scene: Scene
        _endpoint: Endpoint
        _history: History

        def _connected(self) -> Connection: ...
        def _sync_scene(self) -> None: ...
        def _refuse_closed(self) -> None: ...

    @property
    def history(self) -> History:
        """The restore points of what people drew: list them, make one, restore one."""
        self._connected()
        return self._history

    @property
    def saved(self) -> Saved:
        """How what is drawn is kept: ``"saved"``, ``"saving"``, ``"unsaved"`` or ``"memory"``; true where all is on disk."""
        self._sync_scene()
        return self._scene.saved.now

    def fork(self, scene: str | os.PathLike[str] | None = None) -> Instance:
        """Begin an instance of this process with a copy of everything that people drew and painted here.

        Annotations, their layers and classes, bookmarks, looks, painted labels and restore points are as they are on the disk
        of this instance, and both go their own ways from now on. Volumes that this process rendered here are there too.

        Parameters
        ----------
        scene
            The new instance's scene file; left out, one in the folder of scenes, which ``voxbeam scenes`` lists.

        Returns
        -------
        Instance
            For ``rv.view(volume, instance=…)``. It ends with this process, or when it is closed; its file stays.

        Raises
        ------
        ParameterError
            The file is there already, or there is no folder for it.
        SidecarError
            This instance keeps nothing.

        Examples
        --------
        >>> mine = instance.fork("mine.vxscene")  # doctest: +SKIP
        >>> mine.annotations.clear()  # doctest: +SKIP
        """
        from voxbeam.fork import fork_instance  # noqa: PLC0415

        return fork_instance(cast("Instance", self), scene)

    def copy_scene(self, path: Path) -> None:
        """Write all that is kept of the scene, as it is now, into a new file: ``scene=`` its path goes on with it."""
        self.flush()
        self._endpoint.scene(path)

    def flush(self, timeout: float = 10.0) -> None:
        """Wait until all that this process has drawn is on the instance's disk.

        Raises
        ------
        TimeoutError
            It was not within ``timeout`` seconds; the message says why.
        VoxbeamError
            The instance keeps nothing.
        """
        self._sync_scene()
        self._scene.saved.wait(timeout, self._refuse_closed)
