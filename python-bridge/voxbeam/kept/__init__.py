"""Pyramids that were built once, kept in a folder until they are needed again."""
