"""`python3 install …`: everything between a fresh checkout and a first matte. See `__main__`."""
