"""A change of the scene larger than a frame, as several that are not: an update of Yjs (version 1), cut between its structs.

Nothing of what it says is read but how long it is: structs are copied as they stand, and what is deleted comes last.
"""

from __future__ import annotations

from pycrdt import write_var_uint

from voxbeam.protocol import MAX_FRAME_BYTES

#: Room in a frame for what stands around an update.
_AROUND = 4096
#: A part is closed when it has so many bytes; one more struct may follow.
PART_BYTES = MAX_FRAME_BYTES // 2

_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY, _DOC, _SKIP = range(11)
#: Types that have a name: an element and a hook of XML.
_NAMED_TYPES = (3, 5)
#: Bytes that follow the mark of a value, where that is a fixed number: undefined, null, float32, float64, bigint, false, true.
_ANY_BYTES = {127: 0, 126: 0, 124: 4, 123: 8, 122: 8, 121: 0, 120: 0}


def update_parts(update: bytes, most: int = MAX_FRAME_BYTES - _AROUND, part: int = PART_BYTES) -> list[bytes]:
    """The same update as several, none of them larger than ``most`` bytes unless one struct alone is.

    Parameters
    ----------
    update
        An update of Yjs, version 1.
    most
        One that is no larger stays whole.
    part
        How large a part becomes before the next one begins.

    Raises
    ------
    ValueError
        It is no such update.

    Examples
    --------
    >>> len(update_parts(bytes(2)))
    1
    """
    if len(update) <= most:
        return [update]
    parts: list[bytes] = []
    reader = _Reader(update)
    for _ in range(reader.number()):
        left, client, clock = reader.number(), reader.number(), reader.number()
        while left > 0:
            begin, at, count = clock, reader.at, 0
            while left > 0 and reader.at - at < part:
                clock += reader.struct()
                count, left = count + 1, left - 1
            parts.append(b"".join((*map(write_var_uint, (1, count, client, begin)), update[at : reader.at], b"\x00")))
    parts.append(b"\x00" + update[reader.at :])
    return parts


class _Reader:
    """Where one is in an update."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        """The number that stands here: seven bits a byte, the lowest first."""
        data, at = self.data, self.at
        value = shift = 0
        while True:
            if at >= len(data):
                raise ValueError(f"an update of the scene ends early, at {at}")
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                self.at = at
                return value
            shift += 7

    def struct(self) -> int:
        """Pass one struct; how many clocks it takes."""
        info = self.data[self.at] if self.at < len(self.data) else -1
        self.at += 1
        content = info & 31
        if content in (_GC, _SKIP):
            return self.number()
        for present in (info & 128, info & 64):  # what stood left and right of it
            if present:
                self._id()
        if not info & 192:
            if self.number():
                self._text()
            else:
                self._id()
            if info & 32:
                self._text()
        return self._content(content)

    def _content(self, content: int) -> int:
        if content == _DELETED:
            return self.number()
        if content == _STRING:
            return len(self._text().decode().encode("utf-16-le", "surrogatepass")) // 2
        if content in (_JSON, _ANY):
            count = self.number()
            for _ in range(count):
                self._text() if content == _JSON else self._any()
            return count
        if content == _TYPE:
            if self.number() in _NAMED_TYPES:
                self._text()
        elif content in (_BINARY, _EMBED):
            self._text()
        elif content == _FORMAT:
            self._text()
            self._text()
        elif content == _DOC:
            self._text()
            self._any()
        else:
            raise ValueError(f"an update of the scene has a struct of an unknown kind, {content}")
        return 1

    def _id(self) -> None:
        self.number()
        self.number()

    def _text(self) -> bytes:
        size = self.number()
        begin, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise ValueError(f"an update of the scene ends early, at {len(self.data)}")
        return self.data[begin : self.at]

    def _any(self) -> None:
        mark = self.data[self.at] if self.at < len(self.data) else -1
        self.at += 1
        if mark in _ANY_BYTES:
            self.at += _ANY_BYTES[mark]
        elif mark == 125:  # an integer: its sign takes a bit of the first byte, which changes nothing about its length
            self.number()
        elif mark in (119, 116):
            self._text()
        elif mark == 118:
            for _ in range(self.number()):
                self._text()
                self._any()
        elif mark == 117:
            for _ in range(self.number()):
                self._any()
        else:
            raise ValueError(f"an update of the scene has a value of an unknown kind, {mark}")
