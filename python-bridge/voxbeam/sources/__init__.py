"""What can be read as a volume, each kind in its own file; see README.md."""

from voxbeam.sources.function_source import from_function
from voxbeam.sources.growing import growing
from voxbeam.sources.registry import open_source, open_sources
from voxbeam.sources.source import Source

__all__ = ["Source", "from_function", "growing", "open_source", "open_sources"]
