"""Settings, their sources, and the log."""
