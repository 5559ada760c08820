"""``voxbeam serve``: an instance for producers and viewers of other machines, without a notebook or a scheduler."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from voxbeam.cli_server import add_server_options, interrupted, server_fields

if TYPE_CHECKING:
    import argparse

#: How often it is looked whether the sidecar still runs.
TICK_SECONDS = 0.5


def add_parser(commands: Any, port: Any) -> None:
    """Add the command to the parser of all; `port` reads a port."""
    parser = commands.add_parser(
        "serve", help="start a server that other machines can reach",
        description="Starts a server and prints its address, a secret with which rv.connect() brings volumes into it from "
        "anywhere. Enter prints an address for a browser. Ctrl-C ends it. Beyond this machine it needs a certificate, such as "
        "one made by: openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 365 -subj /CN=HOST "
        "-addext subjectAltName=DNS:HOST",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1; 0.0.0.0: all)")
    parser.add_argument("--name", help="name or address under which others reach it (default: that of --host)")
    parser.add_argument("--port", type=port, default=0, help="port (default: a free one)")
    parser.add_argument(
        "--upload-port", type=port, default=0,
        help="first of up to four ports by which other machines send bricks; behind a firewall, open them (default: free ones; "
        "where they cannot be reached, bricks take the way of everything else, which is slower)",
    )
    parser.add_argument("--tls-cert", metavar="PATH", help="certificate, with those that vouch for it, in PEM")
    parser.add_argument("--tls-key", metavar="PATH", help="its key, in PEM")
    add_server_options(parser, "those in the certificate")
    parser.set_defaults(run=serve)


def serve(options: argparse.Namespace) -> int:
    """Serve until it is interrupted; returns the exit status."""
    from voxbeam.instance import Instance  # noqa: PLC0415  half a second, which the other commands need not wait
    from voxbeam.sidecar import start_sidecar  # noqa: PLC0415
    from voxbeam.trust import Trust  # noqa: PLC0415

    ended = interrupted()
    tls = {"tls_cert": options.tls_cert, "tls_key": options.tls_key}
    process = start_sidecar(
        host=options.host, upload_port=options.upload_port, **server_fields(options),
        **{name: path for name, path in tls.items() if path is not None},
    )
    trust = None if process.fingerprint is None else Trust(process.fingerprint)
    name = options.name or {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104  a name, not a bind
    with Instance(name, process.port, process.token, process=process, restarts=True, trust=trust) as instance:
        print(instance.address, flush=True)  # noqa: T201  what the command is for, alone on stdout
        print("Keep it secret. Ctrl-C ends the server.", file=sys.stderr, flush=True)  # noqa: T201
        if sys.stdin and sys.stdin.isatty():
            threading.Thread(target=_print_pages, args=(instance,), daemon=True).start()
        while not ended.wait(TICK_SECONDS):
            if not process.alive and not instance.revive():
                print(f"voxbeam: the server has ended. {process.last_words}", file=sys.stderr)  # noqa: T201
                return 1
    return 0


def _print_pages(instance: Any) -> None:
    for _ in sys.stdin:
        print(instance.visualization_server_url, flush=True)  # noqa: T201
