"""What opens, what it says about its voxels, and what is refused with which words."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
import zarr

from brick_reader import BrickReader
from test_producer import check_all
from voxbeam.errors import ParameterError, ShapeError, SourceError, UnsupportedDtypeError
from voxbeam.geometry import level_shape
from voxbeam.producer.dtype_mapping import map_dtype
from voxbeam.sources import Source, open_source, open_sources
from voxbeam.sources.block_cache import BlockCache, BlockPool


def data(shape=(5, 6, 7), dtype="i2") -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


# Arrays


def test_an_array_is_read_in_place():
    array = data()[::2, ::-1]
    source = open_source(array)
    assert source.array is array
    assert (source.shape, source.dtype, source.kind) == ((3, 6, 7), np.dtype("i2"), "image")


def test_what_fails_to_turn_into_an_array_is_refused_with_its_own_words():
    class OnTheGpu:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("copy it to host memory first")

    with pytest.raises(SourceError, match=r"OnTheGpu.*host memory first"):
        open_source(OnTheGpu())


def test_what_turns_into_an_array_is_one():
    class Lazy:
        def __array__(self, dtype=None, copy=None):
            return data()

    assert open_source(Lazy()).shape == (5, 6, 7)


def test_overrides_replace_what_the_source_says():
    source = open_source(data(), name="n", voxel_size=(3, 2, 1), unit="mm", origin=(1, 2, 3), kind="labels")
    assert (source.name, source.unit, source.kind) == ("n", "mm", "labels")
    assert (source.voxel_size, source.origin) == ((3, 2, 1), (1, 2, 3))
    assert open_source(data(), name=None).name == "volume"
    with pytest.raises(ParameterError, match="colour"):
        open_source(data(), colour="red")


@pytest.mark.parametrize("what", [[[[1]]], None, 5, np.ndarray, object()])
def test_what_holds_no_array_is_refused(what):
    with pytest.raises(SourceError, match="cannot be read from a"):
        open_source(what)


def test_a_masked_array_is_refused_rather_than_unmasked():
    with pytest.raises(UnsupportedDtypeError, match=r"filled\(0\)"):
        open_source(np.ma.masked_less(data(), 5))


def test_a_missing_file_names_itself_and_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=rf"'brain\.nii\.gz'.*{tmp_path}"):
        open_source("brain.nii.gz")


def test_a_file_of_no_known_kind(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SourceError, match=r"No source reads .*notes\.txt"):
        open_source(tmp_path / "notes.txt")


def test_npy_files_are_mapped(tmp_path):
    np.save(tmp_path / "scan.npy", data())
    source = open_source(str(tmp_path / "scan.npy"))
    assert source.name == "scan"
    assert isinstance(source.array.base, np.memmap) or isinstance(source.array, np.memmap)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "scan.npy").read_bytes()[:-10])
    with pytest.raises(SourceError, match=r"cut\.npy"):
        open_source(tmp_path / "cut.npy")


def test_other_packages_may_register_kinds(monkeypatch):
    class Entry:
        @staticmethod
        def load():
            return lambda what: Source(shape=(1, 2, 3), dtype=np.dtype("u1")) if isinstance(what, dict) else None

    monkeypatch.setattr("voxbeam.sources.registry.entry_points", lambda group: [Entry] if group == "voxbeam.sources" else [])
    assert open_source({"any": "thing"}).shape == (1, 2, 3)


# NIfTI


def nifti(tmp_path, array, name="scan.nii", affine=None, unit="mm", **header):
    image = nibabel.Nifti1Image(array, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine)
    image.header.set_xyzt_units(unit)
    for key, value in header.items():
        image.header[key] = value
    path = tmp_path / name
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "SCAN.NII"])
def test_nifti_is_turned_to_z_y_x(tmp_path, name):
    array = data((7, 6, 5))
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = 10, 20, 30
    source = open_source(nifti(tmp_path, array, name, affine))
    assert (source.array is None) == name.endswith(".gz")  # what is compressed is read when its first voxel is needed
    np.testing.assert_array_equal(source.at(0).array, array.T)
    assert (source.shape, source.name.lower(), source.unit) == ((5, 6, 7), "scan", "mm")
    assert source.voxel_size == (4.0, 3.0, 2.0)
    assert source.origin == (30.0, 20.0, 10.0)
    assert source.note is None


def test_an_uncompressed_nifti_is_mapped_not_read(tmp_path):
    source = open_source(nifti(tmp_path, data((7, 6, 5))))
    base = source.array
    while not isinstance(base, np.memmap) and base.base is not None:
        base = base.base
    assert isinstance(base, np.memmap)


def test_equal_files_have_equal_fingerprints_until_they_change(tmp_path):
    path = nifti(tmp_path, data((7, 6, 5)))
    first = open_source(path).fingerprint
    assert open_source(path).fingerprint == first
    nifti(tmp_path, data((7, 6, 6)))
    assert open_source(path).fingerprint != first
    assert open_source(data()).fingerprint != open_source(data()).fingerprint


def test_scaled_integers_stay_integers(tmp_path):
    path = nifti(tmp_path, data((7, 6, 5)))
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([0.5, -10], "<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(raw)
    source = open_source(path)
    mapping = map_dtype(source)
    assert (source.dtype, source.scale, source.offset) == (np.dtype("i2"), 0.5, -10.0)
    stored = (source.array.astype(int) + 32768) * mapping.scale + mapping.offset
    np.testing.assert_allclose(stored, np.asarray(nibabel.load(path).dataobj).T)
    with pytest.raises(UnsupportedDtypeError, match=r"scaled by 0\.5"):
        map_dtype(open_source(path, kind="labels"))


FLIPPED = np.diag([-2.0, 3, 4, 1])
TURNED = np.array([[0, 2.0, 0, 0], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("affine", [FLIPPED, TURNED])
def test_a_rotation_or_flip_is_not_applied_and_says_so(tmp_path, affine):
    source = open_source(nifti(tmp_path, data((7, 6, 5)), affine=affine))
    assert source.origin == (0.0, 0.0, 0.0)
    assert "not applied" in source.note
    assert all(size > 0 for size in source.voxel_size)


def test_nifti_labels_say_that_they_are(tmp_path):
    assert open_source(nifti(tmp_path, data((7, 6, 5)), intent_code=1002)).kind == "labels"


def test_a_time_axis_of_one_is_left_out_and_a_fifth_axis_refused(tmp_path):
    source = open_source(nifti(tmp_path, data((7, 6, 5, 1))))
    assert (source.shape, source.times) == ((5, 6, 7), None)
    with pytest.raises(ShapeError, match=r"scan\.nii.*5 axes"):
        open_source(nifti(tmp_path, data((7, 6, 5, 2, 2))))


def test_an_image_of_nibabel_is_a_source():
    image = nibabel.Nifti1Image(data((7, 6, 5)), np.eye(4))
    assert open_source(image).shape == (5, 6, 7)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_truncated_nifti_names_itself(tmp_path, name):
    path = nifti(tmp_path, np.random.default_rng(0).integers(0, 99, (40, 40, 40)).astype("i2"), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=rf"(?s){name}.*complete"):
        open_source(path).at(0)


def test_a_compressed_nifti_with_time_points_is_read_once_when_one_is_needed(tmp_path, monkeypatch):
    array, readings = data((7, 6, 5, 3)), []
    path = nifti(tmp_path, array, "scan.nii.gz")
    proxy = type(nibabel.load(path).dataobj)
    read = proxy.get_unscaled
    monkeypatch.setattr(proxy, "get_unscaled", lambda self: readings.append(self.shape) or read(self))
    source = open_source(path)
    assert (source.shape, source.times.count, source.dtype, readings) == ((5, 6, 7), 3, np.dtype("i2"), [])
    for time in (2, 0):
        np.testing.assert_array_equal(source.at(time).array, array.T[time])
    assert readings == [(7, 6, 5, 3)]


def test_a_header_that_promises_more_than_a_file_can_hold_takes_no_memory(tmp_path):
    path = nifti(tmp_path, np.zeros((7, 6, 5), "i2"), "scan.nii.gz")
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(SourceError, match=r"promises 54,000,000,000,000 of voxels"):
        open_source(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.nii", b"hello" * 100), ("a.nii.gz", b"not gzip"), ("b.nii.gz", gzip.compress(b"x" * 999)), ("c.nii", b"")],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=name):
        open_source(tmp_path / name)


# Zarr


def ome(root, shapes, *, version="0.5", scales=None, translations=None, axes="zyx", label=False, dtype="u2", chunks=(32, 32, 32)):
    """An OME-Zarr image whose level L holds random voxels; returns the arrays."""
    group = zarr.open_group(str(root), mode="w", zarr_format=3 if version == "0.5" else 2)
    extra = (1,) * (len(axes) - 3)
    arrays, datasets = [], []
    for level, shape in enumerate(shapes):
        values = np.random.default_rng(level).integers(0, 200, shape).astype(dtype)
        array = group.create_array(str(level), shape=extra + shape, dtype=dtype, chunks=extra + chunks)
        array[...] = values.reshape(extra + shape)
        arrays.append(values)
        scale = (scales or [(2.0 * 2**n, 1.0 * 2**n, 0.5 * 2**n) for n in range(9)])[level]
        steps = [{"type": "scale", "scale": [1.0] * len(extra) + list(scale)}]
        if translations:
            steps.append({"type": "translation", "translation": [0.0] * len(extra) + list(translations[level])})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    listed = [{"name": a, "type": "space", "unit": "micrometer"} if a in "zyx" else {"name": a} for a in axes]
    metadata = {"multiscales": [{"axes": listed, "datasets": datasets, "name": "cells"}]}
    if label:
        metadata["image-label"] = {}
    group.attrs.update({"ome": {"version": "0.5", **metadata}} if version == "0.5" else metadata)
    return arrays


@pytest.mark.parametrize("form", ["path", "text", "array"])
def test_a_zarr_array(tmp_path, form):
    path = tmp_path / "scan.zarr"
    array = zarr.create_array(str(path), shape=(70, 20, 30), dtype="i2", chunks=(16, 16, 16))
    array[...] = data((70, 20, 30))
    source = open_source({"path": path, "text": str(path), "array": array}[form])
    assert (source.shape, source.dtype, source.array) == ((70, 20, 30), np.dtype("i2"), None)
    np.testing.assert_array_equal(source.read(0, ((3, 69), (0, 20), (5, 6))), data((70, 20, 30))[3:69, 0:20, 5:6])
    if form != "array":
        assert source.name == "scan"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx", "tczyx"])
def test_ome_zarr_says_where_its_voxels_are(tmp_path, version, axes):
    translations = [(7.0, 8.0, 9.0), (8.0, 8.5, 9.25)]
    arrays = ome(tmp_path / "a.zarr", [(100, 30, 40), (50, 15, 20)], version=version, axes=axes, translations=translations)
    source = open_source(tmp_path / "a.zarr")
    assert (source.shape, source.voxel_size, source.unit) == ((100, 30, 40), (2.0, 1.0, 0.5), "µm")
    assert source.origin == (7.0, 8.0, 9.0)
    assert source.levels == {1: True}
    for level, values in enumerate(arrays):
        box = ((10, 40), (3, 15), (0, 20))
        np.testing.assert_array_equal(source.read(level, box), values[10:40, 3:15, 0:20])


def test_levels_of_other_shapes_or_places_are_not_taken_for_ours(tmp_path):
    ome(tmp_path / "a.zarr", [(100, 30, 40), (50, 15, 20)])
    assert open_source(tmp_path / "a.zarr").levels == {1: False}  # no translation: it says that first voxels coincide
    ome(tmp_path / "b.zarr", [(101, 30, 40), (50, 15, 20)], translations=[(0, 0, 0), (1.0, 0.5, 0.25)])
    assert open_source(tmp_path / "b.zarr").levels == {}


def test_ome_labels_are_labels(tmp_path):
    ome(tmp_path / "a.zarr", [(10, 10, 10)], label=True)
    source = open_source(tmp_path / "a.zarr")
    assert source.kind == "labels"
    assert open_source(zarr.open_group(str(tmp_path / "a.zarr"), mode="r")).kind == "labels"


def test_several_channels_are_one_source_each(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("0", shape=(2, 10, 10, 10), dtype="u1")
    axes = [{"name": "c"}, *({"name": a, "type": "space"} for a in "zyx")]
    group.attrs["ome"] = {"multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}
    with pytest.raises(ParameterError, match=r"2 channels: 0, 1.*open_sources"):
        open_source(tmp_path / "a.zarr")
    assert [source.name for source in open_sources(tmp_path / "a.zarr")] == ["a", "a"]
    group.attrs["ome"] = {"multiscales": [{"axes": [{"name": "s"}, *axes[1:]], "datasets": [{"path": "0"}]}]}
    with pytest.raises(ShapeError, match=r"\(2, 10, 10, 10\).*zarr.open"):
        open_source(tmp_path / "a.zarr")


def test_a_group_without_multiscales_lists_what_it_holds(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("density", shape=(4, 4, 4), dtype="u1")
    with pytest.raises(SourceError, match=r"a\.zarr.*density"):
        open_source(tmp_path / "a.zarr")


FLAT = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0, 1, 1]}]}]


@pytest.mark.parametrize(
    "metadata",
    [{}, {"axes": "zyx"}, {"axes": ["z", "y", "x"], "datasets": [{"path": "9"}]}, {"axes": ["z", "y", "x"], "datasets": FLAT}],
)
def test_metadata_that_contradict_themselves(tmp_path, metadata):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("0", shape=(4, 4, 4), dtype="u1")
    group.attrs["ome"] = {"multiscales": [metadata or {"x": 1}]}
    with pytest.raises(SourceError, match=r"a\.zarr"):
        open_source(tmp_path / "a.zarr")


def test_a_zarr_that_is_none(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(SourceError, match=r"a\.zarr"):
        open_source(tmp_path / "a.zarr")
    (tmp_path / "b.zarr").write_text("a file")
    with pytest.raises(SourceError, match=r"b\.zarr"):
        open_source(tmp_path / "b.zarr")


def test_a_damaged_chunk_names_the_store_when_it_is_read(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(str(path), shape=(40, 40, 40), dtype="u2", chunks=(40, 40, 40))
    array[...] = 5
    chunk = next(p for p in path.rglob("*") if p.is_file() and p.name not in ("zarr.json", ".zarray", ".zattrs"))
    chunk.write_bytes(chunk.read_bytes()[:7])
    with pytest.raises(SourceError, match=rf"{path}"):
        open_source(path).read(0, ((0, 40), (0, 40), (0, 40)))


def test_chunks_are_decoded_once_and_memory_is_bounded():
    array, reads = data((256, 64, 64), "u1"), []

    def read(box):
        reads.append(box)
        return array[tuple(slice(*span) for span in box)]

    pool = BlockPool(3 * 64**3)
    cache = BlockCache(read, array.shape, (32, 32, 64), pool)
    for z in range(0, 192, 8):
        box = ((z, z + 66 if z < 190 else 256), (0, 64), (0, 64))
        np.testing.assert_array_equal(cache.read(box), array[slice(*box[0])])
        assert pool.bytes <= 3 * 64**3
    assert len(reads) == 4


def test_zarr_through_a_sidecar(instance, sidecar, tmp_path):
    values = np.random.default_rng(0).integers(-99, 99, (130, 70, 70)).astype(np.int16)
    array = zarr.create_array(str(tmp_path / "scan.zarr"), shape=values.shape, dtype="i2", chunks=(32, 48, 64))
    array[...] = values
    volume = instance.producer.declare(tmp_path / "scan.zarr")
    volume.fill(timeout=60)
    reader = BrickReader(sidecar)
    check_all(reader, volume, (values.astype(int) + 32768).astype(np.uint16))
    reader.close()
    assert volume.nbytes == 2 * sum(np.prod(level_shape(values.shape, level)) for level in (1, 2))


def test_nifti_through_a_sidecar(instance, sidecar, tmp_path):
    values = np.random.default_rng(0).integers(0, 99, (70, 80, 90)).astype(np.uint8)
    volume = instance.producer.declare(nifti(tmp_path, values, "scan.nii.gz"))
    reader = BrickReader(sidecar)
    check_all(reader, volume, np.ascontiguousarray(values.T))
    reader.close()


def test_an_unchanged_file_declared_again_keeps_its_bricks(instance, tmp_path):
    path = nifti(tmp_path, data((7, 6, 5)))
    volume = instance.producer.declare(path)
    volume.fill(timeout=60)
    assert instance.producer.declare(path, window=(0, 5)) is volume
    assert volume.status["complete"]
    assert instance.producer.declare(path, voxel_size=2) is not volume
    nifti(tmp_path, data((7, 6, 6)))
    assert instance.producer.declare(path).description.shape == (6, 6, 7)
