"""What stands in front of the gallery's camera: `gallery_scenes.py GROUP` holds the volumes of a group in an instance of its own.

First it prints the group's scenes as a line of JSON. Then it takes the name of a scene from each line of its input, brings the
layers into its look, and answers with the page's address and the number of the bookmark that looks at it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

import voxbeam as rv
from voxbeam.embedded import embedded_instance

if TYPE_CHECKING:
    from collections.abc import Callable

#: Half the vertical angle of the viewer's camera, as a tangent.
TAN = 0.315


@dataclass
class Scene:
    """A picture: the look of its layers (others are hidden), and where it is looked at from."""

    name: str
    layers: dict[str, dict[str, Any]]
    #: Yaw and pitch in degrees, and how large what is looked at stands in the picture.
    camera: tuple[float, float, float] = (-52, 24, 1.0)
    target: tuple[float, float, float] | None = None
    layout: str = "volume"
    cross: tuple[float, float, float] | None = None
    clip: dict[str, Any] = field(default_factory=dict)
    #: How the slices stand in 3D.
    planes: dict[str, Any] = field(default_factory=dict)
    #: How thick the slices are, and how turned.
    slab: dict[str, Any] = field(default_factory=dict)
    turn: tuple[float, ...] = ()
    light: tuple[float, float, float] = ()  # type: ignore[assignment]
    theme: str = "dark"
    #: Keys that are pressed once it stands.
    keys: tuple[str, ...] = ()
    #: The section of the side panel that stands at its top; empty: the first.
    section: str = ""
    #: Of the picture, where the page is not shown.
    size: tuple[int, int] = (480, 360)
    #: The whole page of this size; None: only the picture.
    page: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.layout == "slices" and self.page is None and self.size == (480, 360):
            self.size = (600, 240)


# -- a brain: modes, slices, labels, clipping, the viewer ---------------------------------------------------------------------

SOFT = [(0, 0), (0.25, 0), (0.45, 0.08), (0.75, 0.25), (1, 0.6)]
EDGE = """uniform float edge;  // 0 0.2 0.06
vec4 shade(Sample s) {
  float steep = smoothstep(edge * .3, edge, length(s.gradient));
  vec3 color = mix(vec3(.1, .35, 1.), vec3(1., .6, .15), smoothstep(.45, .85, s.value));
  return vec4(color * (.4 + .6 * steep), steep * .06);
}"""


def brain() -> list[Scene]:
    """The MNI152 template, and a parcellation of its grey matter into 120 regions of arbitrary ids."""
    from nilearn.datasets import load_mni152_gm_mask, load_mni152_template  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    template = load_mni152_template(resolution=1)
    volume = (template.get_fdata().T * 65535).astype("uint16")
    grey = load_mni152_gm_mask(resolution=1).get_fdata().T > 0.5
    voxels = np.argwhere(grey)
    rng = np.random.default_rng(4)
    seeds = voxels[rng.choice(len(voxels), 120, replace=False)]
    regions = np.zeros(volume.shape, "uint32")
    regions[grey] = 1000 + 37 * cKDTree(seeds).query(voxels)[1]
    space = {"voxel_size": (1, 1, 1), "unit": "mm", "origin": template.affine[:3, 3][::-1]}
    rv.render_volume(volume, name="T1", **space)
    rv.render_volume(regions, name="regions", kind="labels", **space)
    chosen = [int(regions[tuple(seeds[i])]) for i in (3, 20, 71, 90, 101, 44)]
    look = {"window": (9000, 58000), "colormap": "gray", "points": SOFT}
    solid = [(0, 0), (0.25, 0), (0.35, 0.5), (1, 0.9)]
    side, middle = (-35, 25, 2.35), (0, -17, 5)
    half = {"planes": [{"normal": (-1, 0, 0), "offset": -3}]}
    corner = {"planes": [{"normal": (-0.5, -0.75, -0.4), "offset": 0}]}
    slab = {"box": {"min": (-75, -110, 2), "max": (75, 76, 18)}}

    def seen(name: str, t1: dict[str, Any], labels: dict[str, Any] | None = None, **more: Any) -> Scene:
        layers = {"T1": {**look, **t1}, **({"regions": labels} if labels else {})}
        return Scene(name, layers, **{"camera": side, "target": middle, **more})

    views = {"layout": "four", "cross": (8, -20, 12)}
    return [
        seen("dvr", {"colormap": "magma", "points": [(0, 0), (0.3, 0), (0.6, 0.05), (1, 0.3)]}),
        seen("mip", {"mode": "mip", "colormap": "inferno", "window": (40000, 61500)}),
        seen("minip", {"mode": "minip", "window": (10000, 56000), "colormap": "bone"}, camera=(-90, 89, 2.35), clip=slab),
        seen("mean", {"mode": "mean", "window": (0, 38000), "colormap": "bone"}, camera=(0, 4, 2.35)),
        seen("iso", {"mode": "iso", "window": (0, 60000), "iso": 0.75, "shading": "local", "colormap": "#ffe3cc"}),
        seen("clip_plane", {"shading": "local", "points": solid}, camera=(25, 18, 2.35), clip=half),
        seen("clip_turned", {"shading": "local", "colormap": "magma", "points": solid}, camera=(38, 28, 2.35), clip=corner),
        seen(
            "planes", {"shading": "local", "points": solid}, {"opacity": 0.55}, camera=(38, 28, 2.35), cross=(8, -20, 12),
            planes={"axial": "textured", "coronal": "textured", "sagittal": "textured", "cut": True},
        ),
        seen("shader", {"window": (6000, 60000), "shader": EDGE, "shading": "local"}, camera=(-60, 20, 2.35)),
        seen("labels", {}, {"opacity": 0.95, "shading": "local"}),
        seen(
            "labels_outline", {"window": (3000, 60000)}, {"label_style": "outline", "opacity": 1},
            layout="slices", cross=(8, -20, 12), keys=("r",),
        ),
        seen(
            "slab", {"window": (20000, 64000), "colormap": "magma"}, layout="slices", cross=(8, -20, 12), keys=("r",),
            slab={"thickness": 30, "mode": "max"},
        ),
        seen(
            "labels_isolated", {"points": [(0, 0), (0.25, 0), (0.4, 0.006), (1, 0.02)], "shading": "local"},
            {"opacity": 1, "selected": chosen, "isolate": True},
        ),
        seen("four", {"shading": "local", "points": solid}, {"opacity": 0.45}, **views, keys=("r",)),
        seen(
            "oblique", {"shading": "local", "points": solid}, {"opacity": 0.35}, **views, keys=("r", "w"),
            turn=(0.213, -0.17, 0.038, 0.961),
        ),
        seen(
            "viewer_dark", {"colormap": "magma", "points": [(0, 0), (0.3, 0), (0.5, 0.15), (1, 0.7)], "shading": "scattering"},
            **views, page=(960, 640),
        ),
        seen("viewer_light", {"points": solid, "shading": "local"}, {"opacity": 0.4}, **views, theme="light", page=(960, 640)),
    ]


# -- a phantom: shading, the place of layers, slices ---------------------------------------------------------------------------

GLASS = [(0, 0), (0.2, 0), (0.28, 0.012), (0.75, 0.02), (0.85, 0.4), (1, 0.9)]


def phantom() -> list[Scene]:
    """A gyroid in a ball, within three shells."""
    rv.render_volume(rv.synthetic.phantom(256, "uint8"), name="phantom", unit="mm")
    rv.render_volume(rv.synthetic.phantom(160, "uint8", periods=4), name="small", unit="mm")
    look = {"window": (0, 255), "points": [(0, 0), (0.15, 0), (0.25, 0.6), (1, 0.9)], "colormap": "YlOrBr_r"}
    open_shells = {"planes": [{"normal": (-0.35, 0.85, -0.4), "offset": 8}]}
    light = (0.75, -0.35, 0.8)
    shadings = [
        Scene(f"shading_{kind}", {"phantom": {**look, "shading": kind}}, light=light, camera=(-62, 26, 1.9), clip=open_shells)
        for kind in ("none", "local", "scattering", "occlusion")
    ]
    core = [(0, 0), (0.75, 0), (0.85, 0.5), (1, 0.9)]
    place = {"translate": (108, 106, 102), "rotate": (0.2, 0.35, 0.1, 0.9), "scale": (1.5, 0.9, 0.9)}
    return [
        *shadings,
        Scene(
            "transforms",
            {
                "phantom": {"window": (0, 255), "colormap": "#ffb070", "points": core, "shading": "scattering"},
                "small": {"window": (0, 255), "colormap": "#60c8ff", "points": core, "transform": place, "shading": "scattering"},
            },
            camera=(-62, 22, 2.1), target=(184, 158, 118), light=(-0.75, -0.65, 0.7),
        ),
        Scene(
            "clip_box", {"phantom": {**look, "colormap": "turbo", "shading": "occlusion"}},
            clip={"box": {"min": (-0.5, 100, -0.5), "max": (255.5, 255.5, 255.5)}}, camera=(-62, 22, 1.6), keys=("c",),
        ),
        Scene("slices", {"phantom": {"window": (0, 255), "colormap": "magma"}}, layout="slices", keys=("r",)),
    ]


# -- cells: channels that add --------------------------------------------------------------------------------------------------


def cells() -> list[Scene]:
    """Nuclei, membranes and spots, as a fluorescence microscope has them."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    rng = np.random.default_rng(7)
    shape = (96, 160, 160)
    seeds = rng.uniform((10, 10, 10), (86, 150, 150), (60, 3))
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).reshape(-1, 3)
    near, _ = cKDTree(seeds).query(grid, k=2)
    first, second = near[:, 0].reshape(shape), near[:, 1].reshape(shape)
    nuclei = np.clip(1.4 - first / 7, 0, 1) * (0.7 + 0.3 * gaussian_filter(rng.normal(size=shape), 1.5) * 6)
    membranes = np.exp(-(((second - first) / 1.8) ** 2)) * (first < 24)
    spots = np.zeros(shape)
    at = tuple(np.clip(seeds[rng.integers(0, 60, 900)] + rng.normal(0, 7, (900, 3)), 0, np.array(shape) - 1).astype(int).T)
    spots[at] = rng.uniform(0.4, 1, 900)
    spots = gaussian_filter(spots, 1.1) * 16
    stack = np.stack([np.clip(gaussian_filter(c, 0.7), 0, 1) * 255 for c in (nuclei, membranes, spots)]).astype("uint8")
    names = ["nuclei", "membranes", "spots"]
    rv.render_volume(stack, name="cells", axes="czyx", channels=names, unit="µm", voxel_size=(0.5, 0.5, 0.5))
    channel = {"blend": "additive", "window": (10, 230), "points": [(0, 0), (0.15, 0), (1, 0.5)]}
    layers = {
        "cells/nuclei": {**channel, "colormap": "#3f7bff"},
        "cells/membranes": {**channel, "colormap": "#ff2f9c", "points": [(0, 0), (0.3, 0), (1, 0.04)]},
        "cells/spots": {**channel, "colormap": "#5dff6a", "window": (5, 110), "points": [(0, 0), (0.1, 0), (0.5, 1), (1, 1)]},
    }
    return [Scene("channels", layers, camera=(-60, 32, 2.1))]


# -- a galaxy: points as particles ---------------------------------------------------------------------------------------------


def galaxy() -> list[Scene]:
    """Half a million points on two arms."""
    rng = np.random.default_rng(1)
    n = 500_000
    radius = rng.exponential(3.0, n)
    angle = 4 * np.log1p(radius) + rng.integers(0, 2, n) * np.pi + rng.normal(0, 0.35, n)
    xyz = np.stack([radius * np.cos(angle), radius * np.sin(angle), rng.normal(0, 0.25, n) * np.exp(-radius / 6)], axis=1)
    keep = radius < 14
    brightness = rng.lognormal(0, 0.6, n) * np.exp(-radius / 5)
    rv.render_points(xyz[keep], brightness[keep], name="galaxy", unit="kpc", radius=(0.01, 0.12), window=(0, 2))
    camera = (-60, 38, 2.6)
    return [
        Scene("points", {"galaxy": {"colormap": "plasma", "window": (0, 2.2), "gamma": 0.45, "radius": 2.5}}, camera=camera),
        Scene("points_range", {"galaxy": {"colormap": "turbo", "range": (0.8, 5), "window": (0.5, 2.5), "radius": 3}}, camera=camera),
    ]


# -- an exabyte ----------------------------------------------------------------------------------------------------------------


def exabyte() -> list[Scene]:
    """The Mandelbulb of 1,048,576 voxels along each edge, and the Mandelbrot set of 134,217,728."""
    bulb = rv.synthetic.mandelbulb()
    middle = np.full(3, 2**19, float)
    towards = np.array([0.45, -0.75, 0.48]) / np.linalg.norm([0.45, -0.75, 0.48])
    inside, outside = 0.0, 1.2 * 2**20 / 2.5
    while outside - inside > 0.5:  # where the surface is, to half a voxel
        half = (inside + outside) / 2
        x, y, z = (int(n) for n in middle + half * towards)
        solid = bulb.read(0, ((z, z + 1), (y, y + 1), (x, x + 1))).item() >= 250
        inside, outside = (half, outside) if solid else (inside, half)
    surface = tuple(float(n) for n in middle + inside * towards)
    few = {"min": tuple(n - 32 for n in surface), "max": tuple(n + 32 for n in surface)}
    rv.view(bulb, name="mandelbulb")
    rv.view(rv.synthetic.mandelbrot(), name="mandelbrot")
    points = [(0, 0), (0.25, 0), (0.6, 0.7), (1, 1)]
    layers = {"mandelbulb": {"window": (80, 255), "colormap": "magma", "shading": "local", "points": points}}
    solid = {"mandelbulb": {**layers["mandelbulb"], "colormap": "#ffb070", "points": [(0, 0), (0.8, 0), (1, 1)]}}
    return [
        Scene("exabyte", layers, camera=(-59, 29, 1.9)),
        Scene("exabyte_near", solid, camera=(-59, 42, 1.25 * 2**20 / 64), target=surface, clip={"box": few}),
        Scene(
            "mandelbrot", {"mandelbrot": {"window": (0, 255), "colormap": "magma", "gamma": 0.6}}, layout="slices",
            size=(600, 400), keys=("1", "r"),
        ),
        Scene("debug", layers, camera=(-59, 35, 5), target=surface, keys=("d",), page=(640, 500)),
    ]


# -- time ----------------------------------------------------------------------------------------------------------------------


def time() -> list[Scene]:
    """A phantom that moves."""
    rv.render_volume(rv.synthetic.phantom(128, "uint8", periods=4, times=24, time_step=1, time_unit="min"), name="phantom")
    look = {"window": (0, 255), "colormap": "plasma", "points": GLASS, "shading": "local"}
    return [Scene("time", {"phantom": look}, camera=(-52, 24, 1.8), keys=(".",) * 9, page=(560, 460))]


# -- learning ------------------------------------------------------------------------------------------------------------------


def learning() -> list[Scene]:
    """Grey matter, predicted from nine strokes."""
    from nilearn.datasets import load_mni152_gm_mask, load_mni152_template  # noqa: PLC0415

    template = load_mni152_template(resolution=2)
    volume = (template.get_fdata().T * 65535).astype("uint16")
    grey = load_mni152_gm_mask(resolution=2).get_fdata().T > 0.5
    strokes = np.zeros(volume.shape, "uint8")
    for z in (25, 40, 55):
        for y in (35, 57, 80):
            strokes[z, y, 10:90] = np.where(grey[z, y, 10:90], 1, 2)
    space = {"voxel_size": (2, 2, 2), "unit": "mm", "origin": template.affine[:3, 3][::-1]}
    rv.render_volume(volume, name="T1", **space)
    rv.render_volume(strokes, name="strokes", kind="labels", **space)
    learner = rv.learn(volume, strokes, name="grey matter")
    learner.train()
    assert learner.prediction is not None
    learner.prediction.wait()
    layers = {
        "T1": {"window": (3000, 60000), "points": [(0, 0), (0.25, 0), (0.4, 0.006), (1, 0.02)]},
        "grey matter": {"opacity": 0.5, "selected": [1], "isolate": True, "label_colors": {1: "#ffb000"}, "shading": "local"},
        "strokes": {"opacity": 1, "label_colors": {1: "#ff3b30", 2: "#34c8ff"}},
    }
    return [Scene("learning", layers, layout="four", cross=(8, -16, 6), camera=(-35, 25, 2.2), keys=("r",), page=(900, 600))]


# -- annotation and painting ---------------------------------------------------------------------------------------------------

GLASS = {"window": (3000, 60000), "points": [(0, 0), (0.25, 0), (0.4, 0.006), (1, 0.02)]}


def held_brain() -> Any:
    """The template at 2 mm, and the instance that holds it."""
    from nilearn.datasets import load_mni152_template  # noqa: PLC0415

    template = load_mni152_template(resolution=2)
    volume = (template.get_fdata().T * 65535).astype("uint16")
    instance = embedded_instance()
    rv.render_volume(volume, instance, name="T1", voxel_size=(2, 2, 2), unit="mm", origin=template.affine[:3, 3][::-1])
    return instance


def annotation() -> list[Scene]:
    """Shapes of every kind in one slice of a brain, all selected."""
    marks = held_brain().annotations
    marks.classes["ventricle"] = "#34c8ff"
    marks.classes["nucleus"] = "#ffb000"
    z = 39
    left = [(z, 74, 45), (z, 80, 42), (z, 84, 43), (z, 80, 47), (z, 75, 48)]
    marks.add(rv.Polygon(voxel=left, name="left horn", label="ventricle"))
    marks.add(rv.Polygon(voxel=[(z, y, 98 - x) for z, y, x in left], name="right horn", label="ventricle"))
    marks.add(rv.Ellipsoid(voxel=(z, 58, 43), radii=(5, 7, 5), name="left thalamus", label="nucleus"))
    marks.add(rv.Ellipsoid(voxel=(z, 58, 55), radii=(5, 7, 5), name="right thalamus", label="nucleus"))
    marks.add(rv.Box((z - 8, 66, 28), (z + 8, 84, 38), name="insula"))
    marks.add(rv.Polyline(voxel=[(z, 20, 49), (z, 30, 50), (z, 42, 49), (z, 50, 50)], name="midline"))
    marks.add(rv.Point(voxel=(z, 90, 49), name="genu"))
    look = {"T1": {**GLASS, "points": [(0, 0), (0.25, 0), (0.4, 0.004), (1, 0.015)]}}
    place: dict[str, Any] = {"layout": "four", "cross": (0, -16, 6), "camera": (-35, 25, 2.2), "page": (1000, 660)}
    return [Scene("annotation", look, keys=("Control+a",), section="Annotations", **place)]


def painting() -> list[Scene]:
    """Two tissues, painted by balls within ranges of values; the panel that does it."""
    instance = held_brain()
    named = {1: ("white matter", "#ffb000"), 2: ("grey matter", "#5ad1a0"), 3: ("fluid", "#34c8ff")}
    tissue = instance.labels("tissue", classes={label: {"name": name, "color": color} for label, (name, color) in named.items()})
    for label, within in ((1, (53000, 65535)), (2, (38000, 52999)), (3, (6000, 30000))):
        tissue.paint([(39, 40, 49), (39, 70, 49)], 22, label, within=within)
    layers = {"T1": GLASS, "tissue": {"opacity": 0.6, "shading": "local"}}
    place: dict[str, Any] = {"layout": "four", "cross": (8, -16, 6), "camera": (-35, 25, 2.2), "page": (1000, 660)}
    return [Scene("painting", layers, keys=("z", "h", "t"), section="Paint labels", **place)]


GROUPS: dict[str, Callable[[], list[Scene]]] = {
    f.__name__: f for f in (brain, phantom, cells, galaxy, exabyte, time, learning, annotation, painting)
}


def look_at(scene: Scene, instance: Any) -> dict[str, Any]:
    """The view of a scene as a bookmark holds it."""
    shown = instance.volumes[next(iter(scene.layers))].description
    if shown.kind == "points":
        middle, edge = (0.0, 0.0, 0.0), 20.0
    else:
        sizes = [n * size for n, size in zip(shown.shape, shown.voxel_size, strict=True)]
        middle = tuple(o + (n - 1) * v / 2 for o, n, v in zip(shown.origin, shown.shape, shown.voxel_size, strict=True))[::-1]
        edge = max(sizes)
    yaw, pitch, zoom = scene.camera
    camera = {"target": scene.target or middle, "distance": edge / TAN / zoom, "yaw": np.radians(yaw), "pitch": np.radians(pitch)}
    view = {"camera": camera, "clip": scene.clip, "planes": scene.planes, "slab": scene.slab, "turn": scene.turn, "layout": scene.layout}
    return {**view, **({"cross": scene.cross} if scene.cross else {}), **({"light": scene.light} if scene.light else {})}


def stage(scene: Scene, instance: Any) -> str:
    """Bring the layers into their look; gives the id of the scene's bookmark."""
    for name, layer in instance.layers.items():
        layer.reset()
        if name in scene.layers:
            layer.set(**scene.layers[name])
        else:
            layer.visible = False
    for bookmark in list(instance.bookmarks):
        instance.bookmarks.remove(bookmark)
    return str(instance.bookmarks.add(scene.name, **look_at(scene, instance)).id)


def main() -> None:
    """Serve the scenes of one group until standard input closes."""
    scenes = {scene.name: scene for scene in GROUPS[sys.argv[1]]()}
    instance = embedded_instance()
    print(json.dumps([asdict(scene) for scene in scenes.values()]), flush=True)
    for line in sys.stdin:
        bookmark = stage(scenes[line.strip()], instance)
        print(json.dumps({"url": instance.visualization_server_url, "bookmark": bookmark}), flush=True)


if __name__ == "__main__":
    main()
