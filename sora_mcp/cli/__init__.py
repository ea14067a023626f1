"""The commands, one room for each kind, imported only when asked for."""
