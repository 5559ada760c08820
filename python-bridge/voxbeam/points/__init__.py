"""Point clouds: from what a notebook holds to an octree whose bricks are sent like a volume's."""

from voxbeam.points.cloud import PointCloud, open_points

__all__ = ["PointCloud", "open_points"]
