"""What monitors hear and see of the engine. A render never waits for one, and without one nothing is done for it.

job, by what it says ──▶ register.py   all jobs under their numbers: JobState
log.RING, the worker ──▶ hub.py        one thread while a monitor watches: states, log lines, finished frames
pipeline/pictures.py ──▶   │           Finished: what a frame looks like, not yet waited for
                           ▼
                         watcher.py    one monitor: its rings, what it has not been told yet
showing.py, reading.py   Show: plates and mattes on disk, on a thread of its own, without torch
images.py                sizes and pixel types of pictures
"""
