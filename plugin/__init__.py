"""GVM Matte: Generative Video Matting as a node over an engine process.

The host side (this package's top level and `client`) needs the standard library alone; `engine` needs torch and the
image libraries and runs in a process of its own. Nothing here imports the engine.
"""

__version__ = "0.2.0"
