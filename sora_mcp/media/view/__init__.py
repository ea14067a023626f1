"""Contact sheets, posters, single frames and measurements of a clip."""
