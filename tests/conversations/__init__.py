"""Conversations: what a person says, what a good assistant calls, what it must read then, and what was bought."""
