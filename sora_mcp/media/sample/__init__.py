"""The sample vendor's server, and the clips it renders."""
