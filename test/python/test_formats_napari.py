"""Our tables and label pictures in napari itself, without its window: what it makes of them, and what it writes comes back.

Runs where napari is: in this Python, or in the one that `VOXBEAM_NAPARI_PYTHON` names; `pip install napari` in an
environment of its own is enough.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import voxbeam as rv
from format_marks import KNOWN, VOLUME, marks, write

HERE = sys.executable if importlib.util.find_spec("napari") else None
PYTHON = os.environ.get("VOXBEAM_NAPARI_PYTHON") or HERE
pytestmark = pytest.mark.skipif(PYTHON is None, reason="no napari here, nor a Python that has it in VOXBEAM_NAPARI_PYTHON")
SHAPE = (9, 40, 80)


def through_napari(folder: Path, *paths: Path) -> list[dict]:
    """What napari makes of files; it writes them again into a folder."""
    folder.mkdir()
    program = Path(__file__).with_name("napari_round.py")
    # Of this environment it is told nothing: it has libraries of its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(PYTHON), str(program), str(folder), *map(str, paths)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout.splitlines()[-1])


def test_napari_opens_what_is_written_and_its_files_are_read(tmp_path):
    points = [marks()[0], rv.Point(voxel=(1, 2, 3.5), name="b", label="void", props={"score": 2.5, "count": 7}).placed(VOLUME)]
    shapes = [one for one in marks() if one.kind not in ("point", "oriented_box")]
    labels = np.zeros(SHAPE, "uint16")
    labels[2:5, 10:20, 30:50] = 1
    labels[KNOWN] = 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rv.LossWarning)
        write(tmp_path, "-points.csv", points)
        write(tmp_path, "-shapes.csv", shapes)
        rv.export_labels(labels, tmp_path / "tissue.tif", progress=False)
    files = [tmp_path / name for name in ("marks-points.csv", "marks-shapes.csv", "tissue.tif")]
    of_points, of_shapes, of_labels = through_napari(tmp_path / "again", *files)

    assert of_points["layer"] == "Points"
    np.testing.assert_allclose(of_points["data"], [KNOWN, (1, 2, 3.5)])
    assert of_points["features"]["name"] == [points[0].name, "b"]
    assert [float(value) for value in of_points["features"]["score"]] == [0.5, 2.5]
    assert of_shapes["layer"] == "Shapes"
    assert of_shapes["kinds"] == ["line", "path", "polygon", "rectangle", "ellipse"]
    np.testing.assert_allclose(of_shapes["data"][0], [KNOWN, (5, 30, 60)])
    assert of_labels == {"layer": "Labels", "shape": list(SHAPE), "known": [list(KNOWN)]}

    # What napari wrote, in its own form.
    found = rv.import_annotations(tmp_path / "again" / "marks-points.csv")
    np.testing.assert_allclose([one.voxel for one in found], [KNOWN, (1, 2, 3.5)])
    found = rv.import_annotations(tmp_path / "again" / "marks-shapes.csv")
    assert [one.kind for one in found] == ["line", "polyline", "polygon", "box", "ellipsoid"]
    for one, before in zip(found[:3], shapes[:3], strict=True):
        np.testing.assert_allclose(one.voxel, before.voxel, atol=1e-6)
    np.testing.assert_allclose([found[3].start, found[3].stop], [shapes[3].start, shapes[3].stop], atol=1e-6)
    np.testing.assert_allclose(found[4].voxel, (9, 30, 40), atol=1e-6)
    again = rv.import_labels(tmp_path / "again" / "tissue.tif")
    np.testing.assert_array_equal(again, labels)
