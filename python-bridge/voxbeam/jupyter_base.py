"""Finding, from inside a kernel, under which path the Jupyter server that runs it is served."""

from __future__ import annotations

import json
import os
from pathlib import Path


def jupyter_base_path() -> str:
    """Base path of this kernel's Jupyter server, with a slash at both ends; ``"/"`` where nothing says otherwise.

    A hub names it in the environment. Else the server's own record of itself is read: the one whose process started this
    kernel, or the only one there is.
    """
    for variable in ("JUPYTERHUB_SERVICE_PREFIX", "JPY_BASE_URL"):
        if value := os.environ.get(variable):
            return _slashed(value)
    servers = _running_servers()
    parent = os.environ.get("JPY_PARENT_PID", "")
    mine = [server for server in servers if str(server.get("pid")) == parent] or (servers if len(servers) == 1 else [])
    return _slashed(str(mine[0].get("base_url", "/"))) if mine else "/"


def _running_servers() -> list[dict[str, object]]:
    try:
        from jupyter_core.paths import jupyter_runtime_dir  # noqa: PLC0415  only kernels have it
    except ImportError:
        return []
    found = []
    for record in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        try:
            server = json.loads(record.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it ended, or is being written
            continue
        if isinstance(server, dict) and _runs(server.get("pid")):
            found.append(server)
    return found


def _runs(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    if os.name == "nt":  # there, signal 0 is Ctrl-C
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def _slashed(path: str) -> str:
    return f"/{path.strip('/')}/" if path.strip("/") else "/"
