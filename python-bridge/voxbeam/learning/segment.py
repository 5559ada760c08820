"""A trained network over a volume, shown as it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.embedded import instance_for
from voxbeam.errors import ParameterError
from voxbeam.keywords import caller_name, refuse_unknown
from voxbeam.learning.onnx_model import OnnxModel
from voxbeam.learning.predicted_levels import MEMORY_BYTES
from voxbeam.learning.prediction import Prediction
from voxbeam.learning.shown_image import shown_image
from voxbeam.learning.shown_prediction import follow_view, show_prediction, view_voxel
from voxbeam.learning.tile_predictor import TilePredictor

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from voxbeam.instance import Instance

_OPTIONS = (
    "model", "instance", "view", "name", "providers", "tile", "halo", "overlap", "mean", "std", "activation", "classes", "shade",
    "voxel_size", "unit", "origin", "memory", "folder", "threads", "background",
)


def segment(
    volume: Any,
    *,
    model: str | os.PathLike[str],
    instance: Instance | None = None,
    view: Any = None,
    name: str = "segmentation",
    providers: Sequence[Any] | None = None,
    tile: int | Sequence[int] | None = None,
    halo: int | Sequence[int] | None = None,
    overlap: int | Sequence[int] | None = None,
    mean: float | None = None,
    std: float | None = None,
    activation: str | None = None,
    classes: Sequence[int] | None = None,
    shade: int | None = None,
    voxel_size: float | Sequence[float] | None = None,
    unit: str | None = None,
    origin: float | Sequence[float] | None = None,
    memory: int = MEMORY_BYTES,
    folder: str | None = None,
    threads: int | None = None,
    background: bool = True,
    **unknown: NoReturn,
) -> Prediction:
    """Run a network of ONNX, such as a U-net, on a volume and show what it finds over it, what is looked at first.

    Parameters
    ----------
    volume
        An image: whatever :func:`render_volume` takes, or the name of a volume that this process shows.
    model
        Path of the network, float32 batch × channel × z × y × x to batch × class × z × y × x.
    providers
        Of onnxruntime, such as ``["CUDAExecutionProvider", "CPUExecutionProvider"]``; left out, a GPU's where there is one.
    tile, halo, overlap
        Voxels that the network gets at once, z, y, x; those cut off on each side of the result; those blended between neighbours.
    mean, std, activation
        The network gets ``(value - mean) / std``; ``"softmax"``, ``"sigmoid"`` or ``"none"`` makes its output probabilities.
    classes
        Labels of its outputs; 0, 1, 2, … where left out. A network with one output tells 1 from 0.
    shade
        A class, to show its probability in place of the uncertainty.
    instance, view, name, voxel_size, unit, origin, memory, folder, threads, background
        As for :func:`learn`.

    What is left out of tile, halo, overlap, mean, std, activation and classes is read from the file's metadata under these names.

    Returns
    -------
    Prediction
        On its way: ``prediction[z0:z1, y0:y1, x0:x1]`` gives labels, ``prediction.wait()`` waits for all.

    Raises
    ------
    SourceError
        The file cannot be read, or onnxruntime is not installed.
    ParameterError
        The network wants another input; the message says which.
    """
    refuse_unknown("segment", unknown, _OPTIONS)
    if view is not None and instance is None:
        instance = view.instance
    place = instance_for(instance, "segment")
    image = shown_image(volume, place, voxel_size=voxel_size, unit=unit, origin=origin, fallback_name=caller_name(volume))
    network = OnnxModel(
        model, image.channels, providers=providers, tile=tile, halo=halo, overlap=overlap, mean=mean, std=std,
        activation=activation, classes=classes,
    )
    if shade is not None and shade not in network.classes:
        raise ParameterError(f"shade is {shade!r}.", f"Give None for the uncertainty, or one of {network.classes}.")
    kind = "uncertainty" if shade is None else f"probability of {shade}"
    prediction = Prediction(
        image.shape, network.classes, memory=memory, folder=folder, threads=threads, background=background, name=name,
        shade_name=f"{name} {kind}", voxel_size=image.voxel_size, unit=image.unit, origin=image.origin,
    )
    prediction.renew(TilePredictor(image, network, shade=shade), view_voxel(view, image.voxel_size, image.origin))
    if view is not None:
        follow_view(view, image.voxel_size, image.origin, prediction.look_at)
    show_prediction(prediction, place)
    return prediction
