"""How `actprof gain` shows its result."""

