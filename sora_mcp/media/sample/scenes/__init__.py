"""The scenes: each function returns its layers, the farthest first."""
