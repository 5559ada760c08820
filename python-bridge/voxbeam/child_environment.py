"""The environment of processes that run this package beside the kernel."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def child_environment(**further: str) -> dict[str, str]:
    """Variables of this process, with its module path, and one thread for libraries that would start many.

    Parameters
    ----------
    **further
        Variables of that process alone.

    Examples
    --------
    >>> child_environment(BLOSC_NTHREADS="1")["OMP_NUM_THREADS"]
    '1'
    """
    path = os.pathsep.join(str(Path(entry or ".").resolve()) for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **further}
