"""Short slices of the processor: what is started with them has them, and nobody else."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voxbeam.sidecar import start_sidecar
from voxbeam.time_slice import SLICE_NS, set_slice, short_slices, slice_ns

#: What the system gives where nothing is asked for; older ones know of no slices, and say 0.
USUAL = slice_ns()

pytestmark = pytest.mark.skipif(not USUAL, reason="this system has no slices that can be chosen")
ASK = "from voxbeam.time_slice import slice_ns; print(slice_ns())"


def child() -> int:
    return int(subprocess.run([sys.executable, "-c", ASK], check=True, capture_output=True, text=True).stdout)


def test_what_is_started_has_short_slices_and_who_started_it_its_own_again():
    found = []
    with short_slices():
        assert slice_ns() == SLICE_NS
        thread = threading.Thread(target=lambda: found.append(slice_ns()))
        thread.start()
        thread.join()
        assert [*found, child()] == [SLICE_NS, SLICE_NS]
    assert slice_ns() == USUAL
    assert child() == USUAL


def test_who_has_a_slice_of_their_own_keeps_it():
    set_slice(2 * SLICE_NS)
    try:
        with short_slices():
            pass
        assert slice_ns() == 2 * SLICE_NS
    finally:
        set_slice(0)
    assert slice_ns() == USUAL


def test_another_policy_is_left_as_it_is():
    program = f"import os\nos.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))\n{ASK}"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "None"


def test_every_thread_of_a_server_has_them():
    sidecar = start_sidecar(store_bytes=32 * 2**20)
    try:
        for thread in Path(f"/proc/{sidecar.pid}/task").iterdir():
            assert slice_ns(int(thread.name)) == SLICE_NS
    finally:
        sidecar.stop()
