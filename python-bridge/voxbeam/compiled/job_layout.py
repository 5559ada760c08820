"""What is said of a brick to be cut, and what is found of it: eight bytes each, in the order in which machine code has them."""

#: Brick z, y, x; address of the frame's payload; where the payload would begin for what is summed up next; the first voxel.
Z, Y, X, PAYLOAD, BASE, FIRST = range(6)
#: What is found: lowest and highest voxel (floats: their rank), whether bits differ, the payload's checksum.
LOW, HIGH, DIFFER, CHECKSUM = range(6, 10)
JOB_WORDS = 10
#: Words of a checksum under way: four lanes, and the length of all.
STATE_WORDS = 8
#: Where a plane of a brick stands before it is written: behind what is left of the one before, and with the rest of a line.
STAGE_BYTES = 66**2 * 4 + 2 * 64 + 48
#: Of a frame before its payload.
HEADER_BYTES = 64
