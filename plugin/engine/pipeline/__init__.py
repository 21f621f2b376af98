"""From plates to mattes: reading, computing and writing overlap, and memory does not grow with the shot.

request.py   a job, understood and checked          │ plan.py     what is kept, rendered and read
digest.py    what a matte depends on                │ survey.py   what is on disk, fresh, stale and why
region.py    the region of interest                 │ masks.py    garbage and core
feed.py      reads ahead, by threads                │ reading.py  plates from files
pushed.py    plates out of the host's ring          │ extras.py   what a matte needs beside its alpha
curves.py    plain colour curves on the device      │ prepare.py  what is done to pixels
windows.py   encode → window by window → blend → decode group by group; noise.py
sink.py      mattes to files and buffers            │ movies.py   movies of the mattes
renderer.py  one job from beginning to end; keeps the model between jobs
"""
