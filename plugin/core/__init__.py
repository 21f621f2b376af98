"""Errors, frame ranges, boxes, names of files and devices: what everything else speaks in. Standard library alone."""
