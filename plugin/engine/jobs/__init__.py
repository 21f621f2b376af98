"""Jobs: what one is, the queue, which are the running one's windows, and what the engine holds between them."""
