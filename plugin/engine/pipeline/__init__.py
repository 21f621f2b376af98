"""From plates to mattes: reading, computing and writing overlap, and memory does not grow with the shot.

feed.py      plates, read ahead by threads, as the model wants them      │ prepare.py  what is done to pixels
windows.py   encode → window by window → blend → decode group by group   │ digest.py   what a matte depends on
sink.py      mattes to files and buffers, by threads                     │ request.py  a job, understood and checked
renderer.py  one job from beginning to end; keeps the model between jobs
"""
