"""Which dataset of an HDF5 file is the volume, and what NeXus and other conventions say about its voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.hdf5_file import Found, Hdf5File, attribute
from voxbeam.sources.places import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How unequal the steps of an axis may be that still counts as evenly spaced.
EVEN = 1e-3
#: The longest axis that is read.
MAX_TICKS = 2**20


def default_dataset(file: Hdf5File) -> tuple[Found, str | None]:
    """The volume of a file in which no dataset was named, and a sentence where it is not what NeXus calls the default.

    Raises
    ------
    SourceError
        Nothing in the file is a volume; what is in it is listed.
    """
    try:
        found = _by_default(file)
    except SourceError as error:
        found, missing = None, f" {error.message}"
    else:
        missing = ""
    if found is not None:
        return found, None
    found = next(_signals(file), None) or _largest(file)
    if found is None:
        text = f"{str(file.path)!r} holds no volume.{missing} {file.listing()}"
        raise SourceError(text, "Name a dataset: path.h5:/entry/data.")
    note = f"Of the file's datasets {found.path!r} is shown.{missing}" if missing or _count(file) > 1 else None
    return found, note


def _is_volume(item: Any) -> bool:
    shape, dtype = getattr(item, "shape", None), getattr(item, "dtype", None)
    if shape is None or dtype is None:
        return False
    return len(shape) >= 3 and dtype.kind in "biuf" and sum(n > 1 for n in shape) >= 3


def _count(file: Hdf5File) -> int:
    return sum(_is_volume(item) for _, item in file.datasets())


def _by_default(file: Hdf5File) -> Found | None:
    """What the chain of ``default`` attributes leads to."""
    group = file.handle["/"]
    here: Hdf5File = file
    for _ in range(8):
        name = attribute(group, "default")
        if not isinstance(name, str):
            name = _first_of_class(group, "NXentry") if attribute(group, "NX_class") in (None, "NXroot") else None
        if name is None:
            break
        found = here.find(name, group)
        if found is None:
            break
        group, here = found.item, found.file
        if _is_volume(group):
            return found
    return _signal(here, group)


def _first_of_class(group: Any, nx_class: str) -> str | None:
    for name in group:
        if group.get(name, getclass=True, getlink=True).__name__ == "HardLink" and attribute(group[name], "NX_class") == nx_class:
            return str(name)
    return None


def _signal(file: Hdf5File, group: Any) -> Found | None:
    """The signal of an NXdata group, where it is a volume."""
    if attribute(group, "NX_class") != "NXdata" and attribute(group, "signal") is None:
        return None
    name = attribute(group, "signal")
    if not isinstance(name, str):
        name = next((n for n in group if group.get(n) is not None and attribute(group[n], "signal") in (1, "1")), None)
    found = file.find(name, group) if name else None
    return found if found is not None and _is_volume(found.item) else None


def _signals(file: Hdf5File) -> Iterator[Found]:
    for path, item in file.objects():
        if attribute(item, "NX_class") == "NXdata":
            try:
                here = file.find(path)
                found = _signal(here.file, here.item) if here else None
            except SourceError:
                continue
            if found is not None:
                yield found


def _largest(file: Hdf5File) -> Found | None:
    volumes = [(path, item) for path, item in file.datasets() if _is_volume(item)]
    return file.find(max(volumes, key=lambda found: found[1].size)[0]) if volumes else None


def voxel_facts(found: Found, asked: str) -> dict[str, Any]:
    """Voxel size, unit and origin, as far as the file says them.

    Parameters
    ----------
    asked
        The path by which the dataset was reached: what is linked into an NXdata group has its axes there.
    """
    dataset = found.item
    size = attribute(dataset, "element_size_um")
    if isinstance(size, list) and len(size) == 3 and all(isinstance(n, float) and n > 0 for n in size):
        return {"voxel_size": tuple(size), "unit": "µm"}
    places = [(found.file, dataset.parent)]
    parent = found.file.find(asked.rpartition("/")[0] or "/") if asked else None
    if parent is not None:
        places.insert(0, (parent.file, parent.item))
    for file, group in places:
        facts = _from_axes(file, group, dataset.shape)
        if facts:
            return facts
    return {}


def _from_axes(file: Hdf5File, group: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    names = attribute(group, "axes")
    names = names.replace(",", ":").split(":") if isinstance(names, str) else names
    if not isinstance(names, list) or len(names) != len(shape):
        return {}
    steps: list[tuple[float, float, str]] = []
    for name, n in zip(names[-3:], shape[-3:], strict=True):
        try:
            found = file.find(str(name), group) if name != "." else None
        except SourceError:
            found = None
        step = _even_step(found.item, n) if found is not None else None
        if step is None:
            return {}
        steps.append(step)
    units = {unit for *_, unit in steps}
    if len(units) > 1:  # such as an angle before lengths: no scale bar is true for all three
        return {}
    return {"voxel_size": tuple(s for s, *_ in steps), "origin": tuple(o for _, o, _ in steps), "unit": unit_symbol(units.pop())}


def _even_step(axis: Any, n: int) -> tuple[float, float, str] | None:
    """Step, first value and unit of an evenly spaced, rising axis of `n` or `n` + 1 ticks."""
    if getattr(axis, "ndim", 0) != 1 or axis.shape[0] not in (n, n + 1) or axis.dtype.kind not in "iuf":
        return None
    if not 2 <= axis.shape[0] <= MAX_TICKS:
        return None
    ticks = np.asarray(axis[...], np.float64)
    steps = np.diff(ticks)
    step = float(steps.mean())
    if not np.isfinite(step) or step <= 0 or np.abs(steps - step).max() > EVEN * step:
        return None
    edges = axis.shape[0] == n + 1  # ticks are ends of voxels then
    return step, float(ticks[0]) + (step / 2 if edges else 0.0), str(attribute(axis, "units") or "")
