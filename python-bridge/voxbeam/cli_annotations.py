"""``voxbeam annotations convert SRC DST``: annotations or labels from one program's file to another's."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add_parser(commands: Any) -> None:
    """Add the command to the parser of all."""
    parser = commands.add_parser(
        "annotations", help="convert annotations and labels between programs",
        description="Reads what one program has written, and writes it for another. The endings say the formats.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    formats = actions.add_parser("list", help="which formats are known, and what they keep")
    formats.set_defaults(run=_list)
    convert = actions.add_parser("convert", help="write a file of another format")
    convert.add_argument("source", metavar="SRC", help="such as landmarks.mrk.json, or with --labels tissue.seg.nrrd")
    convert.add_argument("target", metavar="DST", help="such as landmarks.csv, or with --labels tissue.nii.gz")
    convert.add_argument("--labels", action="store_true", help="they are label volumes, not annotations")
    convert.add_argument("--volume", metavar="PATH", help="the volume in whose voxels they count")
    convert.add_argument("--from", dest="given", metavar="FORMAT", help="format of SRC, where its ending does not say it")
    convert.add_argument("--to", dest="wanted", metavar="FORMAT", help="format of DST, where its ending does not say it")
    convert.add_argument("--world", choices=("LPS", "RAS"), help="where x and y of the volume point")
    convert.add_argument("--overwrite", action="store_true", help="replace what is there, once the new one is whole")
    convert.set_defaults(run=_convert)


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001  there are none
    from voxbeam.formats import ANNOTATION_FORMATS, LABEL_FORMATS  # noqa: PLC0415  what other commands need not wait for

    for title, formats in (("Annotations", ANNOTATION_FORMATS), ("Labels (--labels)", LABEL_FORMATS)):
        print(title)  # noqa: T201  what was asked for
        for one in formats:
            print(f"  {one.name:<14}{', '.join(one.endings):<26}{one.title}; keeps {', '.join(sorted(one.keeps))}")  # noqa: T201
    return 0


def _convert(options: argparse.Namespace) -> int:
    from voxbeam import formats  # noqa: PLC0415
    from voxbeam.sources.opened import open as open_volume  # noqa: PLC0415

    volume = open_volume(options.volume) if options.volume else None
    read: Any = formats.import_labels if options.labels else formats.import_annotations
    write: Any = formats.export_labels if options.labels else formats.export_annotations
    with warnings.catch_warnings():
        warnings.simplefilter("always", formats.LossWarning)
        warnings.showwarning = _say  # in a terminal, the line of our code says nothing
        found = read(options.source, format=options.given, volume=volume, world=options.world)
        more = {} if options.labels else {"volume": volume}
        path = write(found, options.target, format=options.wanted, world=options.world, overwrite=options.overwrite, **more)
    print(path)  # noqa: T201  what the command has made
    return 0


def _say(message: Any, *_: Any, **__: Any) -> None:
    print(f"voxbeam: {message}", file=sys.stderr)  # noqa: T201
