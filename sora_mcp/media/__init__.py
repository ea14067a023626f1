"""Pictures and clips: measured from their headers, and made where the media extra allows it."""
