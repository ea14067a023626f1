"""The one room that speaks MCP: tools, resources, completions, and what a client sees of them."""
