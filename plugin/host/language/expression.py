"""Expressions on knobs: numbers, `frame`, `parent.knob`, arithmetic, comparisons, `?:` and a few functions.

A small parser, never Python's `eval`: a script's text must not be able to run code. The grammar, loosest first:

    choice:  or ? choice : choice
    or:      and (|| and)*          and:     equal (&& equal)*
    equal:   less ((==|!=) less)*   less:    sum ((<|<=|>|>=) sum)*
    sum:     product ((+|-) product)*
    product: power ((*|/|%) power)*
    power:   sign (** power)?       sign:    (-|+|!) sign | atom
    atom:    number | (choice) | function(choice, …) | name | name(choice): the knob at another frame
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple

from ..errors import TclError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[A-Za-z_][\w]*(?:\.[\w]+)*)|(?P<sign>\*\*|==|!=|<=|>=|&&|\|\||[-+*/%()<>?:,!]))"
)
MAX_NESTING = 60  # `((((…` must not end in Python's own limit


@dataclass(frozen=True)
class ExpressionContext:
    """What names stand for: `lookup(path, frame)` gives a knob's number and raises TclError for what is not there."""

    frame: float
    lookup: Callable[[str, float], float]


def _clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(max(value, low), high)


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right)


def _step(edge: float, value: float) -> float:
    return float(value >= edge)


FUNCTIONS: Dict[str, Callable[..., float]] = {
    "min": min, "max": max, "abs": abs, "floor": math.floor, "ceil": math.ceil, "clamp": _clamp, "sqrt": math.sqrt,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "pow": math.pow, "exp": math.exp, "log": math.log,
    "log10": math.log10, "fmod": math.fmod, "int": math.trunc, "trunc": math.trunc, "step": _step,
    "rint": lambda value: math.floor(value + 0.5), "lerp": lambda a, b, t: a + (b - a) * t,
    "radians": math.radians, "degrees": math.degrees, "atan2": math.atan2, "hypot": math.hypot,
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e, "True": 1.0, "False": 0.0, "true": 1.0, "false": 0.0}

_LEVELS: List[Dict[str, Callable[[float, float], float]]] = [
    {"||": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b))},
    {"==": lambda a, b: float(a == b), "!=": lambda a, b: float(a != b)},
    {
        "<=": lambda a, b: float(a <= b),
        ">=": lambda a, b: float(a >= b),
        "<": lambda a, b: float(a < b),
        ">": lambda a, b: float(a > b),
    },
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "%": _remainder},
]


Thunk = Callable[[], float]  # a part that was read and is evaluated when its value is needed: `a ? 1/a : 0` is no error


def evaluate(text: str, context: ExpressionContext) -> float:
    """The number of an expression.

    Raises:
        TclError: it is no expression of the grammar above, names a knob that is not there, or has no value (division by 0).
    """
    parser = _Parser(text, context)
    value = parser.choice()
    if parser.peek() is not None:
        raise TclError(f'The expression "{text}" has "{parser.peek()}" where it should end.')
    try:
        return float(value())
    except (ZeroDivisionError, OverflowError, ValueError, TypeError) as error:
        raise TclError(f'The expression "{text}" has no value: {error}.') from error


@dataclass
class _Parser:
    text: str
    context: ExpressionContext
    at: int = 0
    nesting: int = 0
    tokens: List[Tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        at = 0
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise TclError(
                    f'The embedded host does not read the expression "{self.text}" (from "{self.text[at:].strip()}" on).'
                )
            self.tokens.append((match.lastgroup or "", match.group().strip()))
            at = match.end()

    def peek(self) -> Optional[str]:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, expected: str = "") -> Tuple[str, str]:
        if self.at >= len(self.tokens) or (expected and self.tokens[self.at][1] != expected):
            missing = f'"{expected}"' if expected else "a value"
            raise TclError(f'The expression "{self.text}" lacks {missing}.')
        self.at += 1
        return self.tokens[self.at - 1]

    def choice(self) -> Thunk:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise TclError(f'The expression "{self.text[:60]}…" is nested too deeply.')
        value = self.level(0)
        if self.peek() == "?":
            self.take()
            yes = self.choice()
            self.take(":")
            value = _choice(value, yes, self.choice())
        self.nesting -= 1
        return value

    def level(self, number: int) -> Thunk:
        if number == len(_LEVELS):
            return self.power()
        value = self.level(number + 1)
        while self.peek() in _LEVELS[number]:
            operator = _LEVELS[number][self.take()[1]]
            value = _binary(operator, value, self.level(number + 1))
        return value

    def power(self) -> Thunk:
        base = self.sign()
        if self.peek() == "**":
            self.take()
            return _binary(math.pow, base, self.power())
        return base

    def sign(self) -> Thunk:
        signs = []
        while self.peek() in ("-", "+", "!"):
            signs.append(self.take()[1])
        value = self.atom()
        for sign in reversed(signs):
            value = _signed(sign, value)
        return value

    def atom(self) -> Thunk:
        kind, text = self.take()
        if kind == "number":
            return lambda: float(text)
        if text == "(":
            value = self.choice()
            self.take(")")
            return value
        if kind != "name":
            raise TclError(f'The expression "{self.text}" has "{text}" where a value should be.')
        if self.peek() == "(":
            return self.call(text)
        if text in ("frame", "t", "x"):
            return lambda: self.context.frame
        if text in CONSTANTS:
            return lambda: CONSTANTS[text]
        return lambda: self.context.lookup(text, self.context.frame)

    def call(self, name: str) -> Thunk:
        self.take("(")
        arguments: List[Thunk] = []
        while self.peek() != ")":
            arguments.append(self.choice())
            if self.peek() != ")":
                self.take(",")
        self.take(")")
        if name in FUNCTIONS:
            function = FUNCTIONS[name]
            return lambda: float(function(*(argument() for argument in arguments)))
        if len(arguments) != 1:
            raise TclError(f'The embedded host does not know the function "{name}" in "{self.text}".')
        return lambda: self.context.lookup(name, arguments[0]())


def _choice(condition: Thunk, yes: Thunk, no: Thunk) -> Thunk:
    return lambda: yes() if condition() else no()


def _binary(operator: Callable[[float, float], float], left: Thunk, right: Thunk) -> Thunk:
    return lambda: operator(left(), right())


def _signed(sign: str, value: Thunk) -> Thunk:
    if sign == "!":
        return lambda: float(not value())
    return (lambda: -value()) if sign == "-" else value
