"""Where the data is: cuts bricks, builds the pyramid, answers the sidecar's needs; see README.md."""

from voxbeam.producer.produced_volume import ProducedVolume
from voxbeam.producer.producer import Producer

__all__ = ["ProducedVolume", "Producer"]
