"""The command ``voxbeam``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from voxbeam import __version__, cli_annotations, cli_cache, cli_convert, cli_scenes, cli_serve, cli_view, scenes
from voxbeam.allowed_hosts import ENVIRONMENT, allowed_hosts, checked_hosts
from voxbeam.errors import VoxbeamError
from voxbeam.sidecar import STATIC, find_node

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_PORT = 31000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except VoxbeamError as error:
        print(f"voxbeam: {error}", file=sys.stderr)  # noqa: T201  this is where people of a terminal look
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="voxbeam", description="See, share and annotate a large 3D volume from a notebook.")
    parser.add_argument("--version", action="version", version=f"voxbeam {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    scheduler = commands.add_parser(
        "scheduler", help="start visualization servers for those who ask", description="Starts the scheduler."
    )
    scheduler.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help=f"port to listen on (default {DEFAULT_PORT}; 0: a free one)"
    )
    scheduler.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    scheduler.add_argument(
        "--token-file", metavar="PATH", help="file that holds the token; made, readable for you alone, when it is missing"
    )
    scheduler.add_argument(
        "--allowed-host", action="append", metavar="NAME", dest="allowed_hosts",
        help="name, besides this machine's own, under which servers answer browsers, as behind a hub; may be repeated (default: "
        f"those of {ENVIRONMENT}, and the one that JupyterHub tells)",
    )
    scheduler.set_defaults(run=_scheduler)
    cli_view.add_parser(commands, _port)
    cli_serve.add_parser(commands, _port)
    cli_convert.add_parser(commands)
    cli_annotations.add_parser(commands)
    cli_cache.add_parser(commands)
    cli_scenes.add_parser(commands)
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= 65535:
        msg = f"{text!r} is no port: give a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port


def _scheduler(options: argparse.Namespace) -> int:
    command = [find_node(), str(STATIC / "scheduler.cjs"), "--port", str(options.port), "--host", options.host]
    if options.token_file:
        command += ["--token-file", options.token_file]
    if (folder := scenes.sidecar_fields(True).get("scene_folder")) is not None:
        command += ["--scene-folder", folder]
    for name in allowed_hosts() if options.allowed_hosts is None else checked_hosts(options.allowed_hosts, "--allowed-host"):
        command += ["--allowed-host", name]
    sys.stdout.flush()
    if os.name == "nt":  # there, exec makes a new process that the caller does not know
        return subprocess.call(command)
    os.execv(command[0], command)  # noqa: S606  so that signals reach the scheduler itself
    return 0


if __name__ == "__main__":
    sys.exit(main())
