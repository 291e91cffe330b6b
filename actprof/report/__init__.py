"""Profile in, bytes out."""
