"""Deadline Cloud: the submission of a bundle."""
