"""Machine code for what touches every voxel: made once by numba in a process of its own, used by any; see the README."""
