"""Files through napari itself: opened by its readers as layers, written again by its writers.

`python napari_round.py FOLDER FILE...`, by a Python that has napari; prints in JSON what layers it made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from napari.layers import Labels, Layer
from napari_builtins.io import napari_get_reader, napari_write_labels, napari_write_points, napari_write_shapes


def opened(path: str) -> Layer:
    read = napari_get_reader(path)
    if read is None:
        raise ValueError(f"napari has no reader for {path}")
    ((data, *more),) = read(path)
    # A picture is opened as labels where somebody asks for that.
    return Layer.create(data, dict(more[0]), more[1]) if len(more) > 1 else Labels(np.asarray(data), **(more[0] if more else {}))


def told(layer: Layer) -> dict[str, object]:
    if isinstance(layer, Labels):
        return {"layer": "Labels", "shape": list(layer.data.shape), "known": np.argwhere(layer.data == 2).tolist()}
    return {
        "layer": type(layer).__name__,
        "data": [np.asarray(one).tolist() for one in layer.data],
        "kinds": list(getattr(layer, "shape_type", [])),
        "features": {name: [str(value) for value in values] for name, values in layer.features.items()},
    }


WRITERS = {"Points": napari_write_points, "Shapes": napari_write_shapes, "Labels": napari_write_labels}
folder, *paths = sys.argv[1:]
said = []
for path in paths:
    one = opened(path)
    said.append(told(one))
    data, meta, kind = one.as_layer_data_tuple()
    WRITERS[type(one).__name__](str(Path(folder) / Path(path).name), data, {**meta, "name": Path(path).stem})
print(json.dumps(said))
