"""What theory says of an arm's networks, on the inputs that they got."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from actprof.inputs import Inputs
from actprof.predictions import Forecast, InputMoments
from actprof.profiles import LayerSummary
from actprof.spec import StackSpec
from actprof.theory.masses import masses
from actprof.theory.mean_field import predict

LOOKED_AT = 1024
"""Rows of the first batch from which the inputs' moments are taken."""


def input_moments(inputs: Inputs) -> InputMoments:
    """Of the first rows, in float64; what is not finite makes moments that are not."""
    rows = inputs.rows(0, 0, min(LOOKED_AT, inputs.batch_rows(0))).astype(np.float64)
    largest = float(np.abs(rows).max())
    with np.errstate(all="ignore"):
        rows /= largest or 1.0  # squares neither overflow nor underflow
        squares = rows**2
        second = float(squares.mean())
        # From the differences between rows: exactly 1 where they are the same.
        unlike = float(((rows - rows[:1]).var(axis=0)).mean()) * len(rows) / max(len(rows) - 1, 1)
        correlation = max(1 - unlike / second, -1 / max(len(rows) - 1, 1)) if second else 0.0
        kurtosis = float((squares**2).mean() / second**2) if second else 1.0
    return InputMoments(float(rows.mean()) * largest, second * largest**2, correlation, kurtosis, largest)


def forecast(stack: StackSpec, moments: InputMoments, rows: int, layers: Sequence[LayerSummary]) -> Forecast:
    """The prediction for a stack that sees batches of so many rows, over the bins in which its layers were counted."""
    theory = predict(stack, moments.second_moment, moments.correlation, rows, moments.kurtosis)
    counted = zip(theory.layers, layers, strict=False)
    return Forecast(moments, theory,
                    tuple(masses(stack, layer, summary.activation.histogram.edges) for layer, summary in counted))
