"""One job over several devices at once."""
