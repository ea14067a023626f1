"""Finished files and where they are kept."""
