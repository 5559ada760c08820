"""Cuts the bricks of a turn by machine code and seals them where they stand: one call, and few lines of Python a brick."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from voxbeam.compiled.kernels import MAX_JOBS, Frames, Job, address_of
from voxbeam.compiled.loader import kernels
from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, STORED_EDGE, brick_grid
from voxbeam.producer.need_queue import FILL_PRIORITY
from voxbeam.producer.voxels import ArrayVoxels, HeldVoxels
from voxbeam.protocol import (
    DTYPE_CODE,
    HEADER_BYTES,
    NUMPY_DTYPE,
    PREVIEW,
    BrickTemplate,
    FrameType,
    Header,
    brick_template,
    pack_header,
)

if TYPE_CHECKING:
    from voxbeam.compiled.kernels import Found, Kernels
    from voxbeam.geometry import Box, BrickKey, Shape
    from voxbeam.producer.frame_buffer import FrameBuffer
    from voxbeam.producer.levels import Answer
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.producer.time_points import TimePoint
    from voxbeam.producer.voxels import Voxels

#: Bricks whose voxels are read together: as many as have their checksums found side by side.
MAX_RUN = 8


class Cut(NamedTuple):
    """A sealed frame that stands in the store."""

    point: TimePoint
    answer: Answer
    size: int


def cut_together(volume: ProducedVolume, needs: list[Need], held: Voxels | None = None) -> dict[int, Cut]:
    """Cut those of `needs` that machine code can cut in place in the store, by the need's `id`; the others are left.

    They are cut of the voxels `held` in memory, where there are some.
    """
    compiled = kernels()
    stored = volume.description.stored
    if compiled is None or len(needs) > MAX_JOBS or stored == "points":
        return {}
    size = brick_template(stored).frame_bytes
    groups: dict[tuple[int, int, int], list[Need]] = {}
    for need in needs:
        store = need.link.store
        if store is not None and need.link.alive and store.has_pages(need.offset, size):
            groups.setdefault((id(need.link), need.key.time, need.key.level), []).append(need)
    done: dict[int, Cut] = {}
    for (_, time, level), members in groups.items():
        try:
            if not 0 <= time < volume.description.time_points or not 0 <= level < len(volume.levels.answers):
                continue
            point = volume.points.get(time)
            answer = point.levels.answers[level]
            voxels = held or answer.voxels
            if voxels is None:
                continue
            in_place = isinstance(voxels, ArrayVoxels | HeldVoxels)
            for run in [members] if in_place else _runs(members, answer):
                done.update(_cut_and_seal(compiled, point, answer, voxels, run))
        except Exception:  # noqa: BLE001, S112  it is answered where each brick is made by itself
            continue
    return done


def _runs(needs: list[Need], answer: Answer) -> list[list[Need]]:
    """Bricks side by side along x, whose voxels are read together: of those that nobody waits for, and not of previews."""
    wanted = [need for need in needs if need.priority >= FILL_PRIORITY and not answer.flags & PREVIEW]
    runs: list[list[Need]] = []
    for need in sorted(wanted, key=lambda need: need.key):
        last = runs[-1][-1].key if runs and len(runs[-1]) < MAX_RUN else None
        if last is not None and need.key == last._replace(x=last.x + 1):
            runs[-1].append(need)
        else:
            runs.append([need])
    return runs


def _cut_and_seal(
    compiled: Kernels, point: TimePoint, answer: Answer, voxels: Voxels, needs: list[Need],
) -> dict[int, Cut]:
    """Cut and seal the bricks of one level, where machine code can."""
    volume, memory = point.volume, voxels.memory(_box_of(needs, voxels.shape))
    if memory is None or not compiled.can_cut(memory, volume.description.stored):
        return {}
    level, time = needs[0].key.level, needs[0].key.time
    nz, ny, nx = brick_grid(volume.levels.shape, level)
    preview = answer.flags & PREVIEW
    needs = [
        need for need in needs
        if 0 <= need.key.z < nz and 0 <= need.key.y < ny and 0 <= need.key.x < nx
        and not (preview and need.priority >= FILL_PRIORITY)
    ]
    store = needs[0].link.store if needs else None
    if store is None:
        return {}
    stored = volume.description.stored
    template = brick_template(stored)
    for need in needs:
        store.fetch_pages(need.offset, template.frame_bytes)
    header = Header(
        FrameType.BRICK, answer.flags, volume.handle, level, DTYPE_CODE[stored], generation=answer.generation, time=time,
    )
    around = bytes(pack_header(header)) + template.prefix + template.suffix
    first = store.address + HEADER_BYTES
    jobs = [Job(need.key.z, need.key.y, need.key.x, first + need.offset) for need in needs]
    found = compiled.cut(memory, stored, voxels.mapping.sign_bit, jobs, _frames(template, around))
    if answer.generation or level == len(point.levels.answers) - 1:
        point.ranges.put_new(level, [job[:3] for job in jobs], found.low, found.high)
    sizes = np.where(found.constant, HEADER_BYTES + NUMPY_DTYPE[stored].itemsize, template.frame_bytes).tolist()
    return {id(need): Cut(point, answer, size) for need, size in zip(needs, sizes, strict=True)}


def _frames(template: BrickTemplate, sealed_with: bytes = b"") -> Frames:
    return Frames(template.frame_bytes - HEADER_BYTES, template.voxels_offset - HEADER_BYTES, sealed_with)


def cut_alone(voxels: Voxels, key: BrickKey, frame: FrameBuffer, stored: str) -> Found | None:
    """Cut one brick into a frame anywhere; None where NumPy must."""
    compiled = kernels()
    memory = voxels.memory(_box(key, voxels.shape)) if compiled is not None else None
    if compiled is None or memory is None or not compiled.can_cut(memory, stored):
        return None
    frames = _frames(brick_template(stored))
    job = Job(key.z, key.y, key.x, address_of(frame.voxels) - frames.before)
    return compiled.cut(memory, stored, voxels.mapping.sign_bit, [job], frames).of(0)


def _box_of(run: list[Need], shape: Shape) -> Box:
    """What the bricks of a run hold of a level."""
    first, last = _box(run[0].key, shape), _box(run[-1].key, shape)
    return first[0], first[1], (first[2][0], last[2][1])


def _box(key: BrickKey, shape: Shape) -> Box:
    """What a brick with its halo holds of a level."""
    firsts = [index * BRICK_EDGE - BRICK_HALO for index in (key.z, key.y, key.x)]
    z, y, x = ((max(first, 0), min(first + STORED_EDGE, n)) for first, n in zip(firsts, shape, strict=True))
    return z, y, x
