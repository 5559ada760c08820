"""What frames and errors are called, by their numbers on the wire."""

from __future__ import annotations

from enum import IntEnum


class FrameType(IntEnum):
    """What a frame is; the specification says who sends which."""

    HELLO = 1
    WELCOME = 2
    NEED = 3
    CANCEL = 4
    BRICK = 5
    CREDIT = 6
    ERROR = 7
    PING = 8
    PONG = 9
    VOLUME = 10
    VOLUME_GONE = 11
    RANGES = 12
    SCENE = 13
    STATUS = 14
    DONE = 15
    FILL = 16
    CHANGED = 17
    STOP = 18
    DOWN = 19
    NEED_TILE = 20
    CANCEL_TILE = 21
    TILE = 22
    HELP = 23
    LABELS = 24
    EDIT = 25
    EDITED = 26
    UNDO = 27
    READ = 28
    REGION = 29
    CANCEL_EDIT = 30
    PROGRESS = 31
    UPLOAD = 32
    SAVED = 40
    HISTORY = 41


class ErrorCode(IntEnum):
    """Codes of ERROR frames; a fatal one is also the WebSocket's close code."""

    BAD_FRAME = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    TIMEOUT = 4408
    VERSION = 4409
    TOO_LARGE = 4413
    UNSUPPORTED = 4422
    CANCELLED = 4499
    INTERNAL = 4500
    PRODUCER_GONE = 4503
    STORE_FULL = 4507
