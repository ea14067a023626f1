"""Sizes, lengths and options that a family of models has at every vendor that sells it, because its maker decides them."""

from __future__ import annotations

GROK_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")
GROK_SECONDS = range(1, 16)
"""Grok Imagine Video, 1.5 and 1.5 lite. https://docs.x.ai/developers/model-capabilities/video/generation (2026-11-30)"""
