"""Volumes that are computed where they are looked at: for trying things out, for tests, and to show what size means here.

Each function gives what ``rv.view`` and ``rv.render_volume`` take: one source, or a list of them where it is asked for channels.
"""

from voxbeam.synthetic.checkerboard import checkerboard
from voxbeam.synthetic.mandelbrot import mandelbrot
from voxbeam.synthetic.mandelbulb import mandelbulb
from voxbeam.synthetic.phantom import phantom
from voxbeam.synthetic.ramp import ramp

__all__ = ["checkerboard", "mandelbrot", "mandelbulb", "phantom", "ramp"]
