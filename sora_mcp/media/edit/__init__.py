"""Edits of finished clips: join, trim, reframe, caption, frame, GIF."""
