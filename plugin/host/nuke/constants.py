"""Nuke's constants, with the values that its stubs and guides give."""

from __future__ import annotations

# Flags of knobs.
DISABLED = 0x80
NO_ANIMATION = 0x100
DO_NOT_WRITE = 0x200
INVISIBLE = 0x400
STARTLINE = 0x1000
KNOB_CHANGED_ALWAYS = 0x10000
HIDDEN = 0x40000  # by INVISIBLE's side in scripts: `+HIDDEN`
NO_UNDO = 0x80000
ALWAYS_SAVE = 0x100000
KNOB_CHANGED_RECURSIVE = 0x8000000

# The flags that an `addUserKnob` line names.
FLAG_NAMES = {"STARTLINE": STARTLINE, "HIDDEN": HIDDEN, "DISABLED": DISABLED, "INVISIBLE": INVISIBLE,
              "DO_NOT_WRITE": DO_NOT_WRITE}  # fmt: skip

# What dependencies() and dependent() count.
INPUTS = 1
EXPRESSIONS = 4
LINKINPUTS = 8
