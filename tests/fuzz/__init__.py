"""Mutated media files, sent through everything that decodes strangers' bytes."""
