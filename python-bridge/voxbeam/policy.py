"""How a viewer asks for bricks: policies by name. What they mean stands in the viewer's ``policy.ts``."""

from __future__ import annotations

from typing import Literal, cast, get_args

from voxbeam.errors import ParameterError

#: ``"exploration"``: what is in view, then what is about to be. ``"playback"``: the next time points before details.
#: ``"low-bandwidth"``: coarser, a few at a time. ``"no-prefetch"``: only what is in view.
Policy = Literal["exploration", "playback", "low-bandwidth", "no-prefetch"]
POLICIES = get_args(Policy)


def checked_policy(value: str) -> Policy:
    """``value`` if it is a policy.

    Raises
    ------
    ParameterError
        For any other name.

    Examples
    --------
    >>> checked_policy("playback")
    'playback'
    """
    if value not in POLICIES:
        msg = f"policy={value!r} is no policy of loading."
        raise ParameterError(msg, f"Choose one of {', '.join(map(repr, POLICIES))}.")
    return cast("Policy", value)
