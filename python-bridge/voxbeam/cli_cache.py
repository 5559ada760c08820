"""``voxbeam cache``: what is kept between sessions, and how it is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam import cache
from voxbeam.cli_table import print_table, print_words, sized

if TYPE_CHECKING:
    import argparse

_TITLES = ("KEY", "NAME", "SHAPE", "DTYPE", "SIZE", "USED")


def add_parser(commands: Any) -> None:
    """Add the command to the parser of all."""
    parser = commands.add_parser(
        "cache", help="list and clear what is kept between sessions",
        description="The coarser levels of files are kept, so that they are built once, and machine code of what cuts bricks. "
        f"{cache.ENVIRONMENT} names another folder (off: keep nothing), {cache.BYTES_ENVIRONMENT} how much is kept.",
    )
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(dest="action", metavar="{list,clear,path}")
    actions.add_parser("list", help="what is kept, when it was used, how large it is (as without an action)")
    clear = actions.add_parser("clear", help="remove what is kept: all, or what the keys name")
    clear.add_argument("keys", nargs="*", metavar="KEY", help="as `voxbeam cache list` shows it, or how it begins")
    clear.set_defaults(run=_clear)
    actions.add_parser("path", help="the folder").set_defaults(run=_path)


def _list(_options: argparse.Namespace) -> int:
    held = cache.entries()
    if not held:
        print_words("Nothing is kept.")
        return 0
    print_table(_TITLES, [_row(entry) for entry in held])
    total = sum(entry.nbytes for entry in held)
    print_words(f"{sized(total)} of {sized(cache.most_bytes())} in {cache.path()}")
    return 0


def _row(entry: cache.Entry) -> tuple[str, ...]:
    name = "".join(letter if letter.isprintable() else "?" for letter in entry.name)
    used = cache.age_words(entry.used) if entry.complete else "not complete"
    return entry.key, name, entry.shape, entry.dtype, sized(entry.nbytes), used


def _clear(options: argparse.Namespace) -> int:
    held = len(cache.entries())
    removed = cache.clear(options.keys or None)
    freed = sized(sum(entry.nbytes for entry in removed))
    print_words(f"{len(removed)} removed, {freed}.")
    left = (len(options.keys) if options.keys else held) - len(removed)
    if left > 0:
        print_words(f"{left} could not be removed: they are being built, or their folder is read-only.")
    return 1 if left > 0 else 0


def _path(_options: argparse.Namespace) -> int:
    print_words(str(cache.path() or "off"))
    return 0
