"""HTTP calls to vendors and downloads of finished files."""
