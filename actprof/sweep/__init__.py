"""A grid of stacks, sent through the engine cell by cell."""

