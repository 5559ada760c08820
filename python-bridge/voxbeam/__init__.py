"""See, share and annotate a large 3D volume from a notebook: ``import voxbeam as rv``."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxbeam import cache, scenes, synthetic
    from voxbeam.annotation import (
        Annotation,
        AnnotationEvent,
        Annotations,
        Box,
        Ellipsoid,
        Line,
        OrientedBox,
        Point,
        Polygon,
        Polyline,
    )
    from voxbeam.api import initialize_visualization_server, query_visualization_server, render_volume, view
    from voxbeam.attachment import attach
    from voxbeam.conversion import convert
    from voxbeam.errors import (
        CertificateError,
        FormatError,
        InstanceGoneError,
        ParameterError,
        SchedulerError,
        ShapeError,
        SidecarError,
        SourceError,
        StoreTooSmallError,
        UnauthorizedError,
        UnsupportedDtypeError,
        UsageError,
        VoxbeamError,
    )
    from voxbeam.exchange.endpoint import ExchangeEndpoint
    from voxbeam.formats import (
        LabelClass,
        LabelVolume,
        LossWarning,
        export_annotations,
        export_labels,
        import_annotations,
        import_labels,
    )
    from voxbeam.instance import Instance
    from voxbeam.layers import Layer, LayerEvent, Layers
    from voxbeam.learning import Features, Learner, Prediction, Training
    from voxbeam.learning.api import learn
    from voxbeam.learning.file_exchange import FileExchange, send
    from voxbeam.learning.measure import measure
    from voxbeam.learning.segment import segment
    from voxbeam.people import Person
    from voxbeam.points.render import render_points
    from voxbeam.policy import loading_policy
    from voxbeam.remote import connect
    from voxbeam.settings import configure
    from voxbeam.shared_memory import empty, share
    from voxbeam.sources import from_function, growing, open_source
    from voxbeam.sources.opened import OpenedVolume, open  # noqa: A004, F401  rv.open is what it is called
    from voxbeam.volumes import Volume
    from voxbeam.widget import VolumeView

#: Where each public name lives. Outside notebooks they are loaded when first used: importing the package is instant.
_HOMES = {
    "api": ("initialize_visualization_server", "query_visualization_server", "render_volume", "view"),
    "annotation": (
        "Annotation",
        "AnnotationEvent",
        "Annotations",
        "Box",
        "Ellipsoid",
        "Line",
        "OrientedBox",
        "Point",
        "Polygon",
        "Polyline",
    ),
    "attachment": ("attach",),
    "conversion": ("convert",),
    "errors": (
        "CertificateError",
        "FormatError",
        "InstanceGoneError",
        "ParameterError",
        "SchedulerError",
        "ShapeError",
        "SidecarError",
        "SourceError",
        "StoreTooSmallError",
        "UnauthorizedError",
        "UnsupportedDtypeError",
        "UsageError",
        "VoxbeamError",
    ),
    "exchange.endpoint": ("ExchangeEndpoint",),
    "formats": (
        "LabelClass",
        "LabelVolume",
        "LossWarning",
        "export_annotations",
        "export_labels",
        "import_annotations",
        "import_labels",
    ),
    "instance": ("Instance",),
    "layers": ("Layer", "LayerEvent", "Layers"),
    "learning": ("Features", "Learner", "Prediction", "Training"),
    "learning.api": ("learn",),
    "learning.file_exchange": ("FileExchange", "send"),
    "learning.measure": ("measure",),
    "learning.segment": ("segment",),
    "people": ("Person",),
    "points.render": ("render_points",),
    "policy": ("loading_policy",),
    "remote": ("connect",),
    "settings": ("configure",),
    "shared_memory": ("empty", "share"),
    "sources": ("from_function", "growing", "open_source"),
    "sources.opened": ("OpenedVolume", "open"),
    "volumes": ("Volume",),
    "widget": ("VolumeView",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

# `open` is left out: ``from voxbeam import *`` must not hide Python's own.
__all__ = [
    "Annotation",
    "AnnotationEvent",
    "Annotations",
    "Box",
    "CertificateError",
    "Ellipsoid",
    "ExchangeEndpoint",
    "Features",
    "FileExchange",
    "FormatError",
    "Instance",
    "InstanceGoneError",
    "LabelClass",
    "LabelVolume",
    "Layer",
    "LayerEvent",
    "Layers",
    "Learner",
    "Line",
    "LossWarning",
    "OpenedVolume",
    "OrientedBox",
    "ParameterError",
    "Person",
    "Point",
    "Polygon",
    "Polyline",
    "Prediction",
    "SchedulerError",
    "ShapeError",
    "SidecarError",
    "SourceError",
    "StoreTooSmallError",
    "Training",
    "UnauthorizedError",
    "UnsupportedDtypeError",
    "UsageError",
    "Volume",
    "VolumeView",
    "VoxbeamError",
    "attach",
    "cache",
    "configure",
    "connect",
    "convert",
    "empty",
    "export_annotations",
    "export_labels",
    "from_function",
    "growing",
    "import_annotations",
    "import_labels",
    "initialize_visualization_server",
    "learn",
    "loading_policy",
    "measure",
    "open_source",
    "query_visualization_server",
    "render_points",
    "render_volume",
    "scenes",
    "segment",
    "send",
    "share",
    "synthetic",
    "view",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in ("cache", "scenes", "synthetic"):
        value = import_module(f"{__name__}.{name}")
    elif name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  a tenth of a second that few need

    try:
        return version("voxbeam")
    except PackageNotFoundError:  # run from its folder
        return "0+source"


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, "cache", "scenes", "synthetic", "__version__"])


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the extension in an editable install."""
    return [{"src": "labextension", "dest": "voxbeam-jupyter"}]


if "ipykernel" in sys.modules:
    # A notebook will need it all, and the cell that imports is the place to wait for that, not the first picture.
    for _part in ("api", "producer", "sources", "widget"):
        import_module(f"{__name__}.{_part}")
