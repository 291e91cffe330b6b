"""Shared by all tests: nothing is written outside pytest's own folders."""

import matplotlib

matplotlib.use("agg")
