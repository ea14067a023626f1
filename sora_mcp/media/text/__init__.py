"""Draw text in any script: fonts, line breaks, letters."""
