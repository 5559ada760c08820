"""Arrays that NumPy cannot read in place, of a GPU (CuPy, torch, JAX) or of floats it lacks (bfloat16): brought box by box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.chunked_source import NO_LEADING, ChunkedImage
from voxbeam.sources.numpy_source import DLPACK_CPU, plain
from voxbeam.sources.source import volume_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.source import Source

#: DLPack's numbers of memory that the processor does not read: CUDA, ROCm, CUDA managed, oneAPI, Metal.
DEVICES = {2: "CUDA", 10: "ROCm", 13: "CUDA managed", 14: "oneAPI", 8: "Metal"}
#: What is brought over at once.
BLOCK_EDGE = 128


class DeviceArray:
    """An array of a device, brought over by boxes."""

    def __init__(self, array: Any, shape: Shape) -> None:
        self._array = array
        self.shape = shape
        self.chunks = (BLOCK_EDGE, BLOCK_EDGE, min(shape[2], 4 * BLOCK_EDGE))
        self.leading_chunks = (1,) * (len(array.shape) - 3)

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """A box in the processor's memory."""
        return to_host(self._array[leading + tuple(slice(*span) for span in box)])


def to_host(part: Any) -> NDArray[Any]:
    """An array of a device as one of NumPy, by the library's own way, else by DLPack."""
    if hasattr(part, "detach") and hasattr(part, "cpu"):  # torch
        part = part.detach().cpu()
        return np.asarray(plain(part.float() if is_short_float(part) else part))
    if hasattr(part, "get"):  # CuPy
        return np.asarray(part.get())
    return np.array(np.from_dlpack(part, device="cpu", copy=True))


def is_short_float(tensor: Any) -> bool:
    """Whether a tensor's floats are of a kind that NumPy has no name for, all of whose values are float32 too."""
    name = str(getattr(tensor, "dtype", "")).rpartition(".")[2]
    return (name == "bfloat16" or name.startswith("float8_")) and hasattr(tensor, "float") and hasattr(tensor, "detach")


def open_device(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for an array whose memory is a device's, or whose floats NumPy does not know; None where it is another."""
    device = getattr(volume, "__dlpack_device__", None)
    if device is None or isinstance(volume, (type, np.ndarray)):
        return None
    try:
        kind = int(device()[0])
    except Exception as error:
        text = f"A {type(volume).__qualname__} does not say where its memory is: {error}."
        raise SourceError(text, "Give numpy.asarray(...).") from error
    if kind not in DEVICES and not (kind == DLPACK_CPU and is_short_float(volume)):
        return None
    shape = tuple(int(n) for n in volume.shape)
    leading = leading_axes(shape, axes)
    whole = volume_shape(shape if leading is None else shape[-3:])
    first = to_host(volume[tuple(slice(0, 1) for _ in shape)])  # says the dtype, and that it can be brought over
    where = DEVICES.get(kind, "the processor")
    image = ChunkedImage({0: DeviceArray(volume, whole)}, f"the array on {where}", first.dtype, "Is its device there?")
    return image.sources(leading or NO_LEADING, {})
