"""A prediction as two layers of an instance, over the image it was made of; and how a view moves to a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.geometry import voxel_to_world, world_to_voxel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voxbeam.geometry import Vec3
    from voxbeam.instance import Instance
    from voxbeam.learning.prediction import Prediction

#: What a volume is declared with beside its source.
_DECLARED = (
    "name", "voxel_size", "unit", "origin", "kind", "window", "colormap", "axes", "channels", "time_step", "time_unit",
)


def show_prediction(prediction: Prediction, instance: Instance) -> None:
    """Declare labels and shade: bricks are asked for as they are looked at, and none is filled. The shade is hidden at first."""
    options = dict.fromkeys(_DECLARED)
    for source in (prediction.labels, prediction.shade):
        for produced in instance.declare(source, options, None):
            produced.on_close(prediction.close)
    instance.layers[prediction.labels.name].set(opacity=0.4)
    instance.layers[prediction.shade.name].set(visible=False, opacity=0.7)


def follow_view(view: Any, voxel_size: Vec3, origin: Vec3, tell: Callable[[Vec3], None]) -> Callable[[], None]:
    """Call `tell` with the voxel through which a view's slices go, whenever it moves. Returns what ends that."""

    def moved(_change: Any = None) -> None:
        cross = list(view.cross)
        if len(cross) == 3:
            tell(world_to_voxel(cross, voxel_size, origin))

    view.observe(moved, "cross")
    return lambda: view.unobserve(moved, "cross")


def move_view(view: Any, voxel: Sequence[float], voxel_size: Vec3, origin: Vec3) -> None:
    """Let the slices of a view go through a voxel, and turn its camera around it."""
    world = list(voxel_to_world(voxel, voxel_size, origin))
    with view.hold_sync():
        view.cross = world
        if view.camera:
            view.camera = {**view.camera, "target": world}


def view_voxel(view: Any, voxel_size: Vec3, origin: Vec3) -> tuple[int, int, int] | None:
    """The voxel through which a view's slices go; None before its first picture."""
    if view is None or len(view.cross) != 3:
        return None
    z, y, x = (round(i) for i in world_to_voxel(view.cross, voxel_size, origin))
    return z, y, x
