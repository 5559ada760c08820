"""Label files that are damaged, of another volume, or cannot be written: one clear message each, and nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys

import nibabel
import numpy as np
import pytest

import voxbeam as rv
from test_formats_labels import ENDINGS, SHAPE, labels, write


@pytest.mark.parametrize("ending", [".seg.nrrd", ".nii", ".nii.gz", ".ome.tif", ".json"])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.9])
def test_a_file_that_is_cut_off_is_one_error(tmp_path, ending, part):
    path = write(tmp_path, ending, np.random.default_rng(1).integers(0, 9, SHAPE).astype("uint16"))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises((rv.FormatError, rv.SourceError), match=r"tissue"):
        np.asarray(rv.import_labels(path))


@pytest.mark.parametrize("ending", ENDINGS)
def test_ids_beyond_the_dtype_are_named_and_nothing_is_left(tmp_path, ending):
    array = labels("int64")
    array[-1, 2, 3] = 70_000
    with pytest.raises(rv.VoxbeamError, match="hold the id 70,000, and uint16 goes from 0 to 65,535"):
        write(tmp_path, ending, array, dtype="uint16")
    array[-1, 2, 3] = -4
    with pytest.raises(rv.VoxbeamError, match="hold the id -4"):
        write(tmp_path, ending, array)
    assert list(tmp_path.iterdir()) == []


def test_another_volume_is_refused(tmp_path):
    path = write(tmp_path, ".nii")
    with pytest.raises(rv.ShapeError, match=r"has shape \(20, 70, 90\), and the volume \(20, 70, 91\)"):
        rv.import_labels(path, volume=np.zeros((20, 70, 91)))
    found = rv.import_labels(path, volume=rv.open(np.zeros(SHAPE), voxel_size=(3, 2, 1), unit="nm", origin=(1, 2, 3)))
    assert (found.voxel_size, found.origin, found.unit) == ((3, 2, 1), (1, 2, 3), "nm")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "dicom"}, "format is 'dicom'. Known are seg.nrrd, nifti"),
        ({"classes": {0: "a"}}, "has the id 0"),
        ({"classes": {1: {"name": "a", "color": "red"}}}, "colour of id 1 is 'red'"),
        ({"classes": {1: 5.0}}, None),
        ({"voxel_size": (1, 2)}, "voxel_size is"),
        ({"voxel_size": (1, 2, 0)}, "voxel_size is"),
        ({"dtype": "int8"}, "dtype is int8"),
        ({"world": "XYZ"}, "world is 'XYZ'"),
    ],
)
def test_arguments_are_checked_before_anything_is_written(tmp_path, options, words):
    if words is None:
        options, words = {"classes": {"x": "a"}}, "has the id 'x'"
    with pytest.raises(rv.ParameterError, match=words):
        write(tmp_path, ".nii", **options)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_labels_is_refused(tmp_path):
    with pytest.raises(rv.ParameterError, match="dtype float32"):
        rv.export_labels(np.zeros((2, 2, 2), "float32"), tmp_path / "a.nii")
    with pytest.raises(rv.ParameterError, match=r"labels is a builtins\.list"):
        rv.export_labels([1], tmp_path / "a.nii")
    with pytest.raises(rv.ParameterError, match="OME-TIFF has no dtype uint64"):
        rv.export_labels(np.zeros((2, 2, 2), "uint64"), tmp_path / "a.tif")
    with pytest.raises(rv.ParameterError, match="says no format of labels"):
        rv.export_labels(labels(), tmp_path / "a.stl")
    with pytest.raises(TypeError, match="did you mean 'overwrite'"):
        rv.export_labels(labels(), tmp_path / "a.nii", overwrit=True)
    with pytest.raises(rv.FormatError, match="There is no file"):
        rv.import_labels(tmp_path / "no.nii")


def test_what_is_there_stays_until_the_new_one_is_whole(tmp_path):
    for ending in (".nii", ".precomputed"):
        path = write(tmp_path, ending)
        with pytest.raises(rv.ParameterError, match="exists"):
            write(tmp_path, ending)
        bad = labels("int64")
        bad[-1] = 2**40
        with pytest.raises(rv.VoxbeamError, match="hold the id"):
            write(tmp_path, ending, bad, overwrite=True)
        assert rv.import_labels(path)[0].max() == 3
        write(tmp_path, ending, labels() * 2, overwrite=True)
        assert rv.import_labels(path)[0].max() == 6
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_is_one_clear_word(tmp_path):
    code = f"""
import resource, numpy as np, voxbeam as rv
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
labels = np.random.default_rng(0).integers(0, 200, (64, 64, 64)).astype("uint8")
for ending in {ENDINGS}:
    try:
        rv.export_labels(labels, {str(tmp_path / "a")!r} + ending, progress=False)
    except rv.FormatError as error:
        print(error)
"""
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, check=True, text=True)
    for ending, line in zip(ENDINGS, ended.stdout.splitlines(), strict=True):
        assert line == f"'{tmp_path}/a{ending}' cannot be written: File too large. Nothing was left of it."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"NRRD0004", b"NRRD0009", "no NRRD file of version 1 to 5"),
        (b"type: unsigned short", b"type: double", "which no label has"),
        (b"sizes: 90 70 20", b"sizes: 90 70 2000000", "cannot be the 25,200,000,000"),
        (b"sizes: 90 70 20", b"sizes: 90 70 -20", "sizes are 90 70 -20"),
        (b"sizes: 90 70 20", b"sizes: 90 70 21", "its header promises 264,600"),
        (b"encoding: gzip", b"encoding: bzip2", "raw and gzip are known"),
        (b"encoding: gzip", b"data file: /etc/passwd\nencoding: raw", "in another file"),
        (b"LabelValue:=1", b"LabelValue:=one", "a segment 0 that cannot be read"),
        (b"space origin: (", b"space origin: (nan,", "the vector"),
    ],
)
def test_headers_of_nrrd_that_cannot_be(tmp_path, old, new, words):
    path = write(tmp_path, ".seg.nrrd")
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new))
    with pytest.raises(rv.FormatError, match=words):
        np.asarray(rv.import_labels(path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["annotations"][0]["segmentation"].update(counts="61X13mN000`0"), "in a plane of 6,300"),
        (lambda said: said["annotations"][0].update(image_id=99), "is of image 99"),
        (lambda said: said["annotations"][0].update(category_id=2**40), "category 1099511627776"),
        (lambda said: said["images"][0].update(height=71), "images of the sizes"),
        (lambda said: said.update(images=[]), "0 images"),
        (lambda said: said["info"]["voxbeam"].update(voxel_size=[1, 2, float("nan")]), "voxel_size is"),
        (lambda said: said.update(annotations=3), "cannot be read as COCO"),
    ],
)
def test_coco_that_cannot_be(tmp_path, change, words):
    path = write(tmp_path, ".json")
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    with pytest.raises(rv.VoxbeamError, match=words):
        rv.import_labels(path)


def test_values_that_are_no_ids_are_refused(tmp_path):
    image = nibabel.Nifti1Image(labels("int16").T, np.eye(4))
    image.header.set_slope_inter(0.5, 2)
    nibabel.save(image, tmp_path / "scaled.nii")
    with pytest.raises(rv.FormatError, match=r"scaled by 0\.5 and shifted by 2"):
        rv.import_labels(tmp_path / "scaled.nii")
    nibabel.save(nibabel.Nifti1Image(labels("float32").T, np.eye(4)), tmp_path / "float.nii")
    with pytest.raises(rv.FormatError, match="holds float32, which are no labels"):
        rv.import_labels(tmp_path / "float.nii")
    nibabel.save(nibabel.Nifti1Image(np.stack([labels().T] * 3, -1), np.eye(4)), tmp_path / "times.nii")
    with pytest.warns(rv.LossWarning, match="the first of its 3 time points is taken"):
        assert rv.import_labels(tmp_path / "times.nii").shape == SHAPE


def test_an_image_is_as_it_was_where_its_labels_failed(tmp_path):
    image = rv.convert(labels(), tmp_path / "a.ome.zarr", progress=False)
    before = sorted(image.rglob("*"))
    array = labels("int64")
    array[-1, 2, 3] = 2**40
    with pytest.raises(rv.VoxbeamError, match="hold the id 1,099,511,627,776"):
        rv.export_labels(array, image, name="x", progress=False)
    assert sorted(image.rglob("*")) == before
    with pytest.raises(rv.ParameterError, match="one of a folder"):
        rv.export_labels(labels(), image, name="../x", progress=False)
    (tmp_path / "old.zarr").mkdir()
    (tmp_path / "old.zarr" / ".zattrs").write_text(json.dumps({"multiscales": [{}]}))
    with pytest.raises(rv.ParameterError, match="Zarr version 2"):
        rv.export_labels(labels(), tmp_path / "old.zarr", progress=False)


def test_labels_listed_by_an_image_stay_inside(tmp_path):
    path = rv.convert(labels(), tmp_path / "a.ome.zarr", progress=False)
    rv.export_labels(labels(), path, name="x", progress=False)
    group = path / "labels" / "zarr.json"
    said = json.loads(group.read_text())
    said["attributes"]["ome"]["labels"] = ["../../../elsewhere"]
    group.write_text(json.dumps(said))
    with pytest.raises(rv.FormatError, match="lie elsewhere"):
        rv.import_labels(path)
