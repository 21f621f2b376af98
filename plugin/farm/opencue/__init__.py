"""OpenCue: the job specification, the launch through pyoutline, the submission."""
