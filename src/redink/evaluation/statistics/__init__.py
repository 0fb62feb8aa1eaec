"""Estimates, intervals, tests and power, of numbers alone."""
