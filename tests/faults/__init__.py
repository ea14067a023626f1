"""What a vendor or a file host can do wrong, one line each, against a real service and worker."""
