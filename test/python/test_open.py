"""`rv.open`: what it tells, that it can be shown, and that other packages can add kinds."""

from __future__ import annotations

import functools
import http.server
import os
import re
import subprocess
import sys
import textwrap
import threading

import h5py
import numpy as np
import pytest
import tifffile
import zarr

import voxbeam as rv
from brick_reader import BrickReader
from bucket_server import bucket_server
from test_producer import check_all
from test_sources import ome
from voxbeam.sources.places import remedy_of


def values(shape=(70, 80, 90), dtype="u2") -> np.ndarray:
    return np.random.default_rng(6).integers(0, 200, shape).astype(dtype)


def test_it_tells_what_it_found(tmp_path):
    with h5py.File(tmp_path / "scan.h5", "w") as f:
        made = f.create_dataset("entry/data", data=values(), chunks=(16, 80, 90), compression="gzip")
        made.attrs["element_size_um"] = [2.0, 1.0, 0.5]
    found = rv.open(f"{tmp_path / 'scan.h5'}:/entry/data")
    assert (found.name, found.shape, found.dtype, found.axes) == ("scan", (70, 80, 90), np.dtype("u2"), "zyx")
    assert (found.voxel_size, found.unit, found.chunks) == ((2.0, 1.0, 0.5), "µm", (16, 80, 90))
    assert (found.levels, found.channels, found.times, found.nbytes) == ([(70, 80, 90)], [], None, values().nbytes)
    assert found.amplification is None
    words = repr(found)
    for part in ("<scan>", "70 × 80 × 90 (zyx)", "uint16, 984 KiB", "2 × 1 × 0.5 µm", "16 × 80 × 90"):
        assert part in words
    assert "<th" in found._repr_html_()


def test_channels_times_and_levels(tmp_path):
    ome(tmp_path / "cells.zarr", [(100, 30, 40), (50, 15, 20)])
    assert rv.open(tmp_path / "cells.zarr").levels == [(100, 30, 40), (50, 15, 20)]
    film = rv.open(np.zeros((3, 2, 4, 5, 6), "u1"), axes="tczyx", channels=["a", "b"], time_step=2.0, time_unit="s", name="film")
    assert (film.axes, film.channels, film.times.count, film.name) == ("tczyx", ["a", "b"], 3, "film")
    assert "3, 2 s apart" in repr(film)


def test_names_from_files_are_text_not_html(tmp_path):
    np.save(tmp_path / "<img src=x onerror=alert(1)>.npy", values())
    found = rv.open(next(tmp_path.iterdir()))
    assert "<img" not in found._repr_html_()
    assert "&lt;img" in found._repr_html_()


def test_unknown_options_and_options_of_raw_files_elsewhere():
    with pytest.raises(TypeError, match="did you mean 'voxel_size'"):
        rv.open(values(), voxelsize=2)
    with pytest.raises(rv.ParameterError, match="shape were given"):
        rv.open(values(), shape=(1, 2, 3))


@pytest.mark.parametrize("name", ["a.h5", "a.tif", "a.zarr"])
def test_what_was_opened_is_shown_and_so_is_its_path(instance, sidecar, tmp_path, name):
    array = values()
    path = tmp_path / name
    if name == "a.h5":
        with h5py.File(path, "w") as f:
            f.create_dataset("entry/data", data=array, chunks=(20, 33, 90), compression="gzip")
        place = f"{path}:/entry/data"
    elif name == "a.tif":
        tifffile.imwrite(path, array, compression="zlib", tile=(32, 48))
        place = str(path)
    else:
        zarr.create_array(str(path), shape=array.shape, dtype="u2", chunks=(33, 40, 45))[...] = array
        place = str(path)
    found = rv.open(place, unit="mm")
    assert rv.render_volume(found, instance)
    produced = instance.producer.volumes[0]
    assert (produced.description.name, produced.description.unit) == ("a", "mm")
    reader = BrickReader(sidecar)
    check_all(reader, produced, array)
    reader.close()
    assert found.amplification <= 1.1
    assert rv.render_volume(place, instance, name="again")
    assert instance.volumes["again"].complete


ENTRY = "[voxbeam.sources]\nstars = star_source:open_stars\nbroken = star_source:not_there\n"
CODE = """
import numpy as np
from voxbeam.sources import Source

def open_stars(what):
    if not (hasattr(what, "suffix") and what.suffix == ".stars"):
        return None
    n = int(what.read_text())
    return Source(shape=(n, n, n), dtype=np.dtype("u1"), name="stars", array=np.ones((n, n, n), "u1"))
"""


def test_an_installed_package_adds_a_kind(tmp_path):
    """A package as pip leaves it: a module and its dist-info."""
    info = tmp_path / "star_source-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: star-source\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY)
    (tmp_path / "star_source.py").write_text(CODE)
    (tmp_path / "a.stars").write_text("9")
    code = f"""
        import sys
        sys.path.append({str(tmp_path)!r})
        import voxbeam as rv
        found = rv.open({str(tmp_path / "a.stars")!r})
        print(found.name, found.shape)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "stars (9, 9, 9)"
    assert "broken" in run.stderr  # a package that cannot be loaded is told of, and stops nobody


def test_a_store_on_a_server(tmp_path):
    array = values((40, 50, 60))
    zarr.create_array(str(tmp_path / "scan.zarr"), shape=array.shape, dtype="u2", chunks=(20, 25, 30))[...] = array

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        where = f"http://127.0.0.1:{server.server_port}"
        found = rv.open(f"{where}/scan.zarr")
        assert (found.name, found.shape, found.chunks) == ("scan", (40, 50, 60), (20, 25, 30))
        np.testing.assert_array_equal(found.sources[0].read(0, ((3, 33), (0, 50), (7, 60))), array[3:33, :, 7:])
        with pytest.raises(rv.SourceError, match=r"gone\.zarr"):
            rv.open(f"{where}/gone.zarr")
        with pytest.raises(rv.SourceError, match=r"No source reads 'http"):
            rv.open(f"{where}/scan.xyz")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("shards", [None, (40, 50, 60)])
def test_a_store_in_a_bucket_of_s3(tmp_path, monkeypatch, shards):
    pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()
    array = values((140, 50, 60))
    form = {"shape": array.shape, "dtype": "u2", "chunks": (20, 25, 30), "shards": shards}
    zarr.create_array(str(tmp_path / "scan.zarr"), **form)[...] = array
    with bucket_server(tmp_path) as (address, asked):
        access = {"ENDPOINT_URL": address, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}
        for name, value in access.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        found = rv.open("s3://bucket/scan.zarr")
        assert (found.name, found.shape, found.chunks) == ("scan", (140, 50, 60), (20, 25, 30))
        np.testing.assert_array_equal(found.sources[0].read(0, ((3, 18), (0, 50), (7, 60))), array[3:18, :, 7:])
        if shards is None:
            assert not [key for key in asked if re.search("/c/[4-6]/", key)], "chunks that no voxel was asked of"
        with pytest.raises(rv.SourceError, match=r"gone\.zarr"):
            rv.open("s3://bucket/gone.zarr")


def test_a_bucket_without_credentials_says_where_they_go(tmp_path, monkeypatch):
    pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(rv.SourceError, match=r"locate credentials.*Set AWS_ACCESS_KEY_ID"):
        rv.open("s3://bucket/scan.zarr")


@pytest.mark.parametrize(("where", "reason", "remedy"), [
    ("gs://bucket/em", "HTTP response code: 401", "GOOGLE_APPLICATION_CREDENTIALS"),
    ("s3://bucket/em", "Access Denied", "AWS_PROFILE"),
    ("s3://bucket/em", "Could not resolve host", "can it be reached"),
    ("/data/em", "Permission denied", "Is it complete"),
])
def test_a_remedy_fits_what_was_refused(where, reason, remedy):
    assert remedy in remedy_of(where, OSError(reason))


def test_a_precomputed_volume_in_a_bucket_of_google(tmp_path):
    """In a process of its own: the address is read once."""
    ts = pytest.importorskip("tensorstore")
    array = values((20, 30, 40))
    store = ts.open(
        {
            "driver": "neuroglancer_precomputed", "kvstore": f"file://{tmp_path}/em/", "create": True,
            "multiscale_metadata": {"type": "image", "data_type": "uint16", "num_channels": 1},
            "scale_metadata": {"size": [40, 30, 20], "encoding": "raw", "chunk_size": [16, 16, 16], "resolution": [4, 4, 40]},
        }
    ).result()
    store[:, :, :, 0] = array.transpose(2, 1, 0)
    code = (
        "import numpy as np, voxbeam as rv\n"
        "found = rv.open('precomputed://gs://bucket/em')\n"
        "print(found.shape, found.dtype, int(found.sources[0].read(0, ((0, 20), (0, 30), (0, 40))).sum()))"
    )
    with bucket_server(tmp_path) as (address, _):
        there = {"TENSORSTORE_GCS_HTTP_URL": address, "GCE_METADATA_ROOT": address.removeprefix("http://")}
        command, environment = [sys.executable, "-c", code], {**os.environ, **there}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert run.stdout.split() == f"(20, 30, 40) uint16 {int(array.sum(dtype='i8'))}".split(), run.stderr
