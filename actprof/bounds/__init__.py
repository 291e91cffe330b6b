"""How `actprof bounds` shows its result."""

