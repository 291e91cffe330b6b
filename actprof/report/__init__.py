"""Profile in, bytes out."""

