"""`actprof gain`: an activation's gains, and whether the variance that they keep is stable."""
