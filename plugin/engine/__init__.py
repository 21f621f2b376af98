"""The engine process: weights, model, pipeline, colour, plate and matte files.

It never imports `nodes`, `client` or `ui`. Importing this package is cheap: torch is imported by the modules that use it.
"""
