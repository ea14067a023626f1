"""Run operations on untrusted files in child processes, away from the keys."""
