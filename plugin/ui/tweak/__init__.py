"""Tweaking: a job's parameters beside its picture, edges that are seen at once, a block's render for the rest."""

from .panel import TweakPanel

__all__ = ["TweakPanel"]
