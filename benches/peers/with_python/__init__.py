"""The contestants in Python."""
