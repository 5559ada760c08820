"""Files that are cut short, or deleted, while a volume of them is being read: one clear error, and the kernel lives."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

#: Every kind in one process: what ends it, such as a page of a mapped file that is not there any more, is a failure of all.
CODE = """
import json, os, pathlib, shutil, sys, time
import h5py, nibabel, numpy as np, SimpleITK, tensorstore, tifffile, zarr
import voxbeam as rv
from voxbeam.errors import VoxbeamError
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar

folder, how = pathlib.Path(sys.argv[1]), sys.argv[2]
array = np.random.default_rng(3).integers(0, 999, (200, 140, 130)).astype("u2")

def write_hdf5(path):
    with h5py.File(path, "w") as f:
        f.create_dataset("data", data=array, chunks=(16, 70, 65), compression="gzip", compression_opts=1)

def write_raw(path):
    path.write_bytes(array.tobytes())

def write_store(path, driver, **metadata):
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}, "create": True, **metadata}
    store = tensorstore.open(spec).result()
    store[...] = array.T.reshape(store.shape)

def write_n5(path):
    facts = {"compression": {"type": "gzip"}, "dataType": "uint16", "dimensions": [130, 140, 200], "blockSize": [65, 70, 16]}
    write_store(path, "n5", metadata=facts)

def write_precomputed(path):
    scale = {"size": [130, 140, 200], "encoding": "raw", "chunk_size": [65, 70, 16], "resolution": [1, 1, 1]}
    facts = {"data_type": "uint16", "num_channels": 1, "type": "image"}
    write_store(path, "neuroglancer_precomputed", multiscale_metadata=facts, scale_metadata=scale)

WRITERS = {
    "a.raw": write_raw,
    "a.npy": lambda path: np.save(path, array),
    "a.h5": write_hdf5,
    "a.tif": lambda path: tifffile.imwrite(path, array),
    "tiled.tif": lambda path: tifffile.imwrite(path, array, tile=(64, 64), compression="zlib"),
    "a.nii": lambda path: nibabel.save(nibabel.Nifti1Image(array.T, np.eye(4)), path),
    "a.mha": lambda path: SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path)),
    "a.n5": write_n5,
    "precomputed": write_precomputed,
    "a.zarr": lambda path: zarr.save_array(str(path), array),
}

def hurt(path):
    inside = [file for file in sorted(path.rglob("*")) if file.is_file() and file.suffix != ".json" and file.name != "info"]
    for file in [path] if path.is_file() else inside:
        if how == "delete":
            file.unlink()
        else:
            os.truncate(file, file.stat().st_size // 3)

process = start_sidecar(store_bytes=256 * 2**20)
for name, write in WRITERS.items():
    path = folder / name
    write(path)
    options = {"shape": array.shape, "dtype": "u2"} if name == "a.raw" else {}
    with Instance(process.host, process.port, process.token) as instance:
        volume = instance.producer.declare(rv.open(path, **options), name=name)
        hurt(path)
        began = time.monotonic()
        try:
            volume.fill(timeout=60)
            said = "complete"
        except VoxbeamError as error:
            said = "error: " + str(error)
        good = instance.producer.declare(np.zeros((9, 9, 9), "u1"), name="good")
        good.fill(timeout=60)
        print(json.dumps([name, said, time.monotonic() - began]), flush=True)
process.stop()
"""
KINDS = ["a.raw", "a.npy", "a.h5", "a.tif", "tiled.tif", "a.nii", "a.mha", "a.n5", "precomputed", "a.zarr"]


@pytest.mark.parametrize("how", ["truncate", "delete"])
def test_a_file_that_vanishes_while_it_is_read_is_one_clear_error(tmp_path, how):
    command = [sys.executable, "-c", textwrap.dedent(CODE), str(tmp_path), how]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, f"ended by {run.returncode} after {said}: {run.stderr[-2000:]}"
    assert [name for name, _, _ in said] == KINDS
    for name, outcome, seconds in said:
        assert seconds < 60, (name, outcome)
        assert outcome == "complete" or "\n" not in outcome, outcome
        assert outcome.startswith(("complete", "error: ")), outcome
        if how == "truncate":
            assert outcome.startswith("error: "), f"{name} was cut, and is said to be whole"
    print(json.dumps(said, indent=1))
