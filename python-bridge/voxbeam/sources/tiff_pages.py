"""Reads boxes of a TIFF from its tiles and strips: only those that a box crosses, from several threads at once."""

from __future__ import annotations

import os
import threading
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.chunk_threads import for_each, read_at
from voxbeam.sources.places import unreadable
from voxbeam.sources.tiff_facts import TiffFacts, tiff_facts
from voxbeam.sources.tiff_segments import bare_decoder
from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

#: Compressions whose tables stand outside the tiles.
JPEG = (6, 7, 34892, 33007)


class TiffPages:
    """A series of pages as a chunked array: a chunk is a tile, or a strip, of one page."""

    def __init__(self, path: Path, series: Any, letters: str, shape: Shape) -> None:
        self._pages = series.pages
        self._keyframe = page = series.keyframe
        self._path = path
        self.shape = shape
        self.dtype = np.dtype(series.dtype)
        outer = [letter for letter in letters if letter not in "YXS"]
        self._strides, step = {}, 1
        for letter in reversed(outer):
            self._strides[letter] = step
            step *= int(series.shape[letters.index(letter)])
        self._samples = int(series.shape[letters.index("S")]) if "S" in letters else 0
        sizes = dict(zip(letters, series.shape, strict=True))
        #: Which leading axes there are, in the order in which a box names them.
        self._leading = [letter for letter in "TC" if sizes.get(letter, 1) > 1]
        if self._samples > 1:
            self._leading.append("S")
        self.leading_chunks = tuple(self._samples if letter == "S" else 1 for letter in self._leading)
        height = page.tilelength if page.is_tiled else min(page.rowsperstrip or shape[1], shape[1])
        self._tile = (int(height), int(page.tilewidth if page.is_tiled else shape[2]))
        self.chunks = (1, min(self._tile[0], shape[1]), min(self._tile[1], shape[2]))
        self._decode = bare_decoder(page, self.dtype) if self._samples <= 1 else None
        self._files: dict[str, int] = {}
        self._lock = threading.Lock()
        self.contiguous = self._map(series)

    def _map(self, series: Any) -> np.memmap[Any, Any] | None:
        """The whole series in place, where its pages stand one after the other as they are."""
        if series.dataoffset is None or self.dtype.hasobject or self._samples > 1:
            return None
        kind = self.dtype.newbyteorder(series.keyframe.parent.byteorder)
        size, needed = self._path.stat().st_size, series.dataoffset + prod(series.shape) * kind.itemsize
        if size < needed:
            text = f"{str(self._path)!r} has {size:,} bytes; its voxels end at {needed:,}."
            raise SourceError(text, "The file is not complete.")
        return np.memmap(self._path, kind, "r", series.dataoffset, series.shape)

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box from the tiles or strips it crosses."""
        ranges = [range(part.start, part.stop) for part, letter in zip(leading, self._leading, strict=True) if letter != "S"]
        (z0, z1), (y0, y1), (x0, x1) = box
        samples = (self._samples,) if self._samples > 1 else ()
        out = block_memory.take((*map(len, ranges), *samples, z1 - z0, y1 - y0, x1 - x0), self.dtype)
        if self._decode is None:
            out[...] = 0
        names = [letter for letter in self._leading if letter != "S"]
        wanted: list[tuple[Any, NDArray[Any]]] = []
        for place in product(*(range(len(part)) for part in ranges)):
            at = {name: part[i] for name, part, i in zip(names, ranges, place, strict=True)}
            for z in range(z0, z1):
                index = sum(self._strides.get(name, 0) * i for name, i in {**at, "Z": z}.items())
                target: NDArray[Any] = out[place][:, z - z0] if samples else out[place][z - z0][None]
                with self._lock:  # the library reads where a page's tiles are when it is asked for
                    wanted.append((self._pages[index], target))
        for_each(wanted, lambda found: self._page(found[0], (y0, y1), (x0, x1), found[1]))
        return out

    def _page(self, page: Any, rows: tuple[int, int], columns: tuple[int, int], out: NDArray[Any]) -> None:
        """Fill `out`, samples before y and x; a page or tile that is not there is zero."""
        if page is None:
            out[...] = 0
            return
        keyframe, (height, width) = page.keyframe, self._tile
        across = -(-self.shape[2] // width)
        down = -(-self.shape[1] // height)
        planes = self._samples if self._samples > 1 and keyframe.planarconfig == 2 else 1
        tables = {"jpegtables": page.jpegtables, "jpegheader": keyframe.jpegheader} if keyframe.compression in JPEG else {}
        tiles = (range(low // edge, -(-high // edge)) for (low, high), edge in ((rows, height), (columns, width)))
        for plane, j, i in product(range(planes), *tiles):
            segment = (plane * down + j) * across + i
            offset, count = page.dataoffsets[segment], page.databytecounts[segment]
            start = j * height, i * width
            if not count:
                if self._decode is not None:
                    self._place(start, rows, columns, out[0])[0][...] = 0
                continue
            data = read_at(self._file(page), count, offset)
            if len(data) < count:
                raise ValueError(f"{count} bytes at {offset} are beyond the end of the file")
            if self._decode is not None and self._bare(data, start, rows, columns, out[0]):
                continue
            decoded, (_, _, y, x, _), _ = keyframe.decode(bytes(data), segment, **tables)
            if decoded is None:
                continue
            tile = decoded[0]
            low, high = max(rows[0], y), min(rows[1], y + tile.shape[0])
            left, right = max(columns[0], x), min(columns[1], x + tile.shape[1])
            part = np.moveaxis(tile[low - y : high - y, left - x : right - x], -1, 0)
            where = slice(plane, plane + 1) if planes > 1 else slice(None)
            out[where, low - rows[0] : high - rows[0], left - columns[0] : right - columns[0]] = part[: out[where].shape[0]]

    def _bare(
        self, data: memoryview, start: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int], out: NDArray[Any],
    ) -> bool:
        """Decode a tile or strip that begins at `start` to its place in a plane; False where the library is to do it."""
        assert self._decode is not None
        target, edges = self._place(start, rows, columns, out)
        whole = target.shape == edges and target.flags.c_contiguous
        tile = target if whole else np.empty(edges, self.dtype)
        try:
            self._decode(data, tile)
        except Exception:  # noqa: BLE001  the library has a word for what is wrong
            target[...] = 0
            return False
        if not whole:
            first = [max(low - at, 0) for (low, _), at in zip((rows, columns), start, strict=True)]
            target[...] = tile[tuple(slice(at, at + n) for at, n in zip(first, target.shape, strict=True))]
        return True

    def _place(
        self, start: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int], out: NDArray[Any],
    ) -> tuple[NDArray[Any], tuple[int, int]]:
        """Where a tile or strip that begins at `start` belongs in a plane, and how large it is."""
        edges = self._tile
        if not self._keyframe.is_tiled:
            edges = min(edges[0], self.shape[1] - start[0]), edges[1]
        (y, x), (height, width) = start, edges
        lines = slice(max(y - rows[0], 0), min(rows[1], y + height) - rows[0])
        return out[lines, max(x - columns[0], 0) : min(columns[1], x + width) - columns[0]], edges

    def _file(self, page: Any) -> int:
        """A descriptor of our own, which several threads read from at once."""
        path = page.parent.filehandle.path
        with self._lock:
            if path not in self._files:
                self._files[path] = os.open(path, os.O_RDONLY)
            return self._files[path]

    def __del__(self) -> None:
        for descriptor in getattr(self, "_files", {}).values():
            os.close(descriptor)


class TiffStack:
    """Files of one plane each as a chunked array: a chunk is a file."""

    def __init__(self, paths: tuple[Path, ...], tifffile: Any) -> None:
        self._paths = paths
        self._tifffile = tifffile
        try:
            with tifffile.TiffFile(paths[0]) as first:
                page = first.pages[0]
                count, plane, self.dtype = len(first.pages), page.shape, np.dtype(page.dtype)
                self.facts: TiffFacts = tiff_facts(first, "YX")
        except Exception as error:
            raise unreadable(paths[0], "TIFF", error) from error
        if count > 1 or len(plane) != 2:
            text = f"{str(paths[0])!r} has {count} pages of {plane}; files of a stack are one plane of single values each."
            raise SourceError(text, "Open that file itself.")
        self.shape: Shape = (len(paths), int(plane[0]), int(plane[1]))
        self.chunks = (1, self.shape[1], self.shape[2])
        self.leading_chunks = ()

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:  # noqa: ARG002  there are none
        """Voxels of a box, from one file a plane."""
        (z0, z1), rows, columns = box
        out = np.empty([b - a for a, b in box], self.dtype)
        for z in range(z0, z1):
            path = self._paths[z]
            try:
                plane = self._tifffile.imread(path)
            except Exception as error:
                raise unreadable(path, "TIFF", error) from error
            if plane.shape != self.shape[1:] or plane.dtype != self.dtype:
                text = f"{str(path)!r} has shape {plane.shape} and dtype {plane.dtype}."
                raise SourceError(text, f"The first file of the stack has {self.shape[1:]}, {self.dtype}.")
            out[z - z0] = plane[slice(*rows), slice(*columns)]
        return out
