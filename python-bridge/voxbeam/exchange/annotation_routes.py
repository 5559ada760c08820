"""What can be asked of annotations: all of them, to take some over, and to remove one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import VoxbeamError
from voxbeam.exchange.answers import Answer, RefusedError, nothing_here, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.exchange.answers import Asked

#: What stands in messages in place of a file's name.
_REQUEST = Path("the request")


class AnnotationRoutes:
    """Routes of ``view.annotations``. They travel as in the files of ``annotations.save("….json")``."""

    def __init__(self, annotations: Any) -> None:
        self._annotations = annotations

    def about(self) -> dict[str, Any]:
        """How many there are."""
        return {"kind": "annotations", "count": len(self._annotations)}

    def answer(self, asked: Asked) -> Answer:
        """Answer ``GET`` and ``PUT`` of all, and ``DELETE`` of one."""
        if asked.path == ("annotations",) and asked.method == "GET":
            return self._all()
        if asked.path == ("annotations",) and asked.method == "PUT":
            return self._take(asked)
        if len(asked.path) == 2 and asked.path[0] == "annotations" and asked.method == "DELETE":
            if not any(one.id == asked.path[1] for one in self._annotations):
                raise RefusedError(404, f"there is no annotation {asked.path[1][:200]!r}")
            self._annotations.remove(asked.path[1])
            return said({"removed": 1})
        raise nothing_here(asked)

    def listen(self, tell: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Tell of each annotation that is added, changed or removed."""
        from voxbeam.annotation.files import record_of  # noqa: PLC0415

        def told(events: Any) -> None:
            for event in events:
                tell({"event": event.kind, "by": event.by, "annotation": record_of(event.annotation)})

        stop: Callable[[], None] = self._annotations.on_change(told)
        return stop

    def _all(self) -> Answer:
        from voxbeam.annotation.files import SavedAnnotations, head_of, record_of  # noqa: PLC0415

        here = self._annotations
        saved = SavedAnnotations(list(here), list(here.layers), dict(here.classes))
        return said({**head_of(saved), "annotations": [record_of(one) for one in saved.annotations]})

    def _take(self, asked: Asked) -> Answer:
        """New ones are added, others changed; those that are not in the request stay."""
        from voxbeam.annotation.files import saved_of  # noqa: PLC0415

        content = asked.json()
        records = content.get("annotations") if isinstance(content, dict) else None
        if not isinstance(records, list):
            raise RefusedError(400, "the body holds no annotations of voxbeam: an object with a list of them is missing")
        try:
            theirs = saved_of(_REQUEST, content, records)
            here = {one.id: one for one in self._annotations}
            news = [one for one in theirs.annotations if one.id is None or here.get(one.id) != one]
            taken = self._annotations.merge(news, "replace", theirs.classes)
        except VoxbeamError as error:
            raise RefusedError(422, error.message, remedy=error.remedy) from None
        return said({"taken": len(taken), "ids": [one.id for one in taken]})
