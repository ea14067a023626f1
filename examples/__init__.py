"""Stories that run: each one checks itself, and the tests run them all."""
