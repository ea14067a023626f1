"""Processes killed at every system call and at random moments, and what a played vendor and the store say afterwards."""
