"""Writes what any source holds as OME-Zarr: sharded, with its pyramid."""

from __future__ import annotations

from voxbeam.conversion.converter import convert

__all__ = ["convert"]
