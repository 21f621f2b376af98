"""`gvm-matte comp`: scripts without Nuke."""
