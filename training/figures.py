"""How the subjects of the clip generator are built: bust, whole figure, furry creature, free shape.

The order of the random draws is part of a seed's meaning: a change of order changes every scene.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .noise import Array, colour
from .parts import Joint, Layer, Strands, Weave

Point = tuple[float, float]
SKIN = np.array([[0.70, 0.42, 0.30], [0.80, 0.52, 0.40], [0.45, 0.23, 0.13], [0.22, 0.10, 0.055], [0.58, 0.34, 0.2]])
HAIR = np.array([[0.02, 0.015, 0.012], [0.12, 0.06, 0.03], [0.45, 0.28, 0.10], [0.30, 0.08, 0.03], [0.55, 0.52, 0.5]])


class Sketch:
    """A subject while it is being drawn: its joints and layers, lengths in subject units."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.edge = float(np.exp(rng.uniform(np.log(0.002), np.log(0.014))))
        self.joints: list[Joint] = []
        self.layers: list[Layer] = []
        self.joint(-1, (0.0, 0.5), float(rng.normal(0, 0.05)), self.between(0, 0.08))

    def between(self, low: float, high: float) -> float:
        """A uniform random number."""
        return float(self.rng.uniform(low, high))

    def rate(self) -> float:
        """A random frequency in Hz, slow ones as likely as fast ones."""
        return float(np.exp(self.rng.uniform(np.log(0.15), np.log(1.4))))

    def joint(
        self, parent: int, pivot: Point, rest: float, swing: float, shift: Point = (0.0, 0.0), rate: float | None = None
    ) -> int:
        """Adds a joint with a random phase (and frequency) and returns its index."""
        rate = self.rate() if rate is None else rate
        self.joints.append(Joint(parent, pivot, rest, swing, shift, rate, self.between(0, 2 * np.pi)))
        return len(self.joints) - 1

    def layer(
        self,
        joint: int,
        shapes: Sequence[tuple[float, ...]],
        tint: Array,
        *,
        edge: float | None = None,
        blend: float = 0.06,
        rough: float = 0.0,
        pattern: str = "plain",
        depth: float = 0.12,
        gloss: float = 0.0,
        strands: tuple[Strands, ...] = (),
        weave: Weave | None = None,
        sheer: tuple[float, float] | None = None,
        behind: bool = False,
    ) -> None:
        """Adds a layer in front of the others, or behind all; see `Layer` for the arguments."""
        made = Layer(
            joint,
            np.array(shapes, np.float32),
            blend=blend,
            colour=np.asarray(tint, np.float32),
            edge=self.edge if edge is None else edge,
            rough=rough,
            pattern=pattern,
            pattern_seed=int(self.rng.integers(1 << 20)),
            depth=depth,
            gloss=gloss,
            strands=strands,
            weave=weave,
            sheer=sheer,
        )
        self.layers.insert(0 if behind else len(self.layers), made)

    def strands(self, centre: Point, radius: float, tint: Array, spread: float, long: float) -> tuple[Strands, ...]:
        """Two to four sheets of strands with different bends, so that they cross."""
        rng, sheets = self.rng, []
        for _ in range(int(rng.integers(2, 5))):
            width = float(np.exp(rng.uniform(np.log(0.0012), np.log(0.0045))))
            spacing = width * float(rng.uniform(2.5, 9))
            sheet = Strands(
                seed=int(rng.integers(1 << 20)),
                count=max(12, int(2 * np.pi * radius / spacing)),
                centre=centre,
                facing=float(rng.normal(0, 0.25)),
                spread=spread,
                length=float(long * rng.uniform(0.4, 1.0)),
                width=width,
                bend=float(rng.normal(0, 0.6)),
                curl=float(rng.uniform(0, 0.8)),
                sway=float(rng.uniform(0, 0.3)),
                colour=(tint * rng.uniform(0.7, 1.5)).astype(np.float32),
            )
            sheets.append(sheet)
        return tuple(sheets)

    def cloth(self) -> tuple[str, float]:
        """Pattern and gloss of a piece of clothing."""
        return str(self.rng.choice(["plain", "cloth", "stripes", "spots"])), float(self.rng.choice([0, 0, 1.5]))

    def tints(self) -> tuple[Array, Array, Array]:
        """Colours of skin, hair and clothes, [3] each."""
        rng = self.rng
        skin = SKIN[rng.integers(len(SKIN))] * rng.uniform(0.8, 1.2)
        if rng.uniform() < 0.85:
            hair = HAIR[rng.integers(len(HAIR))] * rng.uniform(0.7, 1.4)
        else:
            hair = colour(rng, (0.1, 0.7), (0.3, 0.9))
        return skin, hair, colour(rng, (0.03, 0.85), (0.0, 0.9))


def head(sketch: Sketch, body: int, at: Point, r: float, skin: Array, hair: Array) -> None:
    """Adds a head of radius `r` with hair and a face; long hair goes behind everything."""
    rng, (x, y) = sketch.rng, at
    swing = sketch.between(0, 0.25)
    me = sketch.joint(body, (x, y + r), 0.0, swing, (sketch.between(0, 0.02), 0.005))
    bulk, bald = sketch.between(1.02, 1.35), rng.uniform() < 0.12
    rough = sketch.between(0, 0.012)
    if not bald and rng.uniform() < 0.5:  # long
        drop, wide = sketch.between(0.8, 2.4) * r, r * bulk * 0.95
        strands = sketch.strands((x, y + drop * 0.4), wide, hair, 3.2, 0.6 * r)
        shape = (x, y, x, y + drop, wide, wide * sketch.between(0.7, 1.2))
        sketch.layer(me, [shape], hair * 0.8, rough=rough, pattern="fur", strands=strands, behind=True)
    sketch.layer(me, [(x, y, x, y + 0.45 * r, r * 0.92, r * 0.72)], skin, depth=0.9 * r, gloss=0.6)
    for side in (-1, 1):
        eye = (x + side * 0.35 * r, y + 0.12 * r, x + side * 0.42 * r, y + 0.12 * r, 0.09 * r, 0.09 * r)
        sketch.layer(me, [eye], hair * 0.3 + 0.01, edge=0.02 * r)
    mouth = (x - 0.2 * r, y + 0.7 * r, x + 0.2 * r, y + 0.7 * r, 0.05 * r, 0.05 * r)
    sketch.layer(me, [mouth], skin * (0.7, 0.3, 0.3), edge=0.03 * r)
    if bald:
        return
    strands = sketch.strands((x, y), r * bulk, hair, sketch.between(1.2, 2.2), sketch.between(0.3, 1.6) * r)
    top = y - 0.55 * r
    shapes = [
        (x - 0.45 * r, top, x + 0.45 * r, top, 0.45 * r * bulk, 0.45 * r * bulk),
        (x, top - 0.15 * r, x, top, 0.72 * r * bulk, 0.45 * r),
    ]
    sketch.layer(me, shapes, hair, rough=rough, pattern="fur", strands=strands, depth=0.5 * r, gloss=0.5)


def arm(sketch: Sketch, body: int, shoulder: Point, side: int, size: float, tint: Array, skin: Array) -> None:
    """Adds an arm that may wave; `size` is the length of half of it."""
    raised = sketch.rng.uniform() < 0.4
    rest = side * (sketch.between(-2.6, -1.2) if raised else sketch.between(-0.5, 0.1))
    swing = sketch.between(0.05, 0.5)
    me = sketch.joint(body, shoulder, rest, swing, rate=sketch.rate() * (2 if raised else 1))
    x, y = shoulder
    bow = side * sketch.between(0, 0.4) * size
    hand = (x + bow * 0.3, y + 1.9 * size)
    thick = size * sketch.between(0.2, 0.32)
    shapes = [(x, y, x + bow, y + size, thick, thick * 0.8), (x + bow, y + size, *hand, thick * 0.8, thick * 0.6)]
    sketch.layer(me, [(*hand, hand[0], hand[1] + thick, thick * 0.65, thick * 0.55)], skin, depth=thick)
    pattern, gloss = sketch.cloth()
    sketch.layer(me, shapes, tint, depth=thick, pattern=pattern, gloss=gloss)


def bust(sketch: Sketch) -> None:
    """Head and shoulders, cut by the frame's bottom."""
    skin, hair, cloth = sketch.tints()
    wide, r = sketch.between(0.2, 0.32), sketch.between(0.13, 0.18)
    torso = [(-wide * 0.75, 0.12, wide * 0.75, 0.12, 0.12, 0.12), (0.0, 0.2, 0.0, 0.9, wide * 0.9, wide)]
    rough = float(sketch.rng.choice([0, 0, 0.008]))
    pattern, gloss = sketch.cloth()
    sketch.layer(0, torso, cloth, depth=0.2, rough=rough, pattern=pattern, gloss=gloss)
    sketch.layer(0, [(0.0, -0.12, 0.0, 0.05, r * 0.5, r * 0.55)], skin * 0.8)
    for side in (-1, 1):
        if sketch.rng.uniform() < 0.45:
            arm(sketch, 0, (side * wide * 0.95, 0.14), side, 0.25, cloth, skin)
    head(sketch, 0, (0.0, -0.06 - r), r, skin, hair)


def figure(sketch: Sketch) -> None:
    """A whole person."""
    skin, hair, cloth = sketch.tints()
    trousers = colour(sketch.rng, (0.03, 0.6), (0.0, 0.8))
    stance = sketch.between(0.03, 0.12)
    for side in (-1, 1):
        swing = sketch.between(0, 0.35)
        me = sketch.joint(0, (side * 0.05, 0.08), 0.0, swing, rate=sketch.joints[0].rate)
        leg = (side * 0.05, 0.08, side * stance, 0.46, 0.062, 0.035)
        foot = (side * stance, 0.46, side * (stance + 0.05), 0.47, 0.03, 0.025)
        pattern, gloss = sketch.cloth()
        sketch.layer(me, [leg, foot], trousers, depth=0.05, pattern=pattern, gloss=gloss)
    torso = [(-0.07, -0.2, 0.07, -0.2, 0.06, 0.06), (0.0, -0.18, 0.0, 0.08, 0.1, sketch.between(0.08, 0.16))]
    pattern, gloss = sketch.cloth()
    sketch.layer(0, torso, cloth, depth=0.08, pattern=pattern, gloss=gloss)
    for side in (-1, 1):
        arm(sketch, 0, (side * 0.12, -0.19), side, 0.15, cloth, skin)
    sketch.layer(0, [(0.0, -0.3, 0.0, -0.22, 0.035, 0.04)], skin * 0.8)
    head(sketch, 0, (0.0, -0.36), sketch.between(0.07, 0.09), skin, hair)


def creature(sketch: Sketch) -> None:
    """A furry animal: body, head, ears, fur all round."""
    rng = sketch.rng
    fur = colour(rng, (0.05, 0.8), (0.0, 0.6)) if rng.uniform() < 0.5 else HAIR[rng.integers(len(HAIR))] * 1.5
    rough, wide = sketch.between(0.004, 0.02), sketch.between(0.2, 0.3)
    body = (0.0, 0.15, float(rng.normal(0, 0.08)), 0.45, wide, wide * 1.1)
    strands = sketch.strands((0.0, 0.3), wide, fur, 3.2, 0.1)
    sketch.layer(0, [body], fur, rough=rough, pattern="fur", depth=0.25, strands=strands)
    me = sketch.joint(0, (0.0, 0.05), 0.0, sketch.between(0.02, 0.3), (0.02, 0.01))
    r, spread, tall = sketch.between(0.14, 0.2), sketch.between(0.5, 0.9), sketch.between(0.8, 1.9)
    y = -0.1
    ears = [(s * spread * r, y - 0.5 * r, s * spread * 1.2 * r, y - tall * r, 0.3 * r, 0.12 * r) for s in (-1.0, 1.0)]
    tint = fur * rng.uniform(0.8, 1.2)
    strands = sketch.strands((0.0, y), r, fur * 1.1, 3.2, 0.08)
    skull = (0.0, y, 0.0, y + 0.3 * r, r, r * 0.8)
    sketch.layer(me, [skull, *ears], tint, rough=rough, pattern="fur", depth=0.15, strands=strands)
    for side in (-1, 1):
        eye = (side * 0.4 * r, y, side * 0.4 * r, y, 0.12 * r, 0.12 * r)
        sketch.layer(me, [eye], np.full(3, 0.02, np.float32), edge=0.02 * r, gloss=3.0)
    nose = (-0.1 * r, y + 0.45 * r, 0.1 * r, y + 0.45 * r, 0.13 * r, 0.13 * r)
    sketch.layer(me, [nose], fur * 0.25, edge=0.04 * r)


def blob(sketch: Sketch) -> None:
    """A free smooth shape of a few limbs: whatever is large, in front and moves as one."""
    rng = sketch.rng
    count = int(rng.integers(2, 6))
    points = rng.normal(0, 0.17, (count + 1, 2))
    shapes = [(*points[i], *points[i + 1], *rng.uniform(0.07, 0.2, 2)) for i in range(count)]
    tint = colour(rng, (0.05, 0.95), (0.0, 0.95))
    middle = (float(points[:, 0].mean()), float(points[:, 1].mean()))
    strands: tuple[Strands, ...] = ()
    # the length is drawn only if there are strands, after the toss
    if rng.uniform() < 0.5:
        strands = sketch.strands(middle, 0.3, tint, 3.2, sketch.between(0.05, 0.3))
    rough = float(rng.choice([0, 0, 0.015]))
    pattern, gloss = sketch.cloth()
    sketch.layer(0, shapes, tint, blend=0.15, depth=0.2, rough=rough, strands=strands, pattern=pattern, gloss=gloss)
    me = sketch.joint(0, (0.0, 0.0), 0.0, sketch.between(0, 0.3), (0.02, 0.02))
    x, y = points[int(rng.integers(count))]
    accent = colour(rng, (0.1, 0.9), (0.2, 0.9))
    pattern, gloss = sketch.cloth()
    sketch.layer(me, [(x, y, x + 0.05, y, 0.06, 0.05)], accent, pattern=pattern, gloss=gloss)


BUILDERS: dict[str, Callable[[Sketch], None]] = {"bust": bust, "figure": figure, "creature": creature, "blob": blob}
