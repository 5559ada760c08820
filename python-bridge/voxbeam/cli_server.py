"""What the commands that start a server on this machine have in common: its options, and when it ends."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

from voxbeam import scenes, spill
from voxbeam.allowed_hosts import allowed_hosts, checked_hosts

if TYPE_CHECKING:
    import argparse


def add_server_options(parser: argparse.ArgumentParser, own_names: str) -> None:
    """Memory, spilling, names and the scene's file; `own_names` are those under which it answers in any case."""
    parser.add_argument("--store-bytes", type=int, help="budget of the server's memory (default: a share of this machine's)")
    spill.add_options(parser)
    parser.add_argument(
        "--allowed-host", action="append", metavar="NAME", dest="allowed_hosts",
        help=f"name, besides {own_names}, under which it answers; may be repeated",
    )
    parser.add_argument(
        "--scene", metavar="FILE", help="file in which what is drawn is kept (default: one of its own, see `voxbeam scenes`)"
    )


def server_fields(options: argparse.Namespace) -> dict[str, Any]:
    """What `start_sidecar` takes of these options."""
    from voxbeam.settings import checked_store_bytes  # noqa: PLC0415  half a second, which the other commands need not wait

    hosts = allowed_hosts() if options.allowed_hosts is None else checked_hosts(options.allowed_hosts, "--allowed-host")
    return {
        "store_bytes": None if options.store_bytes is None else checked_store_bytes(options.store_bytes),
        "port": options.port,
        "allowed_hosts": hosts,
        **scenes.sidecar_fields(options.scene),
        **spill.sidecar_fields(options.spill, options.spill_bytes),
    }


def interrupted() -> threading.Event:
    """Set by Ctrl-C, or when the process is asked to end."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended
