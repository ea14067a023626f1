"""Probe, view, edit and render images and video clips."""
