"""What a monitor hears of an engine."""
