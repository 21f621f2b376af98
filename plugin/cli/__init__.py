"""The `gvm-matte` command: its options are made from `params`, its work is done by `client` and the engine."""
