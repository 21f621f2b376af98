"""The monitor: a window on what the engine does. It runs alone (`gvm-matte monitor`) and as a panel inside Nuke."""
