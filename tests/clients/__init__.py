"""Real clients and converters, each in an environment of its own: `make clients`."""
