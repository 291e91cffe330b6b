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
    with np.errstate(all="ignore"):
        squares = rows**2
        second = float(squares.mean())
        total = rows.sum(axis=0)
        others = len(rows) * (len(rows) - 1) * rows.shape[1] * second
        correlation = float((total @ total - squares.sum()) / others) if others else 0.0
        kurtosis = float((squares**2).mean() / second**2) if second else 1.0
    return InputMoments(float(rows.mean()), second, correlation, kurtosis)


def forecast(stack: StackSpec, moments: InputMoments, rows: int, layers: Sequence[LayerSummary]) -> Forecast:
    """The prediction for a stack that sees batches of so many rows, over the bins in which its layers were counted."""
    theory = predict(stack, moments.second_moment, moments.correlation, rows, moments.kurtosis)
    counted = zip(theory.layers, layers, strict=False)
    return Forecast(moments, theory,
                    tuple(masses(stack, layer, summary.activation.histogram.edges) for layer, summary in counted))
