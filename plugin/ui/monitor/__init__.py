"""The monitor's window and what it knows of the engine."""
