"""kill -9 of a kernel: what it made resident stays, that it is gone is said, and the next one takes its volumes up by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np

from brick_reader import BrickReader
from conftest import until
from voxbeam.geometry import brick_keys
from voxbeam.instance import Instance
from voxel_reference import brick, pyramid

KERNEL = """
import sys, time
import numpy as np
import voxbeam as rv
from voxbeam.producer import produced_volume
made, answer = [], produced_volume.answer_needs
produced_volume.answer_needs = lambda volume, needs, tools: (made.extend(needs), answer(volume, needs, tools))
instance = rv.connect(sys.argv[1])
rv.render_volume(rv.open(sys.argv[2]), instance, name="brain")
instance.annotations.add(rv.Point(world=(1, 2, 3), name=sys.argv[3]))
print("made", len(made), sorted(a.name for a in instance.annotations), flush=True)
sys.stdin.readline()
"""


def kernel(address, path, name):
    """A kernel that has rendered the file, and what it says of that."""
    command = [sys.executable, "-c", textwrap.dedent(KERNEL), address, str(path), name]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return child, child.stdout.readline()


def test_a_killed_kernels_volumes_stay_and_the_next_one_takes_them_up(sidecar, tmp_path):
    array = np.random.default_rng(4).integers(0, 999, (130, 90, 80)).astype("u2")
    np.save(tmp_path / "a.npy", array)
    looking = Instance(sidecar.host, sidecar.port, sidecar.token)
    keys = list(brick_keys(array.shape))
    first, said = kernel(looking.address, tmp_path / "a.npy", "first")
    assert int(said.split()[1]) >= len(keys)
    before = looking.volumes["brain"]
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: looking.volumes["brain"].producer == "gone", 15)  # heartbeats alone would take 20 s
    first.wait()

    reader, levels = BrickReader(sidecar), pyramid(array)
    found = reader.read(before.handle, keys)
    assert all(np.array_equal(found[key][1], brick(levels[key.level], key)) for key in keys), "all of it is still there"
    reader.close()

    second, said = kernel(looking.address, tmp_path / "a.npy", "second")
    assert said == "made 0 ['first', 'second']\n", "nothing is made again, and annotations are shared"
    until(lambda: looking.volumes["brain"].producer == "alive", 15)
    assert looking.volumes["brain"].handle == before.handle, "viewers need not look for it"
    second.stdin.close()
    assert second.wait(60) == 0
    looking.close()
