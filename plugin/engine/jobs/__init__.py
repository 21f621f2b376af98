"""Jobs: what one is, the queue, the log, and what the engine holds between jobs."""
