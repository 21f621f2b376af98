"""Nuke's constants, with the values that its stubs and guides give."""

from __future__ import annotations

# Flags of knobs.
DISABLED = 0x80
NO_ANIMATION = 0x100
DO_NOT_WRITE = 0x200
INVISIBLE = 0x400
STARTLINE = 0x1000
ENDLINE = 0x2000
KNOB_CHANGED_ALWAYS = 0x10000
NO_UNDO = 0x80000
ALWAYS_SAVE = 0x100000
KNOB_CHANGED_RECURSIVE = 0x8000000
READ_ONLY = 0x10000000
NO_MULTIVIEW = 1 << 30
HIDDEN = 0x40000  # by INVISIBLE's side in scripts: `+HIDDEN`

# The names that `addUserKnob` uses.
FLAG_NAMES = {
    "STARTLINE": STARTLINE, "HIDDEN": HIDDEN, "DISABLED": DISABLED, "INVISIBLE": INVISIBLE, "DO_NOT_WRITE": DO_NOT_WRITE,
}  # fmt: skip

# What a Tab_Knob opens, its third argument (`n` of a script's line 20).
TABKNOB = 0
TABBEGINGROUP = 1
TABBEGINCLOSEDGROUP = 2
TABENDGROUP = -1

# What dependencies() and dependent() count.
INPUTS = 1
HIDDEN_INPUTS = 2
EXPRESSIONS = 4
LINKINPUTS = 8

# What writeKnobs() writes.
WRITE_NON_DEFAULT_ONLY = 1
WRITE_USER_KNOB_DEFS = 4
WRITE_ALL = 8
TO_SCRIPT = 16
TO_VALUE = 32
