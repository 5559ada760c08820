"""Label volumes to other programs and back: equal voxels, the same place, names and colours, checked by their own libraries."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import dask.array
import nibabel
import nrrd
import numpy as np
import ome_zarr_models
import pytest
import SimpleITK
import tensorstore
import tifffile
import zarr
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import voxbeam as rv
from voxbeam.formats.label_extents import Extents
from voxbeam.formats.label_volume import slabs
from voxbeam.formats.run_lengths import from_text, masks_of, paint, to_text
from voxel_reference import pyramid

SHAPE = (20, 70, 90)
SIZE, ORIGIN, UNIT = (2.0, 0.5, 0.25), (10.0, 20.0, -30.0), "µm"
CLASSES = {1: {"name": "void", "color": "#ff8000"}, 3: {"name": "<b>fibre</b> & co", "color": "#0080ff"}, 7: "not there"}
ENDINGS = [".seg.nrrd", ".nii", ".nii.gz", ".ome.tif", ".ome.zarr", ".json", ".precomputed"]
#: One voxel alone, so that no axis can be swapped or turned unseen.
KNOWN = (4, 33, 71)


def labels(dtype="uint16") -> np.ndarray:
    z, y, x = np.indices(SHAPE)
    found = np.where((z - 9) ** 2 * 9 + (y - 30) ** 2 + (x - 40) ** 2 < 500, 1, 0)
    found[:, 50:60, 10:20] = 3
    found[KNOWN] = 2
    return found.astype(dtype)


def write(tmp_path, ending, array=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rv.LossWarning)
        return rv.export_labels(
            labels() if array is None else array, tmp_path / f"tissue{ending}", progress=False,
            **{"voxel_size": SIZE, "origin": ORIGIN, "unit": UNIT, "classes": CLASSES} | options,
        )


@pytest.mark.parametrize("ending", ENDINGS)
def test_there_and_back(tmp_path, ending):
    path = write(tmp_path, ending)
    back = rv.import_labels(path)
    assert (back.shape, back.name) == (SHAPE, "tissue" if ending != ".json" else "labels")
    np.testing.assert_array_equal(np.asarray(back), labels())
    np.testing.assert_array_equal(back[3:9, ::2, 40], labels()[3:9, ::2, 40])
    assert back[KNOWN] == 2
    scale = {".seg.nrrd": 1e-3, ".precomputed": 1e3}.get(ending, 1)
    assert back.unit == {".seg.nrrd": "mm", ".precomputed": "nm"}.get(ending, UNIT)
    np.testing.assert_allclose(back.voxel_size, np.array(SIZE) * scale, rtol=1e-12)
    np.testing.assert_allclose(back.origin, np.array(ORIGIN) * scale, rtol=1e-12)
    assert {label: one.name for label, one in back.classes.items()}.items() >= {1: "void", 3: "<b>fibre</b> & co"}.items()
    if ending != ".precomputed":
        assert back.classes[1].color == "#ff8000"
    assert sorted(tmp_path.iterdir()) == [path]  # nothing is left beside it
    shown = rv.open(back)  # it can be shown as it is
    assert (shown.kind, shown.shape, shown.voxel_size) == ("labels", SHAPE, back.voxel_size)


def test_slicer_reads_what_pynrrd_reads(tmp_path):
    held, header = nrrd.read(str(write(tmp_path, ".seg.nrrd")))
    np.testing.assert_array_equal(held.T, labels())
    assert held[KNOWN[::-1]] == 2
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_allclose(header["space directions"], np.diag([0.00025, 0.0005, 0.002]))
    np.testing.assert_allclose(header["space origin"], [-0.03, 0.02, 0.01])
    assert header["Segment1_Name"] == "Segment_2"
    assert header["Segment1_Extent"] == "71 71 33 33 4 4"
    assert header["Segment2_Extent"] == "10 19 50 59 0 19"
    assert header["Segment2_Name"] == "<b>fibre</b> & co"
    assert header["Segment0_Color"] == "1.0 0.501961 0.0"
    assert header["Segment3_LabelValue"] == "7"
    assert header["Segment3_Extent"] == "0 -1 0 -1 0 -1"
    image = SimpleITK.ReadImage(str(tmp_path / "tissue.seg.nrrd"))
    assert image.GetPixel(KNOWN[::-1]) == 2
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(KNOWN[::-1]), [-0.01225, 0.0365, 0.018])
    plain = rv.open(tmp_path / "tissue.seg.nrrd")  # any volume of these files lies where the labels do
    assert (plain.voxel_size, plain.origin, plain.unit) == ((0.002, 0.0005, 0.00025), (0.01, 0.02, -0.03), "mm")


def test_a_world_that_points_elsewhere_is_turned(tmp_path):
    path = write(tmp_path, ".seg.nrrd", unit="mm", world="RAS")
    _, header = nrrd.read(str(path))
    np.testing.assert_allclose(header["space directions"], np.diag([-0.25, -0.5, 2]))
    np.testing.assert_allclose(header["space origin"], [30, -20, 10])
    back = rv.import_labels(path, world="RAS")
    assert (back.voxel_size, back.origin) == (SIZE, ORIGIN)
    with pytest.warns(rv.LossWarning, match="rotation or flip is not applied"):
        assert rv.import_labels(path).origin == (0, 0, 0)
    path = write(tmp_path, ".nii", unit="mm", world="LPS")
    affine = nibabel.load(path).affine
    np.testing.assert_allclose(affine @ [*KNOWN[::-1], 1], [30 - 71 * 0.25, -20 - 33 * 0.5, 10 + 4 * 2, 1])
    back = rv.import_labels(path, world="LPS")
    assert (back.voxel_size, back.origin, back[KNOWN]) == (SIZE, ORIGIN, 2)


def test_what_slicer_writes_is_read(tmp_path):
    """Segments that overlap lie in layers; values of segments need not be their numbers."""
    layers = np.zeros((2, 6, 5, 4), np.uint8)  # layers, x, y, z
    layers[0, 1:3, 1:3, 1:3], layers[0, 4, 4, 3], layers[1, 2:4, 2:4, 1:3] = 1, 4, 1
    header = {
        "space": "right-anterior-superior", "kinds": ["list", "domain", "domain", "domain"],
        "space directions": np.array([[np.nan] * 3, [-2, 0, 0], [0, -1, 0], [0, 0, 3]]), "space origin": np.array([5, 6, 7]),
        "encoding": "gzip",
    }
    for number, (layer, value, name) in enumerate([(0, 1, "a"), (0, 4, "b"), (1, 1, "c")]):
        header |= {f"Segment{number}_ID": f"s{number}", f"Segment{number}_Layer": str(layer), f"Segment{number}_Name": name}
        header |= {f"Segment{number}_LabelValue": str(value), f"Segment{number}_Color": "0 0.5 1"}
    nrrd.write(str(tmp_path / "s.seg.nrrd"), layers, header)
    with pytest.warns(rv.LossWarning, match="2 layers of overlapping segments"):
        back = rv.import_labels(tmp_path / "s.seg.nrrd")
    assert [(label, one.name, one.color) for label, one in back.classes.items()] == [
        (1, "a", "#0080ff"), (2, "b", "#0080ff"), (3, "c", "#0080ff"),
    ]
    assert (back.shape, back.voxel_size, back.origin, back.unit) == ((4, 5, 6), (3, 1, 2), (7, -6, -5), "mm")
    assert (back[1, 1, 1], back[1, 2, 2], back[3, 4, 4], back[1, 3, 3], back[0, 0, 0]) == (1, 3, 2, 3, 0)


def test_nibabel_reads_labels_at_their_place(tmp_path):
    path = write(tmp_path, ".nii.gz", origin=(1, 2, 3), voxel_size=(0.1, 0.2, 0.3), unit="nm")
    image = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, labels())
    assert image.get_data_dtype() == np.uint16
    assert image.header.get_xyzt_units()[0] == "micron"
    assert image.header.get_intent()[0] == "label"
    there = [3e-3 + 71 * 3e-4, 2e-3 + 33 * 2e-4, 1e-3 + 4 * 1e-4, 1]
    np.testing.assert_allclose(image.affine @ [*KNOWN[::-1], 1], there, rtol=1e-6)
    back = rv.import_labels(path)
    assert (back.voxel_size, back.origin, back.unit) == ((0.0001, 0.0002, 0.0003), (0.001, 0.002, 0.003), "µm")


def test_long_axes_are_nifti_2(tmp_path):
    array = np.zeros((2, 1, 40_000), "uint8")
    array[1, 0, 39_999] = 5
    path = rv.export_labels(array, tmp_path / "a.nii", progress=False)
    assert type(nibabel.load(path)).__name__ == "Nifti2Image"
    assert rv.import_labels(path)[1, 0, 39_999] == 5


def test_tifffile_reads_planes(tmp_path):
    path = write(tmp_path, ".tif", name="tissue")
    np.testing.assert_array_equal(tifffile.imread(path), labels())  # what napari opens as a Labels layer
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        assert file.series[0].axes == "ZYX"
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert [pixels[f"PhysicalSize{axis}"] for axis in "ZYX"] == list(SIZE)
    assert pixels["PhysicalSizeXUnit"] == "µm"
    plain = tmp_path / "napari.tif"
    tifffile.imwrite(plain, labels("int32"), compression="zlib")
    assert rv.import_labels(plain)[KNOWN] == 2


def test_ome_zarr_takes_labels_into_an_image(tmp_path):
    found = rv.open(labels() * 100, voxel_size=SIZE, origin=ORIGIN, unit=UNIT)
    image = rv.convert(found, tmp_path / "scan.ome.zarr", progress=False)
    for name in ("tissue", "cells"):
        path = rv.export_labels(rv.import_labels(write(tmp_path, f"{name}.nii")), image, name=name, progress=False)
    assert path == image / "labels" / "cells"
    group = ome_zarr_models.open_ome_zarr(zarr.open_group(str(image / "labels"), mode="r"), version="0.5")
    assert group.ome_attributes.labels == ["cells", "tissue"]
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(str(path), mode="r"), version="0.5")
    assert type(model).__name__ == "ImageLabel"
    said = model.ome_attributes.image_label
    assert said.source.image == "../../"
    assert {color.label_value: color.rgba for color in said.colors[:2]} == {1: (255, 128, 0, 255), 3: (0, 128, 255, 255)}
    assert [one.label_value for one in said.properties] == [1, 3, 7]
    nodes = list(Reader(parse_url(str(image)))())
    found = next(node for node in nodes if node.zarr.basename() == "cells")
    for one, other in zip(found.data, pyramid(labels(), "labels"), strict=True):
        np.testing.assert_array_equal(one.compute(), other)
    assert found.metadata["color"][1] == [1.0, 128 / 255, 0.0, 1.0]
    with pytest.raises(rv.ParameterError, match=r"several labels.*'cells', 'tissue'"):
        rv.import_labels(image)
    back = rv.import_labels(image, name="tissue")
    assert (back[KNOWN], back.origin, back.classes[3].name) == (2, ORIGIN, "<b>fibre</b> & co")
    assert rv.open(image).kind == "image"
    with pytest.raises(rv.ParameterError, match="exists"):
        rv.export_labels(labels(), image, name="tissue", progress=False)


def test_pycocotools_reads_the_run_lengths(tmp_path):
    path = write(tmp_path, ".json")
    coco = COCO(str(path))
    assert coco.cats[3]["name"] == "<b>fibre</b> & co"
    found = np.zeros(SHAPE, "uint16")
    for one in coco.anns.values():
        mask = coco.annToMask(one)
        found[one["image_id"]][mask > 0] = one["category_id"]
        assert one["area"] == mask.sum() == coco_mask.area(one["segmentation"])
        assert one["bbox"] == coco_mask.toBbox(one["segmentation"]).tolist()
    np.testing.assert_array_equal(found, labels())
    point = next(one for one in coco.anns.values() if one["category_id"] == 2)
    assert (point["image_id"], point["bbox"]) == (4, [71, 33, 1, 1])


def test_run_lengths_are_those_of_pycocotools():
    rng = np.random.default_rng(3)
    for shape in [(1, 1), (7, 5), (64, 300)]:
        plane = (rng.random(shape) < 0.4).astype(np.uint8) * rng.integers(1, 3, shape).astype(np.uint8)
        for label, counts in masks_of(plane).items():
            expected = coco_mask.encode(np.asfortranarray(plane == label))["counts"].decode()
            assert to_text(counts) == expected
            assert from_text(expected, plane.size) == counts
            columns = np.zeros(plane.size, np.uint8)
            assert paint(columns, counts, label) == 0
            np.testing.assert_array_equal(label == columns.reshape(shape[::-1]).T, plane == label)
    with pytest.raises(ValueError, match="in a plane of 10"):
        from_text("61X13mN000`0", 10)


@pytest.mark.parametrize(("dtype", "encoding"), [("uint8", "raw"), ("uint32", "compressed_segmentation")])
def test_tensorstore_reads_the_segmentation(tmp_path, dtype, encoding):
    path = write(tmp_path, ".precomputed", labels(dtype), origin=(8.0, 20.0, -30.0))
    spec = {"driver": "neuroglancer_precomputed", "kvstore": f"file://{path}/"}
    for level, expected in enumerate(pyramid(labels(dtype), "labels")):
        store = tensorstore.open({**spec, "scale_index": level}, read=True).result()
        np.testing.assert_array_equal(store[..., 0].read().result().T, expected)
    finest = tensorstore.open({**spec, "scale_index": 0}, read=True).result()
    # In neuroglancer voxel i fills i to i + 1; the origin is a whole number of voxels.
    assert finest.domain.inclusive_min[:3] == (-120, 40, 4)
    assert finest[71 - 120, 33 + 40, 4 + 4, 0].read().result() == 2
    info = json.loads((path / "info").read_text())
    first = info["scales"][0]
    assert (info["type"], first["encoding"], first["resolution"]) == ("segmentation", encoding, [250, 500, 2000])
    assert [scale["size"] for scale in info["scales"]] == [[90, 70, 20], [45, 35, 10]]
    names = json.loads((path / info["segment_properties"] / "info").read_text())["inline"]
    assert dict(zip(names["ids"], names["properties"][0]["values"], strict=True))["1"] == "void"


def test_losses_are_told_by_name(tmp_path):
    words = r"neuroglancer.*colours of classes cannot be kept; the origin .* is moved to \(1, 0, 0\)"
    with pytest.warns(rv.LossWarning, match=words):
        rv.export_labels(labels(), tmp_path / "a.precomputed", classes=CLASSES, origin=(0.6, 0, 0), progress=False)
    with pytest.warns(rv.LossWarning, match="levels from 1 on are left out"):
        path = rv.export_labels(labels(), tmp_path / "odd.precomputed", origin=(1, 0, 0), progress=False)
    assert rv.import_labels(path)[KNOWN] == 2
    with pytest.warns(rv.LossWarning, match="the unit 'parsec'"):
        rv.export_labels(labels(), tmp_path / "a.nii", unit="parsec", progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ending in (".nii", ".seg.nrrd", ".tif", ".zarr", ".json"):
            rv.export_labels(labels(), tmp_path / f"b{ending}", classes=CLASSES, voxel_size=SIZE, progress=False)


def test_arrays_that_are_read_by_chunks_are_taken(tmp_path):
    chunked = zarr.create_array(str(tmp_path / "c.zarr"), shape=SHAPE, dtype="int32", chunks=(8, 32, 32))
    chunked[:] = labels("int32")
    lazy = dask.array.from_array(labels("uint8"), chunks=(7, 40, 40))
    for number, one in enumerate((chunked, lazy)):
        path = rv.export_labels(one, tmp_path / f"{number}.nii", progress=False)
        np.testing.assert_array_equal(rv.import_labels(path), labels())
        assert nibabel.load(path).header.get_intent()[2] == "labels"  # and not what a library calls its arrays
        path = rv.export_labels(one, tmp_path / f"{number}.ome.zarr", progress=False)
        np.testing.assert_array_equal(rv.import_labels(path), labels())


class Parts:
    """Labels of which no more than so many voxels may be read at once."""

    dtype, voxel_size, origin, unit, name = np.dtype("uint8"), (1, 1, 1), (0, 0, 0), "mm", "parts"

    def __init__(self, shape, most):
        self.shape, self.most, self.read = shape, most, 0

    def __getitem__(self, key):
        shape = tuple(one.stop - one.start for one in key)
        assert np.prod(shape) <= self.most
        self.read += int(np.prod(shape))
        return np.full(shape, key[0].start % 200, np.uint8)

    def __array__(self, *_):
        raise AssertionError("read as a whole")


@pytest.mark.parametrize("ending", [".seg.nrrd", ".nii.gz", ".tif", ".json"])
def test_labels_are_read_part_by_part_and_once(tmp_path, ending):
    parts = Parts((300, 200, 200), 64 * 200 * 200)
    done = []
    rv.export_labels(parts, tmp_path / f"p{ending}", progress=lambda *told: done.append(told))
    assert parts.read == 300 * 200 * 200
    assert done == [(64, 300), (128, 300), (192, 300), (256, 300), (300, 300)]


def test_large_planes_are_read_in_rows():
    boxes = list(slabs((2, 3000, 50_000), 4))
    assert max((y1 - y0) * 200_000 for _, (y0, y1), _ in boxes) <= 64 * 2**20
    assert sum((z1 - z0) * (y1 - y0) for (z0, z1), (y0, y1), _ in boxes) == 6000
    assert boxes[0][0] == (0, 1)


def test_extents_are_those_of_numpy():
    rng = np.random.default_rng(5)
    array = rng.integers(0, 40, (12, 9, 7)).astype(np.uint16) * (rng.random((12, 9, 7)) < 0.1)
    extents = Extents()
    for z in range(0, 12, 5):
        extents.add(((z, min(z + 5, 12)), (0, 9), (0, 7)), array[z : z + 5])
    assert extents.ids() == [int(one) for one in np.unique(array) if one]
    for label in extents.ids():
        where = np.argwhere(array == label)
        assert extents.of(label) == (where.min(0).tolist(), where.max(0).tolist())


@pytest.mark.parametrize("ending", [".seg.nrrd", ".ome.zarr"])
def test_what_people_paint_goes_out_and_comes_back(tmp_path, instance, ending):
    rv.render_volume(np.zeros(SHAPE, "u1"), instance, name="ct", voxel_size=SIZE, origin=ORIGIN, unit="mm")
    painted = instance.labels("tissue", classes={1: {"name": "void", "color": "#ff8000"}})
    painted.paint([(9, 30, 40), (9, 30, 60)], radius=6, label=1)
    painted[KNOWN] = 2
    path = rv.export_labels(painted, tmp_path / f"a{ending}", progress=False)
    back = rv.import_labels(path, volume=painted)
    np.testing.assert_array_equal(np.asarray(back), np.asarray(painted))
    assert (back[KNOWN], back.voxel_size, back.origin, back.unit) == (2, SIZE, ORIGIN, "mm")
    assert (back.classes[1].name, back.classes[1].color) == ("void", "#ff8000")
    again = instance.labels("again", dtype=back.dtype, classes=back.classes)
    for z in range(0, back.shape[0], 8):  # so it is put into labels that are painted on
        again[z : z + 8] = back[z : z + 8]
    np.testing.assert_array_equal(np.asarray(again), np.asarray(painted))
    assert again.classes[1].color == "#ff8000"
    assert rv.render_volume(back, instance, name="shown") is True
    assert instance.volumes["shown"].description.kind == "labels"


def test_a_class_of_labels_loads_nothing_that_writes_files():
    heavy = {"voxbeam.formats.label_formats", "voxbeam.conversion"}
    code = f"import sys, voxbeam; voxbeam.LabelClass('a'); print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
