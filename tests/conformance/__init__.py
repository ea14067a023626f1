"""The protocol's own suites against the real server: `python -m tests.conformance`."""
