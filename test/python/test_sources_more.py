"""NRRD, MetaImage, raw, Dask, mapped arrays, N5, precomputed, Zarr with shards: what opens, and what is refused."""

from __future__ import annotations

import json
import sys

import dask.array
import numpy as np
import pytest
import SimpleITK
import tensorstore
import zarr

from voxbeam.errors import ParameterError, ShapeError, SourceError
from voxbeam.sources import open_source, open_sources
from voxbeam.sources.opened import open as open_volume


def values(shape=(20, 30, 40), dtype="u2") -> np.ndarray:
    return np.random.default_rng(5).integers(0, 200, shape).astype(dtype)


def whole(source) -> np.ndarray:
    first = source.at(0)
    return first.array if first.array is not None else first.read(0, tuple((0, n) for n in source.shape))


# NRRD and MetaImage


def medical(path, array, *, compress=False, direction=None, vector=False):
    image = SimpleITK.GetImageFromArray(array, isVector=vector)
    n = image.GetDimension()
    image.SetSpacing((0.5, 1.0, 2.0, 4.0)[:n])
    image.SetOrigin((1.0, 2.0, 3.0, 0.0)[:n])
    if direction is not None:
        image.SetDirection(direction)
    SimpleITK.WriteImage(image, str(path), compress)
    return path


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("compress", [False, True])
def test_nrrd_and_metaimage(tmp_path, name, compress):
    array = values(dtype="i2")
    source = open_source(medical(tmp_path / name, array, compress=compress))
    assert (source.shape, source.dtype, source.voxel_size) == ((20, 30, 40), np.dtype("i2"), (2.0, 1.0, 0.5))
    assert (source.origin, source.note) == ((3.0, 2.0, 1.0), None)
    held = whole(source)
    np.testing.assert_array_equal(held, array)
    assert isinstance(held.base, np.memmap) or isinstance(held, np.memmap) or compress  # in place where it can be
    assert open_source(tmp_path / name).fingerprint == source.fingerprint


def test_a_direction_is_not_applied_and_said(tmp_path):
    source = open_source(medical(tmp_path / "a.mha", values(), direction=(-1, 0, 0, 0, 1, 0, 0, 0, 1)))
    assert "not applied" in source.note
    assert source.origin == (0.0, 0.0, 0.0)


def test_vectors_are_channels_and_a_fourth_axis_is_time(tmp_path):
    array = values((4, 5, 6, 3), "f4")
    channels = open_sources(medical(tmp_path / "a.mha", array, vector=True))
    for index, channel in enumerate(channels):
        np.testing.assert_array_equal(whole(channel), array[..., index])
    film = values((3, 4, 5, 6), "u1")
    for compress in (False, True):
        source = open_source(medical(tmp_path / "b.nrrd", film, compress=compress))
        assert (source.times.count, source.shape) == (3, (4, 5, 6))
        np.testing.assert_array_equal(source.at(2).array, film[2])


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "a.mhd"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_truncated_image_names_itself(tmp_path, name, compress):
    medical(tmp_path / name, values(), compress=compress)
    data = next((file for file in tmp_path.iterdir() if file.suffix in (".raw", ".zraw")), tmp_path / name)
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    with pytest.raises(SourceError, match=r"a\."):
        assert whole(open_source(tmp_path / name)) is None


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("content", [b"", b"hello" * 99, b"NRRD0004\ntype: uint8\n", b"ObjectType = Image\nNDims = 3\n"])
def test_an_image_that_is_none(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=name):
        open_source(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_a_header_does_not_make_other_files_be_read(tmp_path, name):
    (tmp_path / "secret.raw").write_bytes(bytes(values().nbytes))
    inner = tmp_path / "inner"
    inner.mkdir()
    medical(inner / name, values())
    text = (inner / name).read_bytes().replace(b"a.raw", b"../secret.raw")
    (inner / name).write_bytes(text)
    with pytest.raises(SourceError, match=r"points to .*secret"):
        open_source(inner / name)


# Raw


def test_raw_with_its_shape_in_the_arguments_or_beside_it(tmp_path):
    array = values(dtype=">i2")
    (tmp_path / "scan.raw").write_bytes(b"head" + array.tobytes())
    with pytest.raises(SourceError, match=r"its shape and dtype; it has 48,004 bytes.*scan\.raw\.json"):
        open_source(tmp_path / "scan.raw")
    found = open_volume(tmp_path / "scan.raw", shape=(20, 30, 40), dtype=">i2", offset=4)
    np.testing.assert_array_equal(found.sources[0].array, array)
    said = {"shape": [20, 30, 40], "dtype": ">i2", "offset": 4, "voxel_size": [2, 1, 1], "unit": "um", "kind": "image"}
    (tmp_path / "scan.raw.json").write_text(json.dumps(said))
    source = open_source(str(tmp_path / "scan.raw"))
    assert (source.voxel_size, source.unit) == ((2.0, 1.0, 1.0), "µm")
    np.testing.assert_array_equal(source.array, array)
    fortran = open_volume(tmp_path / "scan.raw", order="F").sources[0]
    np.testing.assert_array_equal(fortran.array, array.ravel().reshape((20, 30, 40), order="F"))
    assert fortran.fingerprint != source.fingerprint == open_source(str(tmp_path / "scan.raw")).fingerprint


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"shape": (20, 30, 41)}, r"48,000 bytes; shape \(20, 30, 41\) of uint16 after 0 needs 49,200"),
        ({"shape": (20, -30, -40)}, "positive whole numbers"), ({"shape": (2**40,) * 3}, "positive whole numbers"),
        ({"shape": 5}, "positive whole numbers"), ({"shape": (20, 30, 40.5)}, "positive whole numbers"),
        ({"dtype": "colour"}, "dtype"), ({"offset": -8}, "offset"), ({"order": "K"}, "order"),
        ({"dtype": "O"}, "no number"), ({"dtype": []}, "no number"),
    ],
)
def test_raw_facts_that_cannot_be(tmp_path, facts, words):
    values().tofile(tmp_path / "scan.raw")
    with pytest.raises((SourceError, ParameterError), match=words):
        open_volume(tmp_path / "scan.raw", **{"shape": (20, 30, 40), "dtype": "u2", **facts})


def test_a_file_beside_a_raw_one_that_cannot_be_used(tmp_path):
    values().tofile(tmp_path / "scan.raw")
    for text, words in (("{", "JSON"), ('{"shapes": [1, 2, 3]}', "shapes"), ("[1]", "list")):
        (tmp_path / "scan.json").write_text(text)
        with pytest.raises(SourceError, match=rf"scan\.json.*{words}"):
            open_source(tmp_path / "scan.raw")


# Arrays


def test_a_mapped_array_has_the_fingerprint_of_its_file(tmp_path):
    np.save(tmp_path / "a.npy", values())
    path = tmp_path / "a.npy"
    first = open_source(path).fingerprint
    mapped = np.load(path, mmap_mode="r")
    assert open_source(path).fingerprint == first == open_source(mapped).fingerprint
    assert open_source(mapped[2:]).fingerprint != first != open_source(mapped[:, ::2]).fingerprint
    assert open_source(mapped[2:]).fingerprint == open_source(np.load(path, mmap_mode="r")[2:]).fingerprint
    writable = np.load(path, mmap_mode="r+")
    assert open_source(writable).fingerprint != open_source(writable).fingerprint
    np.save(path, values(dtype="i4"))
    assert open_source(path).fingerprint != first


@pytest.mark.parametrize("chunks", [(8, 16, 40), ((3, 9, 8), (30,), (1, 39))])
def test_dask_arrays_are_computed_by_chunks(chunks):
    array, calls = values(), []

    def count(block):
        calls.append(block.nbytes)
        return block + 1

    lazy = dask.array.from_array(array, chunks=chunks).map_blocks(count, dtype=array.dtype, meta=np.empty((0, 0, 0), array.dtype))
    source = open_source(lazy)
    assert source.array is None
    np.testing.assert_array_equal(whole(source), array + 1)
    np.testing.assert_array_equal(source.read(0, ((1, 9), (3, 30), (0, 2))), array[1:9, 3:30, 0:2] + 1)
    assert sum(calls) == array.nbytes
    film = open_sources(dask.array.stack([lazy, lazy]), axes="czyx")
    np.testing.assert_array_equal(whole(film[1]), array + 1)


def test_a_dask_array_that_fails_says_why():
    def fail(block):
        raise ValueError("the disk is gone")

    lazy = dask.array.from_array(values(), chunks=8).map_blocks(fail, dtype="u2", meta=np.empty((0, 0, 0), "u2"))
    with pytest.raises(SourceError, match=r"disk is gone.*compute"):
        whole(open_source(lazy))


# N5 and precomputed


def n5(path, array, **attributes):
    store = tensorstore.open({
        "driver": "n5", "kvstore": {"driver": "file", "path": str(path)}, "create": True,
        "metadata": {
            "compression": {"type": "gzip"}, "dataType": array.dtype.name, "dimensions": list(array.shape[::-1]),
            "blockSize": [16, 12, 8],
        },
    }).result()
    store[...] = array.T
    if attributes:
        said = json.loads((path / "attributes.json").read_text())
        (path / "attributes.json").write_text(json.dumps({**said, **attributes}))


def test_n5(tmp_path):
    array = values()
    n5(tmp_path / "a.n5" / "raw", array, pixelResolution={"dimensions": [0.5, 1.0, 2.0], "unit": "um"})
    source = open_source(f"{tmp_path / 'a.n5'}:/raw")
    assert (source.shape, source.chunks, source.voxel_size, source.unit) == ((20, 30, 40), (8, 12, 16), (2.0, 1.0, 0.5), "µm")
    np.testing.assert_array_equal(source.read(0, ((3, 17), (5, 30), (0, 33))), array[3:17, 5:30, 0:33])
    with pytest.raises(SourceError, match=r"without s0.*raw"):
        open_source(tmp_path / "a.n5")


def test_n5_with_levels(tmp_path):
    array = values()
    n5(tmp_path / "a.n5" / "s0", array, resolution=[4, 4, 40], units=["nm", "nm", "nm"])
    n5(tmp_path / "a.n5" / "s1", array[::2, ::2, ::2])
    source = open_source(tmp_path / "a.n5")
    assert (source.levels, source.voxel_size, source.unit) == ({1: False}, (40.0, 4.0, 4.0), "nm")
    np.testing.assert_array_equal(source.read(1, ((0, 10), (0, 15), (0, 20))), array[::2, ::2, ::2])


def precomputed(path, array, scales=((1, (10, 20, 30)),), kind="image"):
    for factor, offset in scales:
        part = array[::factor, ::factor, ::factor]
        store = tensorstore.open({
            "driver": "neuroglancer_precomputed", "kvstore": {"driver": "file", "path": str(path)}, "create": True,
            "multiscale_metadata": {"type": kind, "data_type": array.dtype.name, "num_channels": 1},
            "scale_metadata": {
                "size": list(part.shape[::-1]), "resolution": [4 * factor, 4 * factor, 40 * factor], "chunk_size": [16, 16, 16],
                "encoding": "raw", "voxel_offset": list(offset),
            },
        }).result()
        store[...] = part.T[..., None]


def test_precomputed(tmp_path):
    array = values(dtype="u1")
    precomputed(tmp_path / "cells", array, ((1, (10, 20, 30)), (2, (5, 10, 15))), kind="segmentation")
    source = open_source(tmp_path / "cells")
    assert (source.name, source.kind, source.levels) == ("cells", "labels", {1: True})
    assert (source.voxel_size, source.unit, source.origin) == ((40.0, 4.0, 4.0), "nm", (1200.0, 80.0, 40.0))
    np.testing.assert_array_equal(source.read(0, ((3, 17), (5, 30), (0, 33))), array[3:17, 5:30, 0:33])
    np.testing.assert_array_equal(source.read(1, ((0, 10), (0, 15), (0, 20))), array[::2, ::2, ::2])
    served = open_source(f"precomputed://file://{tmp_path / 'cells'}")
    np.testing.assert_array_equal(whole(served), array)


@pytest.mark.parametrize("info", ["", "{", "{}", '{"@type": "neuroglancer_multiscale_volume", "scales": [{"size": [-1, 5, 5]}]}'])
def test_an_info_that_cannot_be(tmp_path, info):
    (tmp_path / "info").write_text(info)
    with pytest.raises(SourceError, match=r"cannot be read as a precomputed volume"):
        open_source(tmp_path)


def test_a_damaged_block_names_the_store(tmp_path):
    n5(tmp_path / "a.n5" / "raw", values())
    (tmp_path / "a.n5" / "raw" / "0" / "0" / "0").write_bytes(b"hello")
    with pytest.raises(SourceError, match=r"a\.n5/raw"):
        whole(open_source(f"{tmp_path / 'a.n5'}:raw"))


# Zarr


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_versions_and_shards(tmp_path, version):
    array = values((64, 64, 96))
    how = {"shards": (32, 64, 96)} if version == 3 else {}
    how |= {"shape": array.shape, "dtype": "u2", "chunks": (16, 16, 32), "zarr_format": version}
    store = zarr.create_array(str(tmp_path / "a.zarr"), **how)
    store[...] = array
    source = open_source(tmp_path / "a.zarr")
    assert source.chunks == (16, 16, 32)
    np.testing.assert_array_equal(source.read(0, ((3, 60), (0, 33), (31, 96))), array[3:60, 0:33, 31:96])
    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w", zarr_format=version)
    group.create_array("deep/raw", shape=(4, 5, 6), dtype="u1", chunks=(4, 5, 6))[...] = 7
    assert whole(open_source(f"{tmp_path / 'g.zarr'}:/deep/raw")).min() == 7
    with pytest.raises(SourceError, match=r"no 'nothing'.*deep"):
        open_source(f"{tmp_path / 'g.zarr'}:nothing")


def test_levels_named_outside_the_store_are_not_read(tmp_path):
    zarr.create_array(str(tmp_path / "secret"), shape=(4, 4, 4), dtype="u1", chunks=(4, 4, 4))[...] = 1
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    axes = [{"name": axis, "type": "space"} for axis in "zyx"]
    scale = [{"type": "scale", "scale": [1, 1, 1]}]
    datasets = [{"path": "../secret", "coordinateTransformations": scale}]
    group.attrs["ome"] = {"multiscales": [{"axes": axes, "datasets": datasets}]}
    with pytest.raises((SourceError, ShapeError), match=r"a\.zarr"):
        open_source(tmp_path / "a.zarr")


LIBRARIES = [
    ("a.tif", "tifffile", "tiff"), ("a.mha", "SimpleITK", "medical"), ("a.zarr", "zarr", "zarr"),
    ("a.n5", "tensorstore", "tensorstore"), ("a.nii", "nibabel", "nifti"), ("a.h5", "h5py", "hdf5"),
]


@pytest.mark.parametrize(("name", "module", "extra"), LIBRARIES)
def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch, name, module, extra):
    path = tmp_path / name
    if name.endswith((".n5", ".zarr")):
        path.mkdir()
    else:
        path.write_bytes(b"x")
    if name.endswith(".mha"):
        medical(path, values())
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SourceError, match=rf"needs {module}, which is not installed.*voxbeam\[{extra}\]"):
        open_source(path)


@pytest.mark.parametrize("address", ["https://127.0.0.1:9/volume.zarr", "precomputed://https://127.0.0.1:9/volume"])
def test_what_cannot_be_reached_is_not_called_damaged(address):
    with pytest.raises(SourceError, match="can it be reached from here, and is this user let in"):
        open_volume(address)
