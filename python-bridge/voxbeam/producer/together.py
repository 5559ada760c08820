"""Cuts the bricks of a turn by machine code, all in one call: Python's share is the same for one and for eight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from voxbeam.compiled.kernels import MAX_JOBS, Job, address_of
from voxbeam.compiled.loader import kernels
from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, STORED_EDGE, has_brick
from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.voxels import ArrayVoxels
from voxbeam.protocol import HEADER_BYTES, brick_template

if TYPE_CHECKING:
    from voxbeam.compiled.kernels import Found, Kernels, Memory
    from voxbeam.geometry import Box, BrickKey, Shape
    from voxbeam.producer.levels import Answer
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.producer.voxels import Voxels


class Cut(NamedTuple):
    """A frame that holds a brick's voxels, and what was found of them; it is still to be sealed."""

    answer: Answer
    frame: FrameBuffer
    found: Found


def cut_together(volume: ProducedVolume, needs: list[Need]) -> dict[int, Cut]:
    """Cut those of `needs` that machine code can cut in place in the store, by the need's `id`; the others are left."""
    compiled = kernels()
    if compiled is None or len(needs) > MAX_JOBS:
        return {}
    stored = volume.description.stored
    if stored == "points":
        return {}
    size = brick_template(stored).frame_bytes
    groups: dict[int, tuple[Answer, Memory, list[tuple[Need, FrameBuffer]]]] = {}
    for need in needs:
        store = need.link.store
        if store is None or not store.holds(need.offset, size) or not need.link.alive:
            continue
        mapped = store.mapped(need.offset, size)
        if mapped is None or not has_brick(volume.levels.shape, need.key, volume.description.time_points):
            continue
        try:
            answer = volume.points.get(need.key.time).levels.answers[need.key.level]
            memory = _memory(compiled, answer.voxels, stored, need.key) if isinstance(answer.voxels, ArrayVoxels) else None
        except Exception:  # noqa: BLE001, S112  it is answered where each brick is made by itself
            continue
        if memory is not None:
            groups.setdefault(id(memory), (answer, memory, []))[2].append((need, FrameBuffer(stored, mapped)))
    done: dict[int, Cut] = {}
    for answer, memory, members in groups.values():
        for (need, frame), found in zip(members, _cut(compiled, answer.voxels, memory, members, stored), strict=True):
            done[id(need)] = Cut(answer, frame, found)
    return done


def cut_alone(voxels: Voxels, key: BrickKey, frame: FrameBuffer, stored: str) -> Found | None:
    """Cut one brick into a frame anywhere; None where NumPy must."""
    compiled = kernels()
    memory = _memory(compiled, voxels, stored, key) if compiled is not None else None
    if compiled is None or memory is None:
        return None
    payload = address_of(frame.voxels) - brick_template(stored).voxels_offset + HEADER_BYTES
    job = Job(key, address_of(frame.voxels), payload)
    return compiled.cut(memory, stored, voxels.mapping.sign_bit, [job], len(frame.bytes) - HEADER_BYTES)[0]


def _memory(compiled: Kernels, voxels: Voxels | None, stored: str, key: BrickKey) -> Memory | None:
    memory = voxels.memory(_box(key, voxels.shape)) if voxels is not None else None
    return memory if memory is not None and compiled.can_cut(memory, stored) else None


def _cut(
    compiled: Kernels, voxels: Voxels | None, memory: Memory, members: list[tuple[Need, FrameBuffer]], stored: str,
) -> list[Found]:
    assert voxels is not None
    size = brick_template(stored).frame_bytes
    before = brick_template(stored).voxels_offset - HEADER_BYTES
    places = [(need.key, address_of(frame.voxels)) for need, frame in members]
    jobs = [Job(key, place, place - before) for key, place in places]
    return compiled.cut(memory, stored, voxels.mapping.sign_bit, jobs, size - HEADER_BYTES)


def _box(key: BrickKey, shape: Shape) -> Box:
    """What a brick with its halo holds of a level."""
    firsts = [index * BRICK_EDGE - BRICK_HALO for index in (key.z, key.y, key.x)]
    z, y, x = ((max(first, 0), min(first + STORED_EDGE, n)) for first, n in zip(firsts, shape, strict=True))
    return z, y, x
