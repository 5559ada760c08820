"""Where machine code comes from: the cache, or a process of its own that compiles it while nobody waits."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import platform
import subprocess
import sys
import threading
import time
from functools import cache as once
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from voxbeam import cache
from voxbeam.child_environment import child_environment
from voxbeam.kept.folder_lock import FolderLock

if TYPE_CHECKING:
    from voxbeam.compiled.kernels import Kernels

log = logging.getLogger("voxbeam.producer")

#: Set to "0": everything is done by NumPy.
ENVIRONMENT = "VOXBEAM_COMPILED"
#: Bytes of a volume from which on compiling pays. What is compiled already is used for any.
WORTH_BYTES = 2**27
#: A first picture has the processors to itself.
PAUSE_SECONDS = 10.0
#: How long compiling may take: some 20 s of one processor, which others may need.
LIMIT_SECONDS = 900.0
#: Another process may have compiled meanwhile.
AGAIN_SECONDS = 30.0
_SOURCES = (
    "checksum_kernel.py", "compiler.py", "cut_kernel.py", "elf_linker.py", "image.py", "job_layout.py", "kernels.py",
    "pass_kernel.py", "pointers.py", "seal_kernel.py",
)

_lock = threading.Lock()
_kernels: Kernels | None = None
_looked_for: Path | None = None
_looked_at = 0.0
_compiling: threading.Thread | None = None


def kernels() -> Kernels | None:
    """The compiled functions, where there are some for this processor; looking takes a millisecond, now and then."""
    path = image_path()
    if path is None:
        return None
    if path != _looked_for or (_kernels is None and time.monotonic() - _looked_at > AGAIN_SECONDS):
        _look(path)
    return _kernels


def wish(nbytes: int) -> None:
    """A volume of so many bytes is to be made ready: compile soon, in the background, where nothing has been compiled yet."""
    global _compiling  # noqa: PLW0603  one for the process
    path = image_path()
    if path is None or kernels() is not None or nbytes < WORTH_BYTES or importlib.util.find_spec("numba") is None:
        return
    with _lock:
        if _compiling is None:
            _compiling = threading.Thread(target=_compile_later, args=(path,), name="voxbeam-compiling", daemon=True)
            _compiling.start()


def image_path() -> Path | None:
    """The file of this processor's machine code; None where there can be none, or nothing is kept."""
    root = cache.path()
    name = _name()
    if root is None or name is None or os.environ.get(ENVIRONMENT) == "0":
        return None
    return cache.code_folder(root) / name


def compile_now(path: Path) -> bool:
    """Compile to `path` in a process of its own and wait for it; False where that failed or another process is at it."""
    lock = FolderLock(path.parent)
    try:
        if not lock.take():
            return False
        program = "import sys; from voxbeam.compiled.compiler import main; main(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], check=False, timeout=LIMIT_SECONDS,
            env=child_environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        if done.returncode:
            log.info("nothing was compiled: %s", done.stderr.decode(errors="replace")[-500:])
        cache.trim_code(path)
    except (OSError, subprocess.SubprocessError) as error:
        log.info("nothing was compiled: %s", error)
        return False
    finally:
        lock.release()
    return done.returncode == 0


def _compile_later(path: Path) -> None:
    threading.Event().wait(PAUSE_SECONDS)
    if compile_now(path):
        _look(path)


def _look(path: Path) -> None:
    """Load what stands at `path`. Whatever is wrong with it, there is NumPy."""
    global _kernels, _looked_for, _looked_at
    with _lock:
        found: Kernels | None = None
        if path.exists():
            try:
                from voxbeam.compiled.image import Image  # noqa: PLC0415  most volumes need none of it
                from voxbeam.compiled.kernels import Kernels  # noqa: PLC0415

                found = Kernels(Image.read(path))
                os.utime(path)
            except Exception as error:  # noqa: BLE001  a damaged file, a system that forbids it
                log.info("compiled functions are not used: %s", error)
        _kernels, _looked_for, _looked_at = found, path, time.monotonic()


@once
def _name() -> str | None:
    """What the machine code depends on: processor, these sources, and who compiles them."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    digest = hashlib.sha256()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").split("\n\n", 1)[0].splitlines()
        digest.update("\n".join(line for line in lines if line.startswith(("model name", "flags"))).encode())
        for source in _SOURCES:
            digest.update((Path(__file__).parent / source).read_bytes())
    except OSError:
        return None
    for package in ("numba", "llvmlite"):
        try:
            digest.update(version(package).encode())
        except PackageNotFoundError:
            return None
    return digest.hexdigest()[:16]
