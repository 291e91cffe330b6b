"""`actprof sweep`: a grid of stacks, sent through the engine cell by cell; and `actprof phases`."""
