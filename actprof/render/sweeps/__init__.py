"""What `actprof sweep` shows."""
