"""What an instance tells of how its scene is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxbeam.connection import Connection
    from voxbeam.history import History
    from voxbeam.saved import Saved
    from voxbeam.scene import Scene


class KeptScene:
    """The part of :class:`voxbeam.Instance` that is about what is on its disk."""

    if TYPE_CHECKING:  # what the instance has
        _scene: Scene
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
