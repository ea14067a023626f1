"""The gallery page of finished videos."""
