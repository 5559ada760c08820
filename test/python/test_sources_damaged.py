"""Files of every kind with bytes flipped, cut and doubled: each opens and reads, or is one clear error; in bounded memory."""

from __future__ import annotations

import json
import random
import resource
import shutil
import zlib

import h5py
import nibabel
import numpy as np
import pytest
import SimpleITK
import tensorstore
import tifffile
import zarr

import voxbeam as rv
from voxbeam.errors import VoxbeamError

SHAPE = (12, 20, 24)
TRIES = 30
#: Of the file's beginning, where the metadata stand, so much is aimed at by half of the changes.
HEADER = 600


def array() -> np.ndarray:
    return np.random.default_rng(9).integers(0, 99, SHAPE).astype("u2")


def write_hdf5(path):
    with h5py.File(path, "w") as f:
        f.create_dataset("entry/data", data=array(), chunks=(4, 10, 24), compression="gzip", shuffle=True)


def write_zarr(path):
    zarr.create_array(str(path), shape=SHAPE, dtype="u2", chunks=(6, 10, 12), shards=(12, 20, 24))[...] = array()


def write_itk(path):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array()), str(path), path.stem == "packed")


def write_raw(path):
    path.mkdir()
    array().tofile(path / "scan.raw")
    (path / "scan.json").write_text(json.dumps({"shape": SHAPE, "dtype": "uint16", "voxel_size": [1, 1, 2]}))


def write_ome_zarr(path):
    rv.convert(array(), path, progress=False)


def write_n5(path):
    form = {"dimensions": SHAPE[::-1], "blockSize": [12, 10, 6], "dataType": "uint16", "compression": {"type": "gzip"}}
    store = tensorstore.open({"driver": "n5", "kvstore": f"file://{path}/", "create": True, "metadata": form}).result()
    store[...] = array().T


def write_precomputed(path):
    scale = {"size": SHAPE[::-1], "encoding": "raw", "chunk_size": [12, 10, 6], "resolution": [4, 4, 40]}
    spec = {
        "driver": "neuroglancer_precomputed", "kvstore": f"file://{path}/", "create": True, "scale_metadata": scale,
        "multiscale_metadata": {"type": "image", "data_type": "uint16", "num_channels": 1},
    }
    tensorstore.open(spec).result()[:, :, :, 0] = array().T


WRITERS = {
    "a.h5": write_hdf5,
    "a.tif": lambda path: tifffile.imwrite(path, array(), compression="zlib", tile=(16, 16)),
    "plain.tif": lambda path: tifffile.imwrite(path, array()),
    "a.nii": lambda path: nibabel.save(nibabel.Nifti1Image(array().T, np.eye(4)), path),
    "a.nii.gz": lambda path: nibabel.save(nibabel.Nifti1Image(array().T, np.eye(4)), path),
    "a.mha": write_itk, "packed.mha": write_itk, "a.nrrd": write_itk, "packed.nrrd": write_itk,
    "a.npy": lambda path: np.save(path, array()),
    "a.zarr": write_zarr, "b.ome.zarr": write_ome_zarr, "a.n5": write_n5, "precomputed": write_precomputed, "raw": write_raw,
}
#: What is opened of a folder, where that is not the folder.
INSIDE = {"raw": "scan.raw"}


def damage(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    how = chance.choice(["flip", "flip", "flip", "cut", "fill", "double"])
    at = chance.randrange(min(len(data), HEADER) if chance.random() < 0.5 else len(data))
    if how == "flip":
        for _ in range(chance.choice([1, 3])):
            data[min(len(data) - 1, at + chance.randrange(8))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del data[at:]
    elif how == "fill":
        data[at : at + 4] = b"\xff" * 4
    else:
        data[at:at] = data[max(0, at - 16) : at]
    return bytes(data)


@pytest.mark.parametrize("name", WRITERS)
def test_a_damaged_file_is_a_clear_error_or_a_volume(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    files = [file for file in sorted(path.rglob("*")) if file.is_file()] if path.is_dir() else [path]
    chance, outcomes = random.Random(zlib.crc32(name.encode())), {"read": 0, "refused": 0}
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(TRIES):
        file = chance.choice(files)
        whole = file.read_bytes()
        broken = tmp_path / f"try{number}" / name
        broken.parent.mkdir()
        if path.is_dir():
            shutil.copytree(path, broken)
        (broken / file.relative_to(path) if path.is_dir() else broken).write_bytes(damage(whole, chance))
        try:
            source = rv.open(broken / INSIDE[name] if name in INSIDE else broken).sources[0].at(0)
            box = tuple((0, min(n, 8)) for n in source.shape)
            block = source.array[tuple(slice(*span) for span in box)] if source.array is not None else source.read(0, box)
            assert block.shape == tuple(b for _, b in box)
            outcomes["read"] += 1
        except VoxbeamError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 0
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
    assert grown < 2**20, f"{grown:,} KiB more"  # a gibibyte: no header makes us take what it promises
