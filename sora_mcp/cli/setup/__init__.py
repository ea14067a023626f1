"""Keys and chat clients of this machine."""
