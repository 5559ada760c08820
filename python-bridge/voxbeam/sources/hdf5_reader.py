"""What runs in a process that reads HDF5 for a kernel: boxes of datasets are decoded into memory that both see.

A line of JSON on standard input asks for a box, a line on standard output says that it is there, or why not. It ends with its
kernel: the pipe closes, or, where a process that the kernel has forked holds it open, its parent is another one.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

with contextlib.suppress(ImportError):
    import hdf5plugin  # noqa: F401  brings filters

#: How often it looks whether the kernel still is its parent.
PARENT_SECONDS = 2.0
MAX_LINE_BYTES = 2**16


class Reader:
    """Answers one question after the other; the dataset that was read last stays open."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._map: mmap.mmap | None = None
        self._open: tuple[Any, Any, Any] | None = None

    def read(self, question: dict[str, Any]) -> None:
        """Write a box of a dataset to the beginning of the memory."""
        dataset = self._dataset(question["file"], question["name"], question["identity"])
        spans = [(int(a), int(b)) for a, b in question["spans"]]
        shape = [b - a for a, b in spans]
        needed = int(np.prod(shape)) * dataset.dtype.itemsize
        if needed != question["bytes"] or needed > os.fstat(self._memory).st_size:
            raise ValueError("it is not as it was")
        if self._map is None or len(self._map) < needed:
            self._map = mmap.mmap(self._memory, os.fstat(self._memory).st_size)
        out = np.frombuffer(self._map, dataset.dtype, needed // dataset.dtype.itemsize).reshape(shape)
        dataset.read_direct(out, tuple(slice(*span) for span in spans))

    def _dataset(self, path: str, name: str, identity: list[int]) -> Any:
        """The same dataset that the kernel has open: by the file's number on its disk, and by its address in the file."""
        key = path, name, identity
        if self._open is None or self._open[0] != key:
            found = Path(path).stat()
            file = h5py.File(path, "r")
            dataset = file[name]
            address = h5py.h5o.get_info(dataset.id).addr
            if [found.st_dev, found.st_ino, address] != identity or dataset.is_virtual or dataset.external:
                raise ValueError("it is not as it was")
            self._open = key, file, dataset
        return self._open[2]


def main() -> None:
    """Answer until the kernel is gone."""
    # Told, not asked for: the kernel may be gone before this has begun.
    reader, parent, unread = Reader(int(sys.argv[1])), int(sys.argv[2]), b""
    os.write(1, b'{"ready": true}\n')
    while os.getppid() == parent:
        if not select.select([0], [], [], PARENT_SECONDS)[0]:
            continue
        data = os.read(0, MAX_LINE_BYTES)
        if not data or len(unread) > MAX_LINE_BYTES:
            return
        unread += data
        while b"\n" in unread:
            line, unread = unread.split(b"\n", 1)
            try:
                reader.read(json.loads(line))
                answer: dict[str, Any] = {"ok": True}
            except Exception as error:  # noqa: BLE001  the kernel reads it itself, and hears what is wrong
                answer = {"error": str(error)}
            os.write(1, json.dumps(answer).encode() + b"\n")
