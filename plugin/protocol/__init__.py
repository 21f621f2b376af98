"""What host and engine share: messages, how they travel, and the rings of frame buffers. Standard library alone."""
