"""The engine towards its clients: connections, one client's requests, the thread that computes."""
