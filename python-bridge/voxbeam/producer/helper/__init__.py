"""A process beside the kernel that cuts bricks of its arrays while the kernel is late; see the producer's README."""
