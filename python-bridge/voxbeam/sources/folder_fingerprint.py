"""What a folder of chunks is, by its files' names, sizes and times: so that what was built of it is found again."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Folders of more files are not looked through: these take a tenth of a second.
MAX_FILES = 16_384
#: A file this young may be written to again within the same tick of the file system's clock.
QUIET_SECONDS = 2.0


def folder_fingerprint(folder: Path, *facts: object) -> str | None:
    """Equal as long as the folder has the same path and files of the same sizes and times, and `facts` are equal.

    Returns
    -------
    str, optional
        None where it cannot be told: too many files, links to other folders, or one that was written a moment ago.
    """
    found: list[tuple[str, int, int]] = []
    waiting, youngest = [str(folder)], 0
    try:
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    if entry.is_dir() or len(found) >= MAX_FILES:
                        return None
                    stat = entry.stat()
                    youngest = max(youngest, stat.st_mtime_ns)
                    found.append((entry.path, stat.st_size, stat.st_mtime_ns))
    except OSError:
        return None
    if time.time_ns() - youngest < QUIET_SECONDS * 1e9:
        return None
    identity = repr((str(folder.resolve()), sorted(found), *facts))
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]
