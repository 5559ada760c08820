"""What commands that list things print: rows in columns, sizes, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles, each column as wide as it must be."""
    everything = [titles, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(titles))]
    for row in everything:
        print_words("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def sized(count: int) -> str:
    """Bytes in words."""
    from voxbeam.background_fill import size_words  # noqa: PLC0415  what the parser does not need

    return size_words(count)


def print_words(words: str) -> None:
    """Print a line: what these commands are for."""
    print(words)  # noqa: T201
