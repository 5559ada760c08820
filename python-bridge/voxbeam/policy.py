"""How a viewer asks for bricks: policies by name, and their order. What they mean stands in the viewer's ``policy.ts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: ``"exploration"``: what is in view, then what is about to be. ``"playback"``: the next time points before details.
#: ``"low-bandwidth"``: coarser, a few at a time. ``"no-prefetch"``: only what is in view.
Policy = Literal["exploration", "playback", "low-bandwidth", "no-prefetch"]
POLICIES = get_args(Policy)

#: What requests are for: what is in view, coarse and then fine, what is about to come into view, other time points.
RequestClass = Literal["visible-coarse", "visible-fine", "prefetch", "other-times"]
CLASSES = get_args(RequestClass)


def loading_policy(name: Policy = "exploration", *, order: Sequence[RequestClass] | None = None) -> str:
    """A policy of loading, with its classes of requests in another order; for ``policy=`` of a view.

    Parameters
    ----------
    name
        ``"exploration"``, ``"playback"``, ``"low-bandwidth"`` or ``"no-prefetch"``: how many bricks are asked for at once, how
        fine, and how many time points ahead.
    order
        What comes first: some of ``"visible-coarse"``, ``"visible-fine"``, ``"prefetch"`` and ``"other-times"``, each once. What
        is left out is not asked for; the brick that holds all of a volume always is. None: the policy's own.

    Raises
    ------
    ParameterError
        For another name, and for a class that is unknown, there twice, or none at all.

    Examples
    --------
    >>> loading_policy("playback", order=["other-times", "visible-coarse", "visible-fine"])
    'playback:other-times,visible-coarse,visible-fine'
    """
    return checked_policy(name if order is None else f"{name}:{','.join(map(str, order))}")


def checked_policy(value: str) -> str:
    """``value`` if it is a policy, by its name, or by its name and order as :func:`loading_policy` writes them.

    Raises
    ------
    ParameterError
        For anything else.

    Examples
    --------
    >>> checked_policy("playback")
    'playback'
    """
    name, colon, order = value.partition(":") if isinstance(value, str) else (value, "", "")
    if name not in POLICIES:
        msg = f"policy={value!r} is no policy of loading."
        raise ParameterError(msg, f"Choose one of {', '.join(map(repr, POLICIES))}.")
    given = order.split(",") if colon else []
    wrong = next((part for i, part in enumerate(given) if part not in CLASSES or part in given[:i]), None)
    if wrong is not None:
        msg = f"policy={value!r} orders {wrong!r}, which is unknown or there twice."
        raise ParameterError(msg, f"Order some of {', '.join(map(repr, CLASSES))}, each once.")
    return value
