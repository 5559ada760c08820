"""Chunks that are decoded without their library: the same voxels; and what only the library reads is left to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pyarrow as pa
import pytest
import tifffile

from voxbeam.errors import SourceError
from voxbeam.sources import open_source
from voxbeam.sources.tiff_pages import TiffPages
from voxbeam.sources.zarr_direct import direct_zarr

if TYPE_CHECKING:
    from pathlib import Path

zarr = pytest.importorskip("zarr", "3")
VOXELS = np.random.default_rng(3).integers(0, 400, (20, 37, 50)).astype("u2")
BOX = ((3, 19), (5, 36), (0, 49))
SLICES = tuple(slice(*span) for span in BOX)
FORMS: dict[str, dict[str, object]] = {
    "3 zstd": {"compressors": zarr.codecs.ZstdCodec(level=1)},
    "3 gzip, big-endian": {"compressors": zarr.codecs.GzipCodec(), "serializer": zarr.codecs.BytesCodec(endian="big")},
    "3 blosc": {"compressors": zarr.codecs.BloscCodec(cname="lz4", shuffle="bitshuffle")},
    "3 plain": {"compressors": None},
    "3 shards": {"compressors": zarr.codecs.ZstdCodec(), "shards": (16, 32, 32)},
    "3 shards of plain chunks": {"compressors": None, "shards": (8, 16, 64)},
    "2 zstd": {"zarr_format": 2},
    "2 plain": {"zarr_format": 2, "compressors": None},
}


def written(path: Path, voxels: np.ndarray = VOXELS, **form: object) -> Any:
    array = zarr.create_array(path, shape=voxels.shape, dtype=voxels.dtype, chunks=(8, 16, 16), **form)
    array[:] = voxels
    return zarr.open_array(path, mode="r")


@pytest.mark.parametrize("form", FORMS)
def test_chunks_of_zarr_are_decoded_as_its_library_does(tmp_path: Path, form: str) -> None:
    array = written(tmp_path / "a.zarr", **FORMS[form])
    direct = direct_zarr(array)
    assert direct is not None
    assert (direct.read((), BOX) == VOXELS[SLICES]).all()
    assert (open_source(tmp_path / "a.zarr").read(0, BOX) == VOXELS[SLICES]).all()


def test_what_only_the_library_reads_is_left_to_it(tmp_path: Path) -> None:
    others = [
        {"zarr_format": 2, "order": "F"},
        {"filters": zarr.codecs.TransposeCodec(order=(2, 1, 0))},
        {"compressors": [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()]},
    ]
    for number, form in enumerate(others):
        path = tmp_path / f"{number}.zarr"
        assert direct_zarr(written(path, **form)) is None
        assert (open_source(path).read(0, BOX) == VOXELS[SLICES]).all()
    assert direct_zarr(zarr.array(VOXELS, store={}, chunks=(8, 16, 16))) is None


def test_chunks_that_were_never_written_have_the_fill_value(tmp_path: Path) -> None:
    for number, form in enumerate(({}, {"shards": (16, 32, 32)})):
        array = zarr.create_array(
            tmp_path / f"{number}.zarr", shape=VOXELS.shape, dtype="f4", chunks=(8, 16, 16), fill_value=2.5, **form,
        )
        array[:8, :16, :16] = 1
        found = direct_zarr(array).read((), ((0, 20), (0, 37), (0, 50)))
        assert (found[:8, :16, :16] == 1).all()
        assert (found == 2.5).sum() == found.size - 8 * 16 * 16


def test_leading_axes_of_a_chunk_come_together(tmp_path: Path) -> None:
    voxels = np.stack([VOXELS, VOXELS + 1, VOXELS + 2])
    array = zarr.create_array(tmp_path / "a.zarr", shape=voxels.shape, dtype="u2", chunks=(2, 8, 16, 16))
    array[:] = voxels
    direct = direct_zarr(array)
    assert direct is not None
    assert direct.leading_chunks == (2,)
    assert (direct.read((slice(2, 4),), BOX) == voxels[(slice(2, None), *SLICES)]).all()


def test_a_shard_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr", **FORMS["3 shards"])
    array = zarr.open_array(tmp_path / "a.zarr", mode="r+")
    direct = direct_zarr(array)
    assert direct is not None
    assert (direct.read((), BOX) == VOXELS[SLICES]).all()
    array[:] = VOXELS[::-1] // 2
    assert (direct.read((), BOX) == (VOXELS[::-1] // 2)[SLICES]).all()


def test_damage_is_an_error_and_never_other_voxels(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr", **FORMS["3 shards"])
    shard = tmp_path / "a.zarr" / "c" / "0" / "0" / "0"
    whole = shard.read_bytes()
    for damaged in (whole[:-30], whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:], whole[: len(whole) // 2], bytes(len(whole))):
        shard.write_bytes(damaged)
        with pytest.raises(SourceError, match="cannot be read at level 0"):
            open_source(tmp_path / "a.zarr").read(0, BOX)


def test_frames_that_do_not_say_their_length_are_read_and_bombs_are_not(tmp_path: Path) -> None:
    array = written(tmp_path / "a.zarr", **FORMS["3 zstd"])
    chunk, first = tmp_path / "a.zarr" / "c" / "0" / "0" / "0", VOXELS[:8, :16, :16].copy()
    direct = direct_zarr(array)
    assert direct is not None
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(first.tobytes())
    chunk.write_bytes(packed.getvalue().to_pybytes())
    assert (direct.read((), ((0, 8), (0, 16), (0, 16))) == first).all()
    chunk.write_bytes(imagecodecs.zstd_encode(bytes(2**26)))
    with pytest.raises(SourceError):
        open_source(tmp_path / "a.zarr").read(0, BOX)


@pytest.mark.parametrize("compression", ["zlib", "lzw", "zstd"])
@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("form", [{"tile": (16, 32)}, {"rowsperstrip": 7}, {"rowsperstrip": 37}])
def test_tiles_and_strips_are_decoded_as_their_library_does(
    tmp_path: Path, compression: str, predictor: bool, form: dict[str, object],
) -> None:
    path = tmp_path / "a.tif"
    for voxels in (VOXELS, VOXELS.astype("i2") - 200, VOXELS.astype("u1")):
        tifffile.imwrite(path, voxels, compression=compression, predictor=predictor, photometric="minisblack", **form)
        with tifffile.TiffFile(path) as tiff:
            pages = TiffPages(path, tiff.series[0], "ZYX", voxels.shape)
            assert pages._decode is not None
            assert (pages.read((), BOX) == voxels[SLICES]).all()
            pages._decode = None
            assert (pages.read((), BOX) == voxels[SLICES]).all()


def test_a_tile_that_is_not_there_is_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VOXELS, compression="zlib", tile=(16, 32), photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[4]
        counts = page.tags["TileByteCounts"]
        kind = {3: "<u2", 4: "<u4"}[int(counts.dtype)]
        data = bytearray(path.read_bytes())
        data[counts.valueoffset : counts.valueoffset + np.dtype(kind).itemsize] = bytes(np.dtype(kind).itemsize)
    path.write_bytes(data)
    wanted = VOXELS.copy()
    wanted[4, :16, :32] = 0
    for _ in range(2):  # memory that held other voxels before
        assert (open_source(path).read(0, ((0, 20), (0, 37), (0, 50))) == wanted).all()
