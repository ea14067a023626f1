"""Probe, clean, fit and encode still images."""
