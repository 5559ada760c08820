"""Labels that an instance holds and people paint, as an array."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.labels.change import LabelChange, LabelChanges, change_of
from voxbeam.labels.edits import interpolation, label_of, mode_of, polygon, stroke, supervoxels
from voxbeam.labels.grid import LabelGrid
from voxbeam.labels.regions import Region, integers, parts_of, select
from voxbeam.labels.runs import decode_values, encode_mask, encode_values
from voxbeam.labels.value_range import image_named, range_of
from voxbeam.protocol import MAX_FRAME_BYTES, MAX_READ_VOXELS, FrameType, encode_control, encode_head_tail
from voxbeam.user import user_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from numpy.typing import DTypeLike, NDArray

    from voxbeam.description import VolumeDescription
    from voxbeam.labels.classes import Classes
    from voxbeam.labels.edits import Over
    from voxbeam.labels.wire import LabelWire
    from voxbeam.volumes import Volume

#: Of a tail, with room for the head and the frame's header.
_MOST_TAIL = MAX_FRAME_BYTES - 2**20
#: Voxels of an edit that is sent as runs: the worst of them fits a frame.
_MOST_SENT = 2**22


class Labels(LabelGrid):
    """Voxel labels of an instance. ``labels[z0:z1, y0:y1, x0:x1]`` reads, assignment writes, and every viewer follows.

    Made by ``view.labels(name)`` or ``instance.labels(name)``. Edits of all people and kernels are applied in one order; each
    method that edits returns when its edit is applied and as durable as the instance's scene. May be used from any thread, but
    not from a callback of the connection. Boxes larger than some million voxels are read and written in parts, each as the
    labels are at its moment; a write of several parts is taken back part by part.

    Attributes
    ----------
    name, shape, dtype, voxel_size, origin, unit
        As of the volume; z, y, x.
    classes : Classes
        What labels mean: ``labels.classes[1] = "void"``.

    Examples
    --------
    >>> labels = view.labels("tissue")  # doctest: +SKIP
    >>> labels[10:20, 30:40, :] = 1  # doctest: +SKIP
    >>> labels.paint([(15, 35, 40), (15, 35, 90)], radius=4, label=2, over="empty")  # doctest: +SKIP
    >>> labels.undo()  # doctest: +SKIP
    """

    def __init__(
        self, wire: LabelWire, handle: Callable[[], int], description: VolumeDescription, classes: Classes,
        author: str | None = None, *, volumes: Callable[[], Mapping[str, Volume]] = dict,
    ) -> None:
        self._wire = wire
        self._volumes = volumes
        self._handle = handle
        super().__init__(description)
        self.classes = classes
        self._author = author or user_name()
        self._most = int(np.iinfo(self.dtype).max)

    def __repr__(self) -> str:
        return f"<Labels {self.name!r} {' × '.join(map(str, self.shape))} {self.dtype}>"

    # Reading and writing

    def __getitem__(self, index: Any) -> Any:
        """The labels of a basic index (integers, slices with any step, an ellipsis), as a new array or a number."""
        region, inner, _ = select(index, self.shape)
        return self._read(region)[inner]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("labels are held by the instance: an array of them is always a copy")
        return self._read(self._whole).astype(dtype or self.dtype, copy=False)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write labels: a number, or an array that broadcasts to the index.

        Raises
        ------
        OverflowError
            A label does not fit the dtype.
        """
        region, inner, shape = select(index, self.shape)
        values = integers(value, self.dtype)
        values = np.broadcast_to(values, shape)  # says what does not fit
        if values.size == 0:
            return
        if values.strides == (0,) * values.ndim and prod(region.shape) == values.size:
            self._wait([self._edit({"kind": "box", "start": region.start, "stop": region.stop}, int(values.flat[0]), "all")])
            return
        if prod(region.shape) == values.size:
            whole: NDArray[Any] = np.empty(region.shape, self.dtype)
            whole[inner] = values
        else:
            whole = self._read(region)  # between the steps all is written as it was
            whole[inner] = values
        self._wait([answer for part in parts_of(region, _MOST_SENT) for answer in self._values(part, whole[part.within(region)])])

    # Painting

    def paint(
        self, points: Any, radius: Any = 0.5, label: int = 1, *, over: Over = "all", within: Any = None, scales: Any = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> LabelChange:
        """Draw with a brush along points; label 0 erases.

        Parameters
        ----------
        points
            One, or several that are joined: z, y, x in voxels (integers are voxel centres).
        radius
            In voxels: one number (a ball), or z, y, x. Along an axis with 0.5 or less the brush stays in its plane.
        label
            What is written.
        over
            ``"all"``, ``"empty"`` (voxels without a label), or the label that is overwritten: asked of each voxel when the
            edit is applied, so that what others painted meanwhile is not lost.
        within
            ``(low, high)`` or ``(low, high, image)``: only voxels are written whose value is in that range; see `threshold`.
        scales
            For each point the part of the radius, above 0 and at most 1, as a pen says by its pressure; between two points
            the brush has their mean.
        progress
            Called with voxels looked at and all of them, where it takes its time.

        Returns
        -------
        LabelChange
            What came of it.
        """
        return self._one(stroke(points, radius, scales), label, over, progress, within=within)

    def fill(
        self, seed: Any, label: int, *, box: tuple[Any, Any] | None = None, axis: int | None = None, over: Over = "all",
        progress: Callable[[int, int], None] | None = None,
    ) -> LabelChange:
        """Write all voxels that are connected to ``seed`` (z, y, x) by faces and have its label.

        ``box`` (start, stop; half-open) bounds it; with ``axis`` it stays in the plane through the seed across that axis.
        ``progress(done, total)`` is called where it takes its time, on the connection's thread. An interrupt of the kernel, or
        what that callback raises, takes the fill back, like every edit that is waited for: nothing of it stays.
        """
        start, stop = box or (self._whole.start, self._whole.stop)
        region = [[int(n) for n in start], [int(n) for n in stop]]
        op: dict[str, Any] = {"kind": "fill", "seed": [int(n) for n in seed], "box": region, "dims": 3 if axis is None else 2}
        if axis is not None:
            op["axis"] = int(axis)
        return self._one(op, label, over, progress)

    def polygon(
        self, axis: int, index: int | tuple[int, int], points: Any, label: int = 1, *, over: Over = "all", within: Any = None
    ) -> LabelChange:
        """Write what lies in a polygon, in one plane or from the first to the last of two, across ``axis``.

        Its ``points`` are along the other two axes, in the order z, y, x, in voxels; ``within`` as of `paint`.
        """
        return self._one(polygon(axis, index, points), label, over, None, within=within)

    def threshold(
        self, box: tuple[Any, Any] | None, low: float, high: float, label: int = 1, *, image: str | None = None,
        over: Over = "all", progress: Callable[[int, int], None] | None = None,
    ) -> LabelChange:
        """Write the voxels of a box whose value in an image is from ``low`` to ``high``, both included.

        It is decided at level 0, by the instance, which asks the image's producer for bricks that it does not hold.

        Parameters
        ----------
        box
            Start and stop, half-open, z, y, x in voxels; None is all of the labels. At most 2²⁸ voxels.
        low, high
            Values of the image, as it shows them; ``-inf`` and ``inf`` leave an end open. What is no number is in no range.
        label, over, progress
            As of `paint`.
        image
            Name of an image whose shape, voxel size and origin are those of the labels; left out, the only one.

        Returns
        -------
        LabelChange
            One step of undo.

        Raises
        ------
        ParameterError
            There is no such image, or no such box.

        Examples
        --------
        >>> labels.threshold(((10, 0, 0), (20, 80, 90)), 120, 255, 2)  # doctest: +SKIP
        """
        start, stop = box or (self._whole.start, self._whole.stop)
        op = {"kind": "box", "start": [int(n) for n in start], "stop": [int(n) for n in stop]}
        return self._one(op, label, over, progress, within=(low, high, image))

    def supervoxel(
        self, seeds: Any, contrast: float, label: int = 1, *, cell: int = 8, axis: int | None = None, image: str | None = None,
        over: Over = "all", within: Any = None, progress: Callable[[int, int], None] | None = None,
    ) -> LabelChange:
        """Write the supervoxels of an image in which voxels lie: pieces that are alike, found by SLIC [1]_ at level 0.

        The image is divided into boxes of whole cells, from its corner on, and each box into pieces, so that a piece is the
        same wherever in it a seed lies, and never reaches into another box. A piece is connected, and holds no value that
        differs from the mean around it by more than ``contrast``, but for specks of 1/64 of a cell that lie within it.

        Parameters
        ----------
        seeds
            One voxel (z, y, x) or several; the pieces of all of them are one edit.
        contrast
            Difference of the image's values that separates pieces; it weighs as much as a cell's edge.
        label, over, within, progress
            As of `paint`.
        cell
            Edge of a cell, about that of a piece, in edges of the voxel's shortest side.
        axis
            Across which planes pieces stay in their plane; left out, they reach through space.
        image
            As of `threshold`.

        Returns
        -------
        LabelChange
            One step of undo.

        References
        ----------
        .. [1] R. Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods, IEEE TPAMI 34 (2012).

        Examples
        --------
        >>> labels.supervoxel((15, 35, 40), contrast=30, label=2)  # doctest: +SKIP
        """
        op = supervoxels(seeds, contrast, cell, axis, self.voxel_size)
        op["image"] = image_named(image, self._volumes(), self._description)
        return self._one(op, label, over, progress, within=within)

    def interpolate(self, label: int, axis: int = 0, *, box: tuple[Any, Any] | None = None, over: Over = "all") -> LabelChange:
        """Fill between the planes across ``axis`` that have a label, by shape.

        Of each two such planes that follow each other, a voxel between them is written where the signed distances to the two
        outlines, mixed linearly, are not below 0 [1]_. ``box`` (start, stop; half-open) bounds which planes and which part of
        them count. One step of undo.

        References
        ----------
        .. [1] S. P. Raya, J. K. Udupa, Shape-based interpolation of multidimensional objects, IEEE TMI 9 (1990).
        """
        start, stop = box or (self._whole.start, self._whole.stop)
        op = interpolation(axis, [[int(n) for n in start], [int(n) for n in stop]])
        return self._one(op, label, over, None)

    def counts(self) -> dict[int, int]:
        """How many voxels each label above 0 has, at level 0; of very many labels the largest 16384."""
        number = self._handle()
        ask = self._wire.ask(lambda name: encode_control(FrameType.READ, {"volume": number, "id": name, "counts": True}))
        return {int(label): int(voxels) for label, voxels in ask.result()[0][0]["counts"]}

    def where(self, mask: Any, label: int = 1, *, at: Any = (0, 0, 0), over: Over = "all") -> list[LabelChange]:
        """Write the voxels where a 3D boolean array is True; its first voxel lies at ``at`` (z, y, x)."""
        array = np.asarray(mask, bool)
        corner = tuple(int(n) for n in at)
        stop = tuple(a + n for a, n in zip(corner, array.shape, strict=False))
        outside = array.ndim != 3 or any(a < 0 or b > n for a, b, n in zip(corner, stop, self.shape, strict=False))
        if outside:
            text = f"A mask of shape {array.shape} at {corner} does not lie in labels of shape {self.shape}."
            raise ParameterError(text, "Give a 3D array of booleans, and where its first voxel is.")
        region = Region(cast("Any", corner), cast("Any", stop))
        answers = []
        for part in parts_of(region, _MOST_SENT):
            piece = array[part.within(region)]
            if piece.any():
                op = {"kind": "runs", "start": part.start, "stop": part.stop}
                answers.append(self._edit(op, label, over, encode_mask(piece)))
        return self._wait(answers)

    def undo(self, *, progress: Callable[[int, int], None] | None = None) -> LabelChange:
        """Take back this person's last edit that is not taken back yet, wherever a voxel still holds what it wrote.

        Parameters
        ----------
        progress
            Called with voxels of that edit looked at and all of them, where it takes its time. An interrupt of the kernel, or
            what this raises, leaves labels as they were, and the edit can still be taken back: as of `fill`.

        Raises
        ------
        VoxbeamError
            There is none.

        Examples
        --------
        >>> labels.undo(progress=lambda done, total: print(done / total))  # doctest: +SKIP
        """
        return self._undo(progress)

    def redo(self, *, progress: Callable[[int, int], None] | None = None) -> LabelChange:
        """Do again what was taken back last; ``progress`` as of `undo`."""
        return self._undo(progress, redo=True)

    # Following

    def on_change(self, callback: Callable[[LabelChange], None]) -> Callable[[], None]:
        """Call ``callback(change)`` after each edit, whoever made it, on a thread of its own; the result ends that."""
        return self._wire.listen(self._handle(), lambda edited: callback(change_of(edited)))

    def changes(self, since: int = 0) -> LabelChanges:
        """Where labels have changed after edit number ``since``: boxes, never the volume.

        ``changes(0)`` is all there is; ask with the `seq` of the last answer for what is new. Of edits
        too long ago it is the whole.
        """
        number = self._handle()
        parts = self._wire.ask(
            lambda name: encode_control(FrameType.READ, {"volume": number, "id": name, "since": int(since)})
        ).result()
        head = parts[0][0]
        boxes = tuple(Region(cast("Any", tuple(a)), cast("Any", tuple(b))) for a, b in head["boxes"])
        return LabelChanges(self, int(since), int(head["seq"]), boxes)

    # Elsewhere

    def to_zarr(self, path: str | os.PathLike[str], **options: Any) -> Any:
        """Write them as OME-Zarr labels with their pyramid: :func:`voxbeam.export_labels` with that format."""
        from voxbeam.formats import export_labels  # noqa: PLC0415  heavy, and rarely needed

        return export_labels(self, path, format="ome-zarr", **options)

    # Inside

    @property
    def _whole(self) -> Region:
        return Region((0, 0, 0), self.shape)

    def _read(self, region: Region) -> NDArray[Any]:
        out: NDArray[Any] = np.zeros(region.shape, self.dtype)
        number = self._handle()

        def frame(part: Region) -> Callable[[str], bytes]:
            return lambda name: encode_control(
                FrameType.READ, {"volume": number, "id": name, "start": part.start, "stop": part.stop}
            )

        asked = [self._wire.ask(frame(part)) for part in parts_of(region, MAX_READ_VOXELS)]
        for answer in asked:
            for head, tail in answer.result():
                got = Region(tuple(head["start"]), tuple(head["stop"]))
                out[got.within(region)] = decode_values(tail, prod(got.shape), self.dtype).reshape(got.shape)
        return out

    def _values(self, part: Region, values: NDArray[Any]) -> list[Future[Any]]:
        tail = encode_values(values)
        if len(tail) > _MOST_TAIL:  # noise: no runs at all
            halves = parts_of(part, prod(part.shape) // 2)
            return [answer for half in halves for answer in self._values(half, values[half.within(part)])]
        return [self._edit({"kind": "values", "start": part.start, "stop": part.stop}, 0, "all", tail)]

    def _edit(
        self, op: dict[str, Any], label: Any, over: Any, tail: bytes = b"", *,
        progress: Callable[[int, int], None] | None = None, within: Any = None,
    ) -> Future[Any]:
        head: dict[str, Any] = {
            "volume": self._handle(), "author": self._author, "op": op, "label": label_of(label, self._most),
            "mode": mode_of(over, self._most),
        }
        if within is not None:
            head["within"] = range_of(within, self._volumes(), self._description)
        return self._wire.ask(
            lambda name: encode_head_tail(FrameType.EDIT, {"id": name, **head}, tail), progress=progress, edits=head["volume"]
        )

    def _one(
        self, op: dict[str, Any], label: Any, over: Any, progress: Callable[[int, int], None] | None, *, within: Any = None
    ) -> LabelChange:
        return self._wait([self._edit(op, label, over, progress=progress, within=within)])[0]

    def _undo(self, progress: Callable[[int, int], None] | None, **redo: bool) -> LabelChange:
        head: dict[str, Any] = {"volume": self._handle(), "author": self._author, **redo}
        ask = self._wire.ask(
            lambda name: encode_control(FrameType.UNDO, {"id": name, **head}), progress=progress, edits=head["volume"]
        )
        return self._wait([ask])[0]

    def _wait(self, answers: list[Future[Any]]) -> list[LabelChange]:
        return [change_of(edited) for edited in self._wire.results(answers)]
