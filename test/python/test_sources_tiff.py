"""TIFF in its many forms, read by tile, strip or file, and what OME and ImageJ say in it."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from voxbeam.errors import ParameterError, ShapeError, SourceError
from voxbeam.sources import open_source, open_sources


def values(shape=(9, 50, 70), dtype="u2") -> np.ndarray:
    return np.random.default_rng(4).integers(0, 200, shape).astype(dtype)


def whole(source) -> np.ndarray:
    return source.array if source.array is not None else source.read(0, tuple((0, n) for n in source.shape))


FORMS = {
    "contiguous": {},
    "big": {"bigtiff": True},
    "big-endian": {"byteorder": ">"},
    "deflate": {"compression": "zlib", "photometric": "minisblack"},
    "lzw-strips": {"compression": "lzw", "predictor": True, "rowsperstrip": 16},
    "zstd-tiles": {"compression": "zstd", "tile": (16, 32)},
    "tiles": {"tile": (32, 16)},
    "packbits": {"compression": "packbits", "rowsperstrip": 7},
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path, form):
    array = values()
    tifffile.imwrite(tmp_path / "a.tif", array, **FORMS[form])
    source = open_source(tmp_path / "a.tif")
    assert (source.shape, source.name) == ((9, 50, 70), "a")
    np.testing.assert_array_equal(whole(source), array)
    if form in ("contiguous", "big", "big-endian"):
        assert isinstance(source.array, np.memmap)
        return
    assert source.array is None
    box = ((2, 8), (13, 50), (15, 66))
    fresh = open_source(tmp_path / "a.tif")
    np.testing.assert_array_equal(fresh.read(0, box), array[2:8, 13:50, 15:66])
    assert source.counter.read == array.nbytes  # each tile once
    assert open_source(tmp_path / "a.tif").fingerprint == source.fingerprint


def test_ome_says_size_unit_channels_and_time(tmp_path):
    array = values((2, 4, 3, 20, 30))
    metadata = {
        "axes": "TZCYX", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 2.0, "PhysicalSizeZUnit": "µm", "TimeIncrement": 3.0, "TimeIncrementUnit": "s",
        "Channel": {"Name": ["DAPI", "GFP", "RFP"]},
    }
    for form in ({}, {"compression": "zlib"}):
        tifffile.imwrite(tmp_path / "a.ome.tif", array, metadata=metadata, photometric="minisblack", **form)
        channels = open_sources(tmp_path / "a.ome.tif")
        assert [source.channel.name for source in channels] == ["DAPI", "GFP", "RFP"]
        assert (channels[1].voxel_size, channels[1].unit) == ((2.0, 0.5, 0.25), "µm")
        assert (channels[0].times.count, channels[0].times.step, channels[0].times.unit) == (2, 3.0, "s")
        for index, channel in enumerate(channels):
            for time in range(2):
                np.testing.assert_array_equal(whole(channel.at(time)), array[time, :, index])
        assert len({channel.fingerprint for channel in channels}) == 3


@pytest.mark.parametrize("shape", [(9, 150, 200), (2, 9, 150, 200)])
def test_smaller_copies_in_a_file_are_previews_of_levels_of_their_size(tmp_path, shape):
    array = values(shape)
    smaller = [array[..., ::2, ::2], array[..., :140:2, ::2], array[..., ::4, ::4] + 1]  # the second is of no size of ours
    form = {"tile": (16, 16), "compression": "zlib", "photometric": "minisblack"}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(array, subifds=3, metadata={"axes": "TZYX"[-len(shape) :]}, **form)
        for level in smaller:
            file.write(level, subfiletype=1, **form)
    source = open_source(tmp_path / "a.ome.tif")
    assert dict(source.levels) == {1: False, 2: False}
    for time in range(shape[0] if len(shape) == 4 else 1):
        moment = source.at(time)
        of = (slice(None),) if len(shape) == 3 else (time,)
        np.testing.assert_array_equal(moment.read(0, ((0, 9), (0, 150), (0, 200))), array[of])
        np.testing.assert_array_equal(moment.read(1, ((0, 5), (0, 75), (0, 100))), smaller[0][of][[1, 3, 5, 7, 8]])
        np.testing.assert_array_equal(moment.read(2, ((1, 3), (2, 38), (0, 50))), smaller[2][of][[6, 8], 2:])


def test_imagej_says_size_and_unit(tmp_path):
    array = values((5, 20, 30))
    tifffile.imwrite(
        tmp_path / "a.tif", array, imagej=True, resolution=(4.0, 2.0), metadata={"spacing": 3.0, "unit": "um", "axes": "ZYX"},
    )
    source = open_source(tmp_path / "a.tif")
    assert (source.voxel_size, source.unit) == ((3.0, 0.5, 0.25), "µm")
    np.testing.assert_array_equal(whole(source), array)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_are_channels(tmp_path, planar):
    array = values((4, 20, 30, 3), "u1")
    stored = array if planar == "contig" else np.moveaxis(array, -1, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, compression="zlib", tile=(16, 16))
    channels = open_sources(tmp_path / "a.tif")
    assert [source.channel.name for source in channels] == ["red", "green", "blue"]
    for index, channel in enumerate(channels):
        np.testing.assert_array_equal(whole(channel), array[..., index])


def test_a_series_that_the_caller_names(tmp_path):
    array = values((2, 3, 10, 12))
    tifffile.imwrite(tmp_path / "a.tif", array, compression="zlib", photometric="minisblack")
    channels = open_sources(tmp_path / "a.tif", axes="zcyx")
    assert len(channels) == 3
    np.testing.assert_array_equal(whole(channels[2]), array[:, 2])
    with pytest.raises(ParameterError, match="axes is 'zyx'"):
        open_source(tmp_path / "a.tif", axes="zyx")


@pytest.mark.parametrize("how", ["folder", "pattern"])
def test_a_stack_of_files_in_their_natural_order(tmp_path, how):
    array = values((12, 20, 30))
    folder = tmp_path / "planes"
    folder.mkdir()
    for z in range(12):
        tifffile.imwrite(folder / f"p{z}.tif", array[z], compression="zlib" if z % 2 else None)
    source = open_source(folder if how == "folder" else str(folder / "p*.tif"))
    assert (source.shape, source.name, source.chunks) == ((12, 20, 30), "planes", (1, 20, 30))
    np.testing.assert_array_equal(source.read(0, ((3, 11), (0, 20), (5, 9))), array[3:11, :, 5:9])
    tifffile.imwrite(folder / "p5.tif", array[5, :10])
    with pytest.raises(SourceError, match=r"p5\.tif.*\(10, 30\)"):
        whole(open_source(folder))
    tifffile.imwrite(folder / "p5.tif", array[5])
    (folder / "p7.tif").write_bytes(b"II*\0no")
    with pytest.raises(SourceError, match=r"p7\.tif"):
        open_source(folder).read(0, ((7, 8), (0, 20), (0, 30)))


def test_one_plane_is_no_volume(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", values((20, 30)))
    with pytest.raises(ShapeError, match=r"one plane.*folder"):
        open_source(tmp_path / "a.tif")


@pytest.mark.parametrize("content", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"hello" * 50])
def test_a_file_that_is_not_what_its_name_says(tmp_path, content):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.tif.*TIFF"):
        open_source(tmp_path / "a.tif")


@pytest.mark.parametrize("form", ["contiguous", "deflate"])
def test_a_truncated_file_names_itself(tmp_path, form):
    tifffile.imwrite(tmp_path / "a.tif", values(), **FORMS[form])
    raw = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(raw[: len(raw) * 2 // 3])
    with pytest.raises(SourceError, match=r"a\.tif"):
        whole(open_source(tmp_path / "a.tif"))


def test_metadata_do_not_make_other_files_be_read(tmp_path):
    tifffile.imwrite(tmp_path / "secret.ome.tif", values(), metadata={"axes": "ZYX"})
    inner = tmp_path / "inner"
    inner.mkdir()
    xml = tifffile.TiffFile(tmp_path / "secret.ome.tif").ome_metadata
    named = xml.replace("<TiffData ", '<TiffData><UUID FileName="../secret.ome.tif">urn:uuid:0</UUID></TiffData><TiffData ', 1)
    assert named != xml
    tifffile.imwrite(inner / "a.ome.tif", values((50, 70)), description=named.encode(), metadata=None)
    with pytest.raises(SourceError, match=r"points to .*secret"):
        open_source(inner / "a.ome.tif")
