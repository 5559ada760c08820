"""Annotations of each kind that tests of formats write and read, and the voxel that they know."""

from __future__ import annotations

import warnings

import numpy as np

import voxbeam as rv

SIZE, ORIGIN = (2.0, 0.5, 0.25), (10.0, 20.0, -30.0)
VOLUME = rv.open(np.zeros((40, 80, 120), "uint8"), voxel_size=SIZE, origin=ORIGIN, unit="µm", name="scan")
#: One voxel z, y, x; its centre in the world x, y, z is that.
KNOWN = (4, 33, 71)
WORLD = (-30 + 71 * 0.25, 20 + 33 * 0.5, 10 + 4 * 2.0)
COMMON = {"label": "void & <b>", "color": "#12ab9f", "volume": "scan"}
ENDINGS = [".mrk.json", ".geojson", ".csv", ".ng.json", ".precomputed", ".json", ".arrow"]


def marks():
    """One of each kind, with voxels and world both."""
    made = [
        rv.Point(voxel=KNOWN, name='seed "1", <i>ü</i>', props={"score": 0.5, "count": 3}, **COMMON),
        rv.Line(voxel=[KNOWN, (5, 30, 60)], name="line", **COMMON),
        rv.Polyline(voxel=[KNOWN, (5, 30, 60), (6, 35, 61.5)], name="path", **COMMON),
        rv.Polygon(voxel=[(4, 10, 10), (4, 10, 20), (4, 25, 20.5)], name="outline", **COMMON),
        rv.Box((4, 10, 20), (5, 30, 50), name="box", **COMMON),
        rv.OrientedBox(world=WORLD, radii=(3, 2, 1), rotation=(0, 0, 0.6, 0.8), name="askew", **COMMON),
        rv.Ellipsoid(voxel=(9, 30, 40), voxel_axes=(3, 6, 8), name="grain", **COMMON),
    ]
    return [one.placed(VOLUME) for one in made]


def write(tmp_path, ending, annotations, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rv.LossWarning)
        return rv.export_annotations(annotations, tmp_path / f"marks{ending}", **{"volume": VOLUME} | options)


def back(path, **options):
    return [one.placed(VOLUME) for one in rv.import_annotations(path, **{"volume": VOLUME} | options)]
