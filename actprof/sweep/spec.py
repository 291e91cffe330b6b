"""The defaults of a sweep, and what it can show."""

from __future__ import annotations

OVER = ("gain=0.5:3:26", "layers=5:50:10")

SWEPT = {"std": "std", "square": "second_moment", "within": "within_unit_std", "correlation": "correlation",
         "saturated": "saturated_fraction", "dead": "dead_fraction", "gradient": "log10_gradient_ratio",
         "verdict": "verdict"}
"""What a sweep can show: its word on the command line → its key in JSON."""

SWEEP_ROWS = 200  # rows of a batch in a sweep: what strays is the network, not the batch
