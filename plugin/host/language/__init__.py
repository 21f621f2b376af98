"""Nuke's small languages: curves, expressions, TCL."""
