"""Print what the package with an extra, and its build, require: a requirement a line, those of the extras it names itself included."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

said = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
project = said["project"]


def of_extra(extra: str) -> Iterator[str]:
    for requirement in project["optional-dependencies"][extra]:
        if requirement.startswith(f"{project['name']}["):
            for name in requirement.partition("[")[2].rstrip("]").split(","):
                yield from of_extra(name)
        else:
            yield requirement


hooks = said["tool"]["hatch"]["build"]["hooks"].values()
build = [*said["build-system"]["requires"], *(requirement for hook in hooks for requirement in hook.get("dependencies", []))]
print("\n".join(dict.fromkeys([*build, *project["dependencies"], *of_extra(sys.argv[1])])))
