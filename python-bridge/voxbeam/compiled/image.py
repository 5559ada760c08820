"""Machine code as a file: checked when it is read, and put into memory of its own, so that no file can pull it away."""

from __future__ import annotations

import ctypes
import hashlib
import json
import mmap
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = b"VXCODE1\n"
#: No image is larger.
MAX_BYTES = 2**20


class ImageError(ValueError):
    """A file that is not what was written, or memory in which the system lets nothing run."""


@dataclass(frozen=True)
class Image:
    """Code, and where in it each function begins."""

    code: bytes
    entries: dict[str, int]

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        head = json.dumps({"entries": self.entries, "bytes": len(self.code)}).encode()
        body = len(head).to_bytes(4, "little") + head + self.code
        part = path.with_name(f"{path.name}.{os.getpid()}")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest() + body)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    @classmethod
    def read(cls, path: Path) -> Image:
        """Read one.

        Raises
        ------
        ImageError
            It is damaged, or another user's.
        OSError
            It cannot be read.
        """
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.getuid() or about.st_mode & 0o022:
                raise ImageError("others may have written it")
            data = file.read(MAX_BYTES + 1)
        body = data[len(_MAGIC) + 32 :]
        if len(data) > MAX_BYTES or data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) :][:32]:
            raise ImageError("it is damaged")
        length = int.from_bytes(body[:4], "little")
        head = json.loads(body[4 : 4 + length])
        code = body[4 + length :]
        entries = {str(name): int(at) for name, at in head["entries"].items()}
        if len(code) != head["bytes"] or any(not 0 <= at < len(code) for at in entries.values()):
            raise ImageError("it is damaged")
        return cls(code, entries)


class LoadedImage:
    """Code in memory that may be run and not written."""

    def __init__(self, image: Image) -> None:
        self._memory = mmap.mmap(-1, len(image.code), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE)
        self._memory.write(image.code)
        self._start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        if protect(self._start, len(image.code), mmap.PROT_READ | mmap.PROT_EXEC):
            raise ImageError(f"code may not be run here: {os.strerror(ctypes.get_errno())}")
        self._entries = image.entries

    def function(self, name: str, arguments: int) -> ctypes._CFuncPtr:  # type: ignore[name-defined]
        """A function of `arguments` whole numbers; while it runs, the interpreter is free."""
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * arguments)
        return kind(self._start + self._entries[name])
