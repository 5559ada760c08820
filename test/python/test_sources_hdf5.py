"""HDF5 and NeXus: which dataset, what is said about it, links that stay in their folder, and reading by whole chunks."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest

from voxbeam.errors import ShapeError, SourceError
from voxbeam.sources import hdf5_filters, open_source, open_sources
from voxbeam.sources.places import library

#: Files of beamlines, where there are any: named by the variable, or beside the checkout.
DATA = Path(os.environ.get("VOXBEAM_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")


def values(shape=(20, 30, 40), dtype="u2") -> np.ndarray:
    return np.random.default_rng(3).integers(0, 200, shape).astype(dtype)


def whole(source) -> np.ndarray:
    return source.read(0, tuple((0, n) for n in source.shape))


def nexus(path: Path, array: np.ndarray, *, default: bool = True, units=("um", "um", "um"), **create) -> None:
    with h5py.File(path, "w") as f:
        entry = f.create_group("scan")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("recon")
        data.attrs.update({"NX_class": "NXdata", "signal": "density", "axes": ["z", "y", "x"]})
        data.create_dataset("density", data=array, **create)
        for name, n, step, unit in zip("zyx", array.shape, (2.0, 1.0, 0.5), units, strict=True):
            data[name] = 10 + step * np.arange(n)
            data[name].attrs["units"] = unit
        other = f.create_group("other")
        other["larger"] = np.zeros([n + 1 for n in array.shape], array.dtype)
        if default:
            f.attrs["default"] = "scan"
            entry.attrs["default"] = "recon"


COMPRESSIONS = {
    "chunked": {"chunks": (7, 16, 40)},
    "gzip": {"chunks": (7, 16, 40), "compression": "gzip", "shuffle": True},
    "blosc": {"chunks": (1, 30, 40), **hdf5plugin.Blosc(cname="lz4")},
    "zstd": {"chunks": (8, 8, 8), **hdf5plugin.Zstd()},
    "bitshuffle": {"chunks": (20, 30, 40), **hdf5plugin.Bitshuffle()},
}


@pytest.mark.parametrize("how", COMPRESSIONS)
def test_chunks_and_filters(tmp_path, how):
    array = values()
    nexus(tmp_path / "a.h5", array, **COMPRESSIONS[how])
    source = open_source(tmp_path / "a.h5")
    assert (source.array, source.chunks) == (None, COMPRESSIONS[how]["chunks"])
    box = ((3, 19), (0, 17), (5, 40))
    np.testing.assert_array_equal(source.read(0, box), array[3:19, 0:17, 5:40])
    np.testing.assert_array_equal(whole(source), array)
    assert source.counter.read == array.nbytes  # each chunk once


def test_a_contiguous_dataset_is_mapped_in_place(tmp_path):
    array = values(dtype=">i2")
    nexus(tmp_path / "a.h5", array)
    source = open_source(f"{tmp_path / 'a.h5'}:/scan/recon/density")
    assert isinstance(source.array, np.memmap)
    np.testing.assert_array_equal(source.array, array)
    assert open_source(tmp_path / "a.h5").fingerprint == source.fingerprint


def test_the_default_of_nexus_its_axes_and_units(tmp_path):
    array = values()
    nexus(tmp_path / "scan.nxs", array)
    source = open_source(str(tmp_path / "scan.nxs"))
    assert (source.name, source.voxel_size, source.origin, source.unit) == ("scan", (2.0, 1.0, 0.5), (10.0, 10.0, 10.0), "µm")
    assert source.note is None
    nexus(tmp_path / "angle.nxs", array, units=("deg", "um", "um"))
    assert open_source(tmp_path / "angle.nxs").voxel_size == (1.0, 1.0, 1.0)  # no scale bar is true for an angle and a length


def test_without_a_default_the_first_signal_is_shown_and_said(tmp_path):
    nexus(tmp_path / "a.nxs", values(), default=False)
    assert open_source(tmp_path / "a.nxs").shape == (20, 30, 40)
    with h5py.File(tmp_path / "plain.h5", "w") as f:
        f["small"], f["large"], f["flat"] = values((4, 4, 4)), values((6, 6, 6)), values((99, 99))
    source = open_source(tmp_path / "plain.h5")
    assert source.shape == (6, 6, 6)
    assert "'/large'" in source.note


def test_leading_axes_of_a_dataset(tmp_path):
    array = values((2, 3, 8, 9, 10))
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.create_dataset("movie", data=array, chunks=(1, 3, 8, 9, 10))
        f.create_dataset("one", data=array[:1, :1], chunks=(1, 1, 4, 9, 10))
    channels = open_sources(f"{tmp_path / 'a.h5'}:movie", axes="tczyx")
    assert len(channels) == 3
    assert channels[0].times.count == 2
    for index, channel in enumerate(channels):
        for time in range(2):
            np.testing.assert_array_equal(whole(channel.at(time)), array[time, index])
    assert channels[0].counter.read == array.nbytes  # a chunk of three channels is read once for all of them
    np.testing.assert_array_equal(whole(open_source(f"{tmp_path / 'a.h5'}:/one")), array[0, 0])
    with pytest.raises(ShapeError, match=r"axes='tczyx'"):
        open_source(f"{tmp_path / 'a.h5'}:movie")


def test_objects_of_h5py(tmp_path):
    nexus(tmp_path / "a.h5", values(), chunks=(8, 8, 8))
    with h5py.File(tmp_path / "a.h5") as f:
        source = open_source(f["scan/recon/density"])
        assert open_source(f).shape == (20, 30, 40)
        assert open_source(f["scan"]).shape == (20, 30, 40)
    np.testing.assert_array_equal(whole(source), values())  # the caller's file is closed, ours is not
    with pytest.raises(SourceError, match="closed"):
        open_source(f)


def test_links_inside_the_folder_are_followed(tmp_path):
    (tmp_path / "raw").mkdir()
    array = values()
    with h5py.File(tmp_path / "raw" / "camera.h5", "w") as f:
        f.create_dataset("entry/frames", data=array, chunks=(1, 30, 40))
    with h5py.File(tmp_path / "a.nxs", "w") as f:
        f["near"] = h5py.ExternalLink("raw/camera.h5", "/entry/frames")
        f["group"] = h5py.ExternalLink("/beamline/raw/camera.h5", "/entry")
        f["soft"] = h5py.SoftLink("/near")
        f["round"] = h5py.SoftLink("/round")
        f["gone"] = h5py.ExternalLink("raw/gone.h5", "/x")
    for place in ("near", "soft"):
        source = open_source(f"{tmp_path / 'a.nxs'}:{place}")
        np.testing.assert_array_equal(whole(source), array)
    (tmp_path / "camera.h5").write_bytes((tmp_path / "raw" / "camera.h5").read_bytes())
    assert open_source(f"{tmp_path / 'a.nxs'}:/group/frames").shape == (20, 30, 40)  # of its name, beside the file
    with pytest.raises(SourceError, match=r"gone\.h5.*missing"):
        open_source(f"{tmp_path / 'a.nxs'}:/gone")
    with pytest.raises(SourceError, match="circle"):
        open_source(f"{tmp_path / 'a.nxs'}:/round")


@pytest.mark.parametrize("way", ["link", "virtual", "external", "symlink"])
def test_no_file_outside_the_folder_is_read(tmp_path, way):
    inner = tmp_path / "inner"
    inner.mkdir()
    secret = values((4, 4, 4))
    with h5py.File(tmp_path / "secret.h5", "w") as f:
        f["d"] = secret
    secret.tofile(tmp_path / "secret.raw")
    with h5py.File(inner / "a.h5", "w") as f:
        if way == "link":
            f["d"] = h5py.ExternalLink("../secret.h5", "/d")
        elif way == "symlink":
            (inner / "link.h5").symlink_to(tmp_path / "secret.h5")
            f["d"] = h5py.ExternalLink("link.h5", "/d")
        elif way == "virtual":
            layout = h5py.VirtualLayout((4, 4, 4), "u2")
            layout[...] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "d", (4, 4, 4))
            f.create_virtual_dataset("d", layout)
        else:
            f.create_dataset("d", (4, 4, 4), "u2", external=[(str(tmp_path / "secret.raw"), 0, 128)])
    with pytest.raises(SourceError, match=r"points to .*secret"):
        open_source(f"{inner / 'a.h5'}:/d")


def test_a_virtual_dataset_of_files_beside_it(tmp_path):
    array = values((6, 8, 9))
    layout = h5py.VirtualLayout(array.shape, "u2")
    for z in range(6):
        with h5py.File(tmp_path / f"{z}.h5", "w") as f:
            f["d"] = array[z]
        layout[z] = h5py.VirtualSource(f"{z}.h5", "d", (8, 9))
    with h5py.File(tmp_path / "all.h5", "w") as f:
        f.create_virtual_dataset("d", layout)
    np.testing.assert_array_equal(whole(open_source(tmp_path / "all.h5")), array)


def test_a_missing_dataset_lists_what_is_there(tmp_path):
    nexus(tmp_path / "a.h5", values())
    with pytest.raises(SourceError, match=r"has no 'scan/nothing'.*/scan/recon/density \(20, 30, 40\) uint16"):
        open_source(f"{tmp_path / 'a.h5'}:scan/nothing")
    with h5py.File(tmp_path / "flat.h5", "w") as f:
        f["image"] = values((9, 9))
    with pytest.raises(SourceError, match=r"holds no volume.*/image \(9, 9\)"):
        open_source(tmp_path / "flat.h5")


@pytest.mark.parametrize("how", ["empty", "text", "half"])
def test_a_damaged_file_names_itself(tmp_path, how):
    nexus(tmp_path / "a.h5", values(), chunks=(8, 8, 8))
    raw = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes({"empty": b"", "text": b"hello" * 99, "half": raw[: len(raw) // 2]}[how])
    with pytest.raises(SourceError, match=r"a\.h5.*complete"):
        open_source(tmp_path / "a.h5")


def test_a_damaged_chunk_names_the_dataset_when_it_is_read(tmp_path):
    nexus(tmp_path / "a.h5", values(), chunks=(20, 30, 40), compression="gzip")
    with h5py.File(tmp_path / "a.h5") as f:
        info = f["scan/recon/density"].id.get_chunk_info(0)
    with (tmp_path / "a.h5").open("r+b") as raw:
        raw.seek(info.byte_offset)
        raw.write(b"\xff" * info.size)
    with pytest.raises(SourceError, match=r"a\.h5:/scan/recon/density"):
        whole(open_source(tmp_path / "a.h5"))


def test_a_filter_that_nobody_has_is_named_when_it_is_opened(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4, 4, 4))
        plist.set_filter(31999, h5py.h5z.FLAG_OPTIONAL, ())
        made = h5py.h5d.create(f.id, b"d", h5py.h5t.NATIVE_UINT16, h5py.h5s.create_simple((4, 4, 4)), plist)
        made.write_direct_chunk((0, 0, 0), zlib.compress(bytes(128)))
    with pytest.raises(SourceError, match=r"filter 31999"):
        open_source(tmp_path / "a.h5")


def test_a_library_that_is_missing_is_named_with_its_extra(tmp_path, monkeypatch):
    nexus(tmp_path / "a.h5", values())
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SourceError, match=r"a\.h5.*needs h5py.*voxbeam\[hdf5\]"):
        open_source(tmp_path / "a.h5")
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    with pytest.raises(SourceError, match=r"needs hdf5plugin.*voxbeam\[hdf5\]"):
        library("hdf5plugin", "hdf5", "a.h5 (filter 32001, Blosc)")


@pytest.mark.skipif(not DATA.is_dir(), reason="real data are not here")
def test_a_scan_of_a_beamline_with_links_of_which_some_lead_nowhere():
    source = open_source(DATA / "k11-18014.nxs")
    assert (source.shape, source.dtype, source.chunks) == ((3201, 22, 26), np.dtype("u2"), (1, 22, 26))
    assert "imaging" in source.note or "detector" in source.note
    assert "EtherCAT.h5" in source.note
    with h5py.File(DATA / "k11-18014" / "k11-18014-imaging.h5") as f:
        frames = f["entry/detector/detector"][100:140, :, 3:]
    np.testing.assert_array_equal(source.read(0, ((100, 140), (0, 22), (3, 26))), frames)
    tooth = open_source(DATA / "tooth.h5")
    assert (tooth.shape, tooth.dtype) == ((181, 2, 640), np.dtype("f4"))
    with h5py.File(DATA / "tooth.h5") as f:
        np.testing.assert_array_equal(tooth.array if tooth.array is not None else whole(tooth), f["exchange/data"][...])


@pytest.fixture
def no_library(monkeypatch):
    """Reading chunks by h5py is an error, so that what does not need it is seen."""

    def refuse(*_):
        raise AssertionError("read by h5py")

    return lambda: monkeypatch.setattr(h5py.Dataset, "__getitem__", refuse)


@pytest.mark.parametrize("dtype", ["u1", "u2", ">i2", "f4", ">f8", "?"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("codec", ["libdeflate", "zlib"])
def test_deflated_chunks_are_inflated_without_the_librarys_lock(tmp_path, monkeypatch, no_library, *, dtype, shuffle, codec):
    array = values(dtype=dtype)
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.create_dataset("d", data=array, chunks=(7, 16, 9), compression="gzip", shuffle=shuffle)
    if codec == "zlib":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    source = open_source(tmp_path / "a.h5")
    no_library()
    np.testing.assert_array_equal(whole(source), array)
    assert source.read(0, ((0, 1), (0, 1), (0, 1))).dtype == source.dtype


FILTERS = {
    "blosc": lambda: hdf5plugin.Blosc(cname="zstd"), "blosc of bits": lambda: hdf5plugin.Blosc(cname="lz4", shuffle=2),
    "lz4": hdf5plugin.LZ4, "zstd": hdf5plugin.Zstd, "zstd after shuffle": lambda: {**hdf5plugin.Zstd(), "shuffle": True},
}


@pytest.mark.parametrize("how", FILTERS)
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_other_filters_are_undone_without_the_librarys_lock_where_processors_are_many(
    tmp_path, monkeypatch, no_library, how, dtype,
):
    array = np.sort(values(dtype=dtype) // 60)  # which compresses: a chunk that does not is written without a filter
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.create_dataset("d", data=array, chunks=(7, 16, 9), **FILTERS[how]())
    few = open_source(tmp_path / "a.h5")
    np.testing.assert_array_equal(whole(few), array)
    monkeypatch.setattr(hdf5_filters, "cores", lambda: 4)
    many = open_source(tmp_path / "a.h5")
    no_library()
    np.testing.assert_array_equal(whole(many), array)
    with h5py.File(tmp_path / "a.h5") as f:
        place = f["d"].id.get_chunk_info(0)
    raw = bytearray((tmp_path / "a.h5").read_bytes())
    raw[place.byte_offset : place.byte_offset + 24] = bytes(24)
    (tmp_path / "a.h5").write_bytes(raw)
    with pytest.raises(SourceError, match=r"a\.h5:/d.*chunk at \(0, 0, 0\)"):
        whole(open_source(tmp_path / "a.h5"))


def test_deflated_chunks_of_leading_axes_and_those_never_written(tmp_path, no_library):
    array = values((2, 3, 8, 9, 10))
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.create_dataset("movie", data=array, chunks=(1, 2, 5, 9, 10), compression="gzip")
        part = f.create_dataset("one", shape=(1, 8, 9, 10), dtype="u2", chunks=(1, 4, 9, 10), compression="gzip", fillvalue=5)
        part[0, :4] = array[0, 0, :4]
    one = whole(open_source(f"{tmp_path / 'a.h5'}:/one"))
    np.testing.assert_array_equal(one[:4], array[0, 0, :4])
    assert (one[4:] == 5).all()
    channels = open_sources(f"{tmp_path / 'a.h5'}:movie", axes="tczyx")
    no_library()
    for index, channel in enumerate(channels):
        for time in range(2):
            np.testing.assert_array_equal(whole(channel.at(time)), array[time, index])


@pytest.mark.parametrize("codec", ["libdeflate", "zlib"])
@pytest.mark.parametrize("size", [8 * 8 * 8 * 2 - 1, 10**6])
def test_a_chunk_that_holds_more_or_less_than_it_should(tmp_path, monkeypatch, codec, size):
    """A megabyte of zeros in a kilobyte: what is inflated is bounded by the chunk's size."""
    with h5py.File(tmp_path / "a.h5", "w") as f:
        d = f.create_dataset("d", shape=(8, 8, 8), dtype="u2", chunks=(8, 8, 8), compression="gzip")
        d.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(size)))
    if codec == "zlib":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(SourceError, match=r"a\.h5:/d.*chunk at \(0, 0, 0\)"):
        whole(open_source(tmp_path / "a.h5"))
