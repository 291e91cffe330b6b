"""How `actprof train` shows its result."""
