"""Gradient checkers compared, the Python part."""
