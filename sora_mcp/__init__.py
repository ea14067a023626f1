"""An MCP server that makes videos from a chat: checked, priced and bought once."""

__version__ = "0.1.0"
