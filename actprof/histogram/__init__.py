"""How `actprof histogram` shows its result."""

