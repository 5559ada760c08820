"""What people draw is kept: in which file, when it is saved, after kill -9 of everything, and as it was before."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import voxbeam as rv
from conftest import MIB, until
from killed_editor import LABEL_SHAPE
from voxbeam import cli, scenes
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar

#: `npm run soak` makes it 60.
TURNS = 60 if os.environ.get("VOXBEAM_SOAK") else 2
SEED = int(os.environ.get("VOXBEAM_SEED", "11"))


def started(**fields):
    process = start_sidecar(store_bytes=64 * MIB, **fields)
    return Instance(process.host, process.port, process.token, process=process, restarts=True)


class Editor:
    """A process that draws and paints, and says what was acknowledged to it."""

    def __init__(self, who: int, turn: int, place: dict) -> None:
        script = Path(__file__).with_name("killed_editor.py")
        order = json.dumps({"who": who, "turn": turn, **place})
        self.process = subprocess.Popen(
            [sys.executable, str(script), order], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said: list[dict] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        self.said.extend(map(json.loads, self.process.stdout))

    def end(self) -> str:
        """Wait for what a killed process had said."""
        self.process.wait(30)
        self.thread.join(30)
        self.process.stdin.close()
        return self.process.stderr.read().decode()


def test_what_was_acknowledged_is_there_after_everything_was_killed_at_random_points(tmp_path):
    path = tmp_path / "brain.vxscene"
    chance = random.Random(SEED)
    print("seed", SEED)
    names: set[str] = set()
    painted: dict[tuple[int, int, int], int] = {}
    for turn in range(TURNS):
        owner = Editor(0, turn, {"scene_file": str(path)})
        until(lambda: owner.said or owner.process.poll() is not None, 60)  # noqa: B023
        assert owner.said, owner.end()
        place = owner.said[0]
        guest = Editor(1, turn, {name: place[name] for name in ("host", "port", "token")})
        enough = chance.randrange(2, 60)
        both = (owner, guest)
        until(lambda: sum(len(one.said) for one in both) > enough or any(one.process.poll() is not None for one in both), 60)  # noqa: B023
        doomed = [place["sidecar"], owner.process.pid, guest.process.pid]
        chance.shuffle(doomed)
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        errors = [one.end() for one in both]
        assert [one.process.returncode for one in both] == [-signal.SIGKILL] * 2, errors
        for said in (line for one in both for line in one.said):
            names.update(said.get("names", ()))
            painted.update({tuple(at): value for at, value in said.get("painted", ())})
        with started(scene_file=str(path)) as instance:
            assert names <= {a.name for a in instance.annotations}, f"turn {turn}, seed {SEED}"
            voxels = instance.labels("tissue", shape=LABEL_SHAPE, dtype="uint8")[:, :, :]
            wrong = [(at, value, voxels[at]) for at, value in painted.items() if voxels[at] != value]
            assert not wrong, f"turn {turn}, seed {SEED}"
            instance.flush()
            assert instance.saved
    assert len(names) + len(painted) > TURNS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["brain.vxscene"]


def test_a_killed_server_comes_back_with_what_others_drew(tmp_path):
    path = tmp_path / "shared.vxscene"
    with started(scene_file=str(path)) as instance:
        instance.annotations.add(rv.Point(world=(1, 2, 3), name="mine"))
        other = Instance(instance.host, instance.port, instance._process.token)
        other.annotations.add(rv.Box(world=((0, 0, 0), (1, 1, 1)), name="theirs"))
        other.flush()
        other.close()  # whoever drew it is gone
        for _ in range(3):
            pid = instance._process.pid
            os.kill(pid, signal.SIGKILL)
            until(lambda: instance._process.pid != pid and instance._connection.is_open)  # noqa: B023
            instance.flush()
        assert sorted(a.name for a in instance.annotations) == ["mine", "theirs"]


def test_history_is_kept_restored_and_refuses_what_makes_no_sense(tmp_path):
    with started(scene_file=str(tmp_path / "h.vxscene")) as instance:
        point = instance.annotations.add(rv.Point(world=(1, 2, 3), name="first"))
        made = instance.history.make("start")
        assert (made.name, made.automatic, made.annotations) == ("start", False, 1)
        instance.annotations.update(point.id, name="changed")
        instance.annotations.add(rv.Point(world=(4, 5, 6), name="late"))
        before = instance.history.restore("start")
        until(lambda: [a.name for a in instance.annotations] == ["first"])
        assert before.annotations == 2
        instance.history.restore(before)
        until(lambda: sorted(a.name for a in instance.annotations) == ["changed", "late"])
        assert [one.name for one in instance.history if not one.automatic] == ["start"]
        instance.history.remove("start")
        with pytest.raises(KeyError, match="no restore point has the name or id 'start'"):
            instance.history.restore("start")
        with pytest.raises(rv.VoxbeamError, match="There is no restore point"):
            instance.history.remove(made)
        with pytest.raises(rv.ParameterError, match="at most 200"):
            instance.history.make("x" * 201)
        assert "restore points" in repr(instance.history)


def test_in_memory_says_so(instance):
    instance.annotations.add(rv.Point(world=(1, 2, 3)))
    assert not instance.saved
    assert (instance.saved.state, "nothing drawn is kept" in instance.saved.message) == ("memory", True)
    with pytest.raises(rv.VoxbeamError, match="Nothing drawn is kept"):
        instance.annotations.flush(5)
    with pytest.raises(rv.VoxbeamError, match="keeps no restore points"):
        instance.history.make("x")


def test_scenes_without_a_path_are_listed_and_removed_by_hand_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VOXBEAM_SCENES", str(tmp_path / "scenes"))
    fields = scenes.sidecar_fields()
    assert stat.S_IMODE((tmp_path / "scenes").stat().st_mode) == 0o700
    with started(**fields) as looked:
        looked.flush()
    assert scenes.entries() == []
    with started(**fields) as instance:
        instance.annotations.extend([rv.Point(world=(n, 2, 3)) for n in range(7)])
        instance.flush()
        assert [(one.in_use, one.annotations) for one in scenes.entries()] == [(True, None)]
    [kept] = scenes.entries()
    assert (kept.annotations, kept.drawn, kept.in_use) == (7, True, False)
    monkeypatch.setattr(scenes, "MAX_FILES", 0)
    scenes.sidecar_fields()
    assert [one.path for one in scenes.entries()] == [kept.path], "what was drawn is never removed silently"
    with started(scene_file=str(kept.path)) as again:
        assert len(again.annotations) == 7
        again.annotations.clear()
        again.flush()
    assert cli.main(["scenes"]) == 0
    assert kept.path.name in capsys.readouterr().out
    assert cli.main(["scenes", "remove", "nothing"]) == 1
    assert cli.main(["scenes", "remove", kept.path.name[:8]]) == 0
    assert scenes.entries() == []


def test_bad_paths_are_refused_with_the_reason(tmp_path):
    for scene, words in ((tmp_path, "is a folder"), (tmp_path / "no" / "a", "no folder"), ("", "scene is ''"), (7, "scene is 7")):
        with pytest.raises(rv.ParameterError, match=words):
            scenes.sidecar_fields(scene)
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(rv.SidecarError, match="is no scene of voxbeam"):
        started(scene_file=str(tmp_path / "note.txt"))
    assert (tmp_path / "note.txt").read_text() == "mine"
    with (
        started(scene_file=str(tmp_path / "s.vxscene")) as _,
        pytest.raises(rv.SidecarError, match="in use by another instance"),
    ):
        started(scene_file=str(tmp_path / "s.vxscene"))


def test_a_scheduler_keeps_the_scene_where_it_is_told(scheduler, tmp_path):
    path = tmp_path / "kept.vxscene"
    place = ("127.0.0.1", scheduler.port, (64, 64, 64), "uint8")
    with rv.initialize_visualization_server(*place, scene=path) as instance:
        instance.annotations.add(rv.Point(world=(1, 2, 3), name="kept"))
        instance.flush()
        assert instance.status()["scene"] == {"file": str(path), "state": "saved"}
        instance.stop()
    with rv.initialize_visualization_server(*place, scene=path) as instance:
        assert [a.name for a in instance.annotations] == ["kept"]
        with pytest.raises(rv.SchedulerError, match="keeps its scene in"):
            rv.initialize_visualization_server(*place, scene=tmp_path / "other.vxscene")
        instance.stop()


def test_a_fork_has_everything_and_goes_its_own_way(tmp_path, instance):
    file, mine = tmp_path / "ours.vxscene", tmp_path / "mine.vxscene"
    array = np.arange(20 * 30 * 40, dtype=np.uint16).reshape(20, 30, 40)
    with started(scene_file=str(file)) as ours:
        rv.render_volume(array, name="ct", instance=ours, wait=False, voxel_size=(2, 1, 1))
        ours.annotations.extend([rv.Point(world=(n, 2, 3), name=f"p{n}") for n in range(300)])
        ours.labels("tissue", shape=(20, 30, 40))[3:5, 4:6, 7:9] = 6
        ours.history.make("before")
        ours.layers["ct"].opacity = 0.25
        with ours.fork(mine) as fork:
            assert stat.S_IMODE(mine.stat().st_mode) == 0o600
            assert sorted(fork.volumes) == ["ct", "tissue"]
            assert fork.volumes["ct"].description.voxel_size == (2, 1, 1)
            assert len(fork.annotations) == 300
            assert fork.layers["ct"].opacity == 0.25
            assert [point.name for point in fork.history] == ["before"]
            tissue = fork.labels("tissue")
            assert (int(tissue[:, :, :].sum()), int(tissue[4, 5, 8])) == (8 * 6, 6)
            tissue[0, 0, 0] = 9
            fork.annotations.clear()
            ours.annotations.remove("p7")
            fork.flush()
            assert (len(ours.annotations), len(fork.annotations)) == (299, 0)
            assert int(ours.labels("tissue")[0, 0, 0]) == 0
        with pytest.raises(rv.ParameterError, match="is there already"):
            ours.fork(mine)
        with pytest.raises(rv.ParameterError, match="no folder for scenes"):
            ours.fork()
    with started(scene_file=str(mine)) as again:
        assert (len(again.annotations), int(again.labels("tissue")[0, 0, 0])) == (0, 9)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.vxscene", "ours.vxscene"]
    with pytest.raises(rv.VoxbeamError, match="Nothing drawn is kept"):
        instance.fork(tmp_path / "none.vxscene")
