"""What GVM Matte costs, always as a ratio to something plain that runs in the same minutes on the same machine.

    python -m benchmarks.ring        the ring against a plain copy; how soon an empty request is answered
    python -m benchmarks.engine      the engine against a straightforward program with the same weights and frames
    python -m benchmarks.full_size   the released model's size, random weights, on a GPU
    python -m benchmarks.several     one engine a device against one engine
    python -m benchmarks.monitor     4K pictures from the rings to the monitor's window
    python -m benchmarks.farm        real farm jobs against what the cost model says
    python -m benchmarks.quality     how good the built-in model's mattes are, beside a classic key

Machines are noisy and clocks change, so a time alone says little: what is compared takes turns (A B, B A, …), and medians
are told. docs/benchmarks.md says what each number means. None of this is a test: nothing fails for being slow.
"""

import os

# Threads that spin while they wait for each other slow everything down many times as soon as other work wants the cores,
# and whether OpenMP lets them spin depends on how many threads a process happens to have. So none do, on both sides.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
