"""Channels of an image: one volume each, drawn together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voxbeam.description import Channel
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voxbeam.sources.source import Source


def by_channel(count: int | None, make: Callable[[int], Source]) -> list[Source]:
    """One source for each of `count` channels, made by `make`; a single one where there is no such axis."""
    if count is None:
        return [make(0)]
    sources = [make(index) for index in range(count)]
    for index, source in enumerate(sources):
        source.channel = Channel(source.name, index, str(index))
    return sources


def name_channels(sources: Sequence[Source], image: str, names: Sequence[str] | None) -> None:
    """Name the volumes of an image's channels ``image/channel``; a volume without channels is named `image`.

    Raises
    ------
    ParameterError
        There are not as many names as channels, or two are equal.
    """
    if names is not None:
        try:
            names = [names] if isinstance(names, str) else [str(name) for name in names]
        except TypeError:
            raise ParameterError(f"channels is {names!r}.", "Give a list of names, one for each channel.") from None
        if any(source.channel is None for source in sources) or len(names) != len(sources):
            count = len(sources) if sources[0].channel else "no"
            raise ParameterError(f"channels names {len(names)}, and the volume has {count} channels.", "Name each of them once.")
    for index, source in enumerate(sources):
        if source.channel is None:
            source.name = image
            continue
        name = names[index] if names else source.channel.name
        source.channel = replace(source.channel, group=image, name=name)
        source.name = f"{image}/{name}"
    taken = [source.name for source in sources]
    if len(set(taken)) < len(taken):
        raise ParameterError(f"Two channels of {image!r} have the same name: {taken}.", "Name each: channels=['a', 'b', …].")


def for_channel(value: Any, index: int, count: int, name: str) -> Any:
    """What an option says of a channel: a list of texts or pairs holds one for each, anything else is for all.

    Raises
    ------
    ParameterError
        The list is not as long as there are channels.
    """
    if not isinstance(value, list) or not all(isinstance(one, (str, tuple, list)) for one in value):
        return value
    if len(value) != count:
        raise ParameterError(f"{name} lists {len(value)} entries, and there are {count} channels.", "Give one for each.")
    return value[index]
