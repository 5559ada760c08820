"""Arrays of Dask whose voxels stand on a cluster: levels are built there, and its workers send their bricks to the instance."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxbeam.cluster.cluster_volume import ClusterVolume
    from voxbeam.sources import Source


def on_cluster(source: Source) -> ClusterVolume | None:
    """What a cluster does for a source, where it is an array of Dask and a client of `distributed` is connected; else None."""
    distributed = sys.modules.get("distributed")
    if source.dask is None or distributed is None:
        return None
    try:
        client = distributed.default_client()
    except ValueError:  # there is none
        return None
    from voxbeam.cluster.cluster_volume import ClusterVolume  # noqa: PLC0415

    return ClusterVolume(source, client)
