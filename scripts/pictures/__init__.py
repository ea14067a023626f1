"""The pictures of README.md and docs/, made from the real thing: `python -m scripts.pictures`."""
