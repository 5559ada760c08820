"""``voxbeam scenes``: what people drew in instances that were given no path, and how it is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam import scenes
from voxbeam.cache import age_words
from voxbeam.cli_table import print_table, print_words, sized

if TYPE_CHECKING:
    import argparse

_TITLES = ("NAME", "ANNOTATIONS", "SIZE", "USED")


def add_parser(commands: Any) -> None:
    """Add the command to the parser of all."""
    parser = commands.add_parser(
        "scenes", help="list and remove what was drawn and kept",
        description="An instance without a scene file of your choice keeps what is drawn in a file of its own. "
        f"{scenes.ENVIRONMENT} names another folder (off: keep nothing).",
    )
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(dest="action", metavar="{list,remove,path}")
    actions.add_parser("list", help="what is kept (as without an action)")
    removing = actions.add_parser("remove", help="remove what the names say")
    removing.add_argument("names", nargs="+", metavar="NAME", help="as `voxbeam scenes list` shows it, or how it begins")
    removing.set_defaults(run=_remove)
    actions.add_parser("path", help="the folder").set_defaults(run=_path)


def _list(_options: argparse.Namespace) -> int:
    held = scenes.entries()
    if not held:
        print_words("Nothing is kept.")
        return 0
    print_table(_TITLES, [_row(one) for one in held])
    print_words(f"{sized(sum(one.nbytes for one in held))} in {scenes.folder()}")
    return 0


def _row(one: scenes.SceneFile) -> tuple[str, ...]:
    known = "in use" if one.in_use else "cannot be read" if one.annotations is None else str(one.annotations)
    return one.path.name, known, sized(one.nbytes), age_words(one.used)


def _remove(options: argparse.Namespace) -> int:
    gone = scenes.remove(options.names)
    print_words(f"{len(gone)} removed, {sized(sum(one.nbytes for one in gone))}.")
    left = len(options.names) - len(gone)
    if left:
        print_words(f"{left} in use.")
    return 1 if left else 0


def _path(_options: argparse.Namespace) -> int:
    print_words(str(scenes.folder() or "off"))
    return 0
