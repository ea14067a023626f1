"""Fifty conversations of ordinary people, and a scorer for any client that talks to the server: `python -m evals`."""
