"""Bricks on their way to an instance of another host: several connections beside the one that says everything else."""
