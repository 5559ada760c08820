"""Fill a new environment with what a wheel says it needs, and nothing else: links to the files of this environment, which pip installed.

What a distribution requires, and what those require in turn, is read from its metadata, as pip does; what nobody asks for is not there.
"""

from __future__ import annotations

import os
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

venv, wheel, extra = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
site = Path(next(path for path in sys.path if path.endswith("site-packages")))
target = next((venv / "lib").glob("python*")) / "site-packages"


def required(of: Distribution, extras: set[str]) -> list[Requirement]:
    found = [Requirement(line) for line in of.requires or []]
    return [r for r in found if r.marker is None or any(r.marker.evaluate({"extra": name}) for name in extras | {""})]


def needed(of: Distribution, extras: set[str]) -> dict[str, Distribution]:
    """All that it needs, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    left = [(of, extras)]
    while left:
        for requirement in required(*left.pop()):
            if (key := (requirement.name.lower(), ",".join(sorted(requirement.extras)))) in seen:
                continue
            seen.add(key)
            own = key[0] == of.name.lower()
            dist = of if own else distribution(requirement.name)
            if not requirement.specifier.contains(dist.version, prereleases=True):
                sys.exit(f"{requirement} is asked for, {dist.version} is here")
            if not own:
                found[key[0]] = dist
            left.append((dist, set(requirement.extras)))
    return found


def link(dist: Distribution) -> None:
    for file in dist.files or []:
        source = Path(str(dist.locate_file(file)))
        if not source.is_file() or source.suffix == ".pyc":
            continue
        place = Path(os.path.normpath(target / os.path.relpath(source, site)))
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.parent == venv / "bin":
            head, _, rest = source.read_bytes().partition(b"\n")
            place.write_bytes((b"#!" + os.fsencode(venv / "bin" / "python") if head.startswith(b"#!") else head) + b"\n" + rest)
            place.chmod(0o755)
        elif not place.exists():
            try:
                os.link(source, place)
            except OSError:  # another disk
                place.symlink_to(source)


with zipfile.ZipFile(wheel) as archive:
    info = next(Path(name).parent for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    own = PathDistribution(zipfile.Path(archive, f"{info}/"))  # type: ignore[arg-type]
    found = needed(own, {extra})
for dist in found.values():
    link(dist)
print(len(found), "distributions")
