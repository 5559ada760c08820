"""``voxbeam view PATH``: a file in the viewer without a notebook. This process reads it; a sidecar of its own shows it."""

from __future__ import annotations

import argparse
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from voxbeam.background_fill import larger_than_store, lazy_words
from voxbeam.cli_server import add_server_options, interrupted, server_fields

if TYPE_CHECKING:
    from voxbeam.instance import Instance
    from voxbeam.sources.opened import OpenedVolume

#: How often it is looked whether the sidecar still runs.
TICK_SECONDS = 0.5


def add_parser(commands: Any, port: Any) -> None:
    """Add the command to the parser of all; `port` reads a port."""
    parser = commands.add_parser(
        "view", help="show a volume in a browser, without a notebook",
        description="Opens a volume, starts a server for it on this machine and prints the address of its page, which lets in "
        "one browser within two minutes; Enter prints another. Ctrl-C ends it.",
    )
    add_source_options(parser)
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument("--port", type=port, default=0, help="port of the page (default: a free one)")
    add_server_options(parser, "this machine's own")
    parser.set_defaults(run=view)


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """What is opened, and what is said about it."""
    parser.add_argument("path", metavar="PATH", help="a file, a folder, scan.h5:/entry/data, planes/*.tif, or a URL")
    parser.add_argument("--name", help="of the volume")
    parser.add_argument("--axes", help="which axis is which, such as tzyx or czyx")
    parser.add_argument("--kind", choices=("image", "labels"), help="labels: whole numbers that name objects")
    parser.add_argument("--voxel-size", type=_numbers, metavar="Z,Y,X", help="edges of a voxel, or one number for all")
    parser.add_argument("--unit", help="of the voxel size, such as µm")
    parser.add_argument("--shape", type=_whole_numbers, metavar="Z,Y,X", help="of a raw file")
    parser.add_argument("--dtype", help="of a raw file, such as uint16 or '>i2'")
    parser.add_argument("--offset", type=int, help="bytes before the first voxel of a raw file")
    parser.add_argument("--order", choices=("C", "F"), help="of a raw file: C, x is fastest, or F, z is")


def opened(options: argparse.Namespace) -> OpenedVolume:
    """The volume that the options name."""
    from voxbeam.sources.opened import open as open_volume  # noqa: PLC0415  half a second, which the other commands need not wait

    given = ("name", "axes", "kind", "voxel_size", "unit", "shape", "dtype", "offset", "order")
    return open_volume(options.path, **{name: getattr(options, name) for name in given})


def view(options: argparse.Namespace) -> int:
    """Show a volume until it is interrupted; returns the exit status."""
    from voxbeam.instance import Instance  # noqa: PLC0415  half a second, which the other commands need not wait
    from voxbeam.sidecar import start_sidecar  # noqa: PLC0415

    found = opened(options)
    _tell(repr(found))
    fields = server_fields(options)
    ended = interrupted()
    process = start_sidecar(**fields)
    with Instance(process.host, process.port, process.token, process=process, restarts=True) as instance:
        _declare(instance, found)
        url = instance.visualization_server_url
        print(url, flush=True)  # noqa: T201  what the command is for, alone on stdout
        if options.open:
            webbrowser.open(url)
        _tell("Ctrl-C ends it; Enter prints another address." if sys.stdin and sys.stdin.isatty() else "Ctrl-C ends it.")
        if sys.stdin and sys.stdin.isatty():
            threading.Thread(target=_print_addresses, args=(instance,), daemon=True).start()
        while not ended.wait(TICK_SECONDS):
            if not instance.alive:
                _tell(f"voxbeam: the server has ended. {process.last_words}")
                return 1
    return 0


def _declare(instance: Instance, found: OpenedVolume) -> None:
    options: dict[str, Any] = dict.fromkeys((
        "name", "voxel_size", "unit", "origin", "kind", "window", "colormap", "axes", "channels", "time_step", "time_unit",
    ))
    produced = instance.declare(found, options, None)
    if larger_than_store(produced, instance.store_bytes):
        _tell(lazy_words(produced, instance.store_bytes))
        return
    for one in produced:
        one.fill(wait=False)


def _print_addresses(instance: Instance) -> None:
    for _ in sys.stdin:
        print(instance.visualization_server_url, flush=True)  # noqa: T201


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201  this is where people of a terminal look


def _numbers(text: str) -> float | list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3):
        msg = f"{text!r}: give one number, or three such as 2,1,1"
        raise argparse.ArgumentTypeError(msg)
    return numbers[0] if len(numbers) == 1 else numbers


def _whole_numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        msg = f"{text!r}: give whole numbers such as 512,512,512"
        raise argparse.ArgumentTypeError(msg)
    return [int(part) for part in parts]
