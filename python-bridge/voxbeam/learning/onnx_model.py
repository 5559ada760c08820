"""A network in an ONNX file: what it wants, as the file says it, and what it makes of a block."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from voxbeam.errors import ParameterError, SourceError, sentence

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Shape

Activation = Literal["none", "softmax", "sigmoid"]
ACTIVATIONS = get_args(Activation)
#: Where neither the file nor the caller says it.
DEFAULT_TILE = 96
DEFAULT_HALO = 16
DEFAULT_OVERLAP = 8
MAX_TILE = 512
#: Used where they are there and nobody chose: what needs neither long preparation nor another machine.
_OWN_CHOICE = (
    "CUDAExecutionProvider", "ROCMExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider", "CPUExecutionProvider",
)


class OnnxModel:
    """A network (batch, channel, z, y, x) → (batch, class, z, y, x). Safe from several threads.

    What is left out is read from the file's metadata, under the same names: ``tile``, ``halo``, ``overlap`` (a whole number, or
    three with commas), ``mean``, ``std``, ``activation``, ``classes`` (labels of the outputs, with commas).

    Parameters
    ----------
    path
        Of the ``.onnx`` file.
    channels
        How many the image has.
    providers
        Of onnxruntime, the best first; left out, those there are: a GPU's before the processor's.
    tile, halo, overlap
        Voxels (z, y, x) of what the network gets at once; how many at each side of that are cut off the result; and how many
        neighbouring results share and are blended over.
    mean, std
        The network gets ``(value - mean) / std``.
    activation
        What makes its output probabilities: ``"softmax"``, ``"sigmoid"``, or ``"none"`` where they are.

    Raises
    ------
    SourceError
        The file is missing or damaged, or onnxruntime is not installed.
    ParameterError
        The network wants another input than this image and these tiles; the message says which.
    """

    def __init__(
        self, path: str | os.PathLike[str], channels: int, *, providers: Sequence[Any] | None = None, tile: Any = None,
        halo: Any = None, overlap: Any = None, mean: float | None = None, std: float | None = None, activation: str | None = None,
        classes: Sequence[int] | None = None,
    ) -> None:
        self._session = _session(Path(path), providers)
        self.name = Path(path).name
        said = self._session.get_modelmeta().custom_metadata_map

        def choose(name: str, given: Any, default: Any) -> Any:
            return said.get(name, default) if given is None else given

        self.halo = _three("halo", choose("halo", halo, DEFAULT_HALO), 0)
        self.overlap = _three("overlap", choose("overlap", overlap, DEFAULT_OVERLAP), 0)
        self.mean = _number("mean", choose("mean", mean, 0.0))
        self.std = _number("std", choose("std", std, 1.0))
        if not self.std > 0:
            raise ParameterError(f"std is {self.std:g}.", "Give a number above 0.")
        self._activation = cast("Activation", choose("activation", activation, "softmax"))
        if self._activation not in ACTIVATIONS:
            raise ParameterError(f"activation is {self._activation!r}.", f"Known are {', '.join(map(repr, ACTIVATIONS))}.")
        self.tile = self._fitting_tile(choose("tile", tile, None), channels)
        outputs = self._try(channels)
        listed = choose("classes", classes, None)
        self.classes = self._labels(listed, outputs)
        #: The processors or devices it runs on.
        self.providers: list[str] = list(self._session.get_providers())

    @property
    def core(self) -> Shape:
        """Voxels of a tile that are kept: without its halo."""
        z, y, x = (t - 2 * h for t, h in zip(self.tile, self.halo, strict=True))
        return z, y, x

    def probabilities(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of a tile (channels, z, y, x): float32 of shape (classes, z, y, x), without the halo."""
        given = (block[None] - np.float32(self.mean)) / np.float32(self.std)
        out = self._session.run(None, {self._session.get_inputs()[0].name: given})[0][0].astype(np.float32)
        inner = tuple(slice(h, n - h) for h, n in zip(self.halo, out.shape[1:], strict=True))
        out = out[:, inner[0], inner[1], inner[2]]
        if self._activation == "softmax" and len(out) > 1:
            out = np.exp(out - out.max(axis=0))
            out /= out.sum(axis=0)
        elif self._activation != "none":
            out = 1 / (1 + np.exp(-out))
        if len(out) == 1:
            out = np.concatenate([1 - out, out])
        return np.ascontiguousarray(out)

    def _fitting_tile(self, wanted: Any, channels: int) -> Shape:
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape)
        words = " × ".join(str(n) if isinstance(n, int) else "any" for n in shape)
        if len(inputs) != 1 or len(shape) != 5 or inputs[0].type != "tensor(float)":
            plural = "" if len(inputs) == 1 else "s"
            text = f"The model {self.name!r} wants {len(inputs)} input{plural}, the first {inputs[0].type} of {words}."
            raise ParameterError(text, "Give one with a single input tensor(float) of batch × channel × z × y × x.")
        if isinstance(shape[1], int) and shape[1] != channels:
            text = f"The model {self.name!r} wants {shape[1]} channels ({words}), and the image has {channels}."
            raise ParameterError(text, "Give an image of as many.")
        if isinstance(shape[0], int) and shape[0] != 1:
            text = f"The model {self.name!r} wants {shape[0]} blocks at once ({words})."
            raise ParameterError(text, "Export it for a batch of 1.")
        fixed = [n if isinstance(n, int) else None for n in shape[2:]]
        given = None if wanted is None else _three("tile", wanted, 1)
        for axis, (must, may) in enumerate(zip(fixed, given or (None,) * 3, strict=True)):
            if must is not None and may is not None and must != may:
                text = f"tile is {given}, and the model {self.name!r} wants {words}."
                raise ParameterError(text, f"Along {'zyx'[axis]} it is {must}.")
        z, y, x = (must or (given[i] if given else DEFAULT_TILE) for i, must in enumerate(fixed))
        least = [2 * h + o + 1 for h, o in zip(self.halo, self.overlap, strict=True)]
        if any(t < least_one or t > MAX_TILE for t, least_one in zip((z, y, x), least, strict=True)):
            margins = f"halo {self.halo} and overlap {self.overlap}"
            text = f"A tile of {z} × {y} × {x} leaves nothing between {margins}, or is above {MAX_TILE}."
            raise ParameterError(text, "Give a smaller halo and overlap, or another tile.")
        return z, y, x

    def _try(self, channels: int) -> int:
        """Run it once: how many classes it gives."""
        outputs = self._session.get_outputs()
        try:
            given = np.zeros((1, channels, *self.tile), np.float32)
            out = self._session.run(None, {self._session.get_inputs()[0].name: given})[0]
        except Exception as error:
            text = f"The model {self.name!r} cannot take a tile of {self.tile}: {sentence(error)}"
            raise ParameterError(text[:1000], "Give the tile that it was made for, tile=(z, y, x).") from error
        if out.ndim != 5 or out.shape[2:] != self.tile:
            text = f"The model {self.name!r} makes {outputs[0].name!r} of shape {out.shape} of a tile {self.tile}."
            raise ParameterError(text, "Its first output must be batch × class × z × y × x, as large as the tile.")
        return int(out.shape[1])

    def _labels(self, listed: Any, outputs: int) -> tuple[int, ...]:
        count = max(outputs, 2)
        try:
            labels = tuple(range(count)) if listed is None else tuple(
                int(one) for one in (listed.split(",") if isinstance(listed, str) else listed)
            )
        except ValueError:
            labels = ()
        if len(labels) != count or len(set(labels)) != count or min(labels) < 0 or max(labels) > 65_535:
            remedy = f"The model tells {count} apart: give a label from 0 to 65535 for each."
            raise ParameterError(f"classes is {listed!r}.", remedy)
        return labels


def _session(path: Path, providers: Sequence[Any] | None) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415  not everyone has it
    except ImportError as error:
        raise SourceError("onnxruntime is not installed.", "pip install 'voxbeam[learn]'") from error
    if not path.is_file():
        raise SourceError(f"There is no file {str(path)!r}.", "Give the path of an ONNX model.")
    there = onnxruntime.get_available_providers()
    wanted = [one for one in there if one in _OWN_CHOICE] if providers is None else list(providers)
    unknown = [one for one in wanted if (one if isinstance(one, str) else one[0]) not in there]
    if unknown:
        raise ParameterError(f"onnxruntime has no {unknown[0]!r} here.", f"It has {', '.join(there)}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # tiles are made by several threads; each sum has one order
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=wanted)
    except Exception as error:  # what the runtime raises for damaged bytes has no common kind
        text = f"{str(path)!r} cannot be read as a model: {sentence(error)}"
        raise SourceError(text[:1000], "Is it a complete ONNX file?") from error


def _three(name: str, value: Any, least: int) -> Shape:
    parts = value.split(",") if isinstance(value, str) else np.atleast_1d(value).tolist()
    try:
        numbers = [int(part) for part in parts]
    except (TypeError, ValueError):
        numbers = []
    numbers = numbers * 3 if len(numbers) == 1 else numbers
    if len(numbers) != 3 or min(numbers) < least:
        raise ParameterError(f"{name} is {value!r}.", f"Give a whole number from {least}, or three (z, y, x).")
    return numbers[0], numbers[1], numbers[2]


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ParameterError(f"{name} is {value!r}.", "Give a finite number.")
    return number
