"""What `actprof sweep --phase` shows."""
