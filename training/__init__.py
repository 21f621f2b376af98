"""Training of the built-in matte model: generated clips, the network, the loop, its evaluation and export."""
