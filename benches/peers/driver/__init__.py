"""Runs contestants side by side. Needs the standard library of Python 3.11 or later only."""
