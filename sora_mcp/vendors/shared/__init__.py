"""Code and facts that several vendor files share."""
