"""actprof: what a weight initialiser and an activation do to the signal in a deep network."""

__version__ = "0.1.0"
