"""``voxbeam convert SRC DST``: any source to OME-Zarr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.cli_view import add_source_options, opened

if TYPE_CHECKING:
    import argparse


def add_parser(commands: Any) -> None:
    """Add the command to the parser of all."""
    parser = commands.add_parser(
        "convert", help="write a volume as OME-Zarr, with its pyramid",
        description="Writes OME-Zarr 0.5 (Zarr v3, sharded), with the pyramid, in one reading. It takes its name when it is "
        "whole; interrupted, the same command goes on where it was.",
    )
    add_source_options(parser)
    parser.add_argument("target", metavar="DST", help="a folder that does not exist, such as scan.ome.zarr")
    parser.add_argument("--codec", choices=("zstd", "lz4", "none"), default="zstd", help="compression (default zstd)")
    parser.add_argument("--overwrite", action="store_true", help="replace what is there, once the new one is whole")
    parser.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from voxbeam.conversion import convert  # noqa: PLC0415  what other commands need not wait for

    if Path(options.target).expanduser().exists() and not options.overwrite:
        print(f"voxbeam: {options.target!r} exists; --overwrite replaces it.", file=sys.stderr)  # noqa: T201
        return 1
    path = convert(opened(options), options.target, codec=options.codec, overwrite=options.overwrite)
    print(path)  # noqa: T201  what the command has made
    return 0
