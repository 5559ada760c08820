"""Metadata written to do harm: sizes that cannot be, chunks that no memory holds, paths that lead out.

Each is a volume or one clear error, in bounded time and memory.
"""

from __future__ import annotations

import json
import random
import resource
import time
import zlib

import numpy as np
import pytest
import zarr

import voxbeam as rv
from test_sources_damaged import SHAPE, array, write_n5, write_ome_zarr, write_precomputed, write_raw
from voxbeam.errors import VoxbeamError

HUGE, MANY = 2**62, 2**31
#: Of other changes so many are tried.
TRIES = 100
#: A box is asked for within so many seconds, and takes no more than so many KiB.
SECONDS, KIB = 20, 2**20


def write_zarr_2(path):
    zarr.create_array(str(path), shape=SHAPE, dtype="u2", chunks=(6, 10, 12), zarr_format=2)[...] = array()


def write_zarr_3(path):
    zarr.create_array(str(path), shape=SHAPE, dtype="u2", chunks=(6, 10, 12))[...] = array()


def write_shards(path):
    zarr.create_array(str(path), shape=SHAPE, dtype="u2", chunks=(6, 10, 12), shards=(12, 20, 24))[...] = array()


STORES = {
    "a.zarr": (write_zarr_3, "zarr.json"), "2.zarr": (write_zarr_2, ".zarray"), "shards.zarr": (write_shards, "zarr.json"),
    "b.ome.zarr": (write_ome_zarr, "zarr.json"), "levels.ome.zarr": (write_ome_zarr, "0/zarr.json"),
    "a.n5": (write_n5, "attributes.json"), "precomputed": (write_precomputed, "info"), "raw": (write_raw, "scan.json"),
}
#: What a number becomes, and what a text becomes.
NUMBERS = [0, -1, MANY, HUGE, 2**80, 1e400, -1e308, 0.5, None, "1", [1], True]
TEXTS = ["", "../secret", "/etc/passwd", "..", "\0", "a" * 10_000, 5, None, [], "zstd", "gzip", "nonsense"]


def changed(said):
    """The same with one value other than it was, at every place in turn."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield {name: other for name, other in said.items() if name != key}
            for other in changed(value):
                yield {**said, key: other}
    elif isinstance(said, list):
        yield []
        yield said * 2
        for index, value in enumerate(said):
            for other in changed(value):
                yield [*said[:index], other, *said[index + 1 :]]
    else:
        yield from NUMBERS if isinstance(said, (int, float)) and not isinstance(said, bool) else TEXTS


def sizes(said):
    """The same with all numbers of one list others, such as a shape or a chunk's edges."""
    for key, value in said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ():
        if isinstance(value, list) and value and all(isinstance(n, int) for n in value):
            changes = [[n] * len(value) for n in (0, -1, MANY, HUGE)]
        else:
            changes = list(sizes(value))
        for other in changes:
            yield {**said, key: other} if isinstance(said, dict) else [*said[:key], other, *said[key + 1 :]]


@pytest.mark.parametrize("name", STORES)
def test_hostile_metadata_are_a_clear_error_or_a_volume(tmp_path, name):
    write, file = STORES[name]
    path = tmp_path / name
    write(path)
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xab" * 4096)
    metadata = path / file
    said = json.loads(metadata.read_text())
    held, outcomes, slowest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, {"read": 0, "refused": 0}, (0.0, "")
    others, lines = list(changed(said)), 0
    for other in [*sizes(said), *random.Random(zlib.crc32(name.encode())).sample(others, min(TRIES, len(others)))]:
        text = json.dumps(other)
        metadata.write_text(text)
        began = time.monotonic()
        try:
            source = rv.open(path / "scan.raw" if name == "raw" else path).sources[0].at(0)
            box = tuple((0, min(n, 8)) for n in source.shape)
            block = source.array[tuple(slice(*span) for span in box)] if source.array is not None else source.read(0, box)
            assert block.shape == tuple(b for _, b in box), text
            assert not (np.ascontiguousarray(block).view(np.uint8) == 0xAB).all(), f"another file was read: {text}"
            outcomes["read"] += 1
        except VoxbeamError as error:
            lines += str(error).count("\n")
            outcomes["refused"] += 1
        slowest = max(slowest, (time.monotonic() - began, text[:500]))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
        assert grown < KIB, f"{grown:,} KiB more: {text}"
    print(name, outcomes, "slowest", slowest[0])
    assert outcomes["refused"] > 10
    assert lines == 0, "an error is one sentence"
    assert slowest[0] < SECONDS, slowest
