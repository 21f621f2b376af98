"""The graph walked for one frame: which node, which input, which operation, which file."""
