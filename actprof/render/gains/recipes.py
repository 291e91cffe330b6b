"""The lines to paste: weights and biases of given scales in PyTorch, Keras and JAX."""

from __future__ import annotations

import math

IMPORTS = "import torch.nn as nn, keras, jax"
"""What the lines need; PyTorch's are about a `layer`, an nn.Linear."""


def recipes(gain: float | None) -> dict[str, str] | None:
    """Library → the call whose weights have the std gain/√fan_in, untruncated; None without a gain or at 0."""
    if not gain:
        return None
    return {
        "PyTorch": f"nn.init.normal_(layer.weight, std={gain!r} / layer.in_features**0.5)",
        "Keras": f'keras.initializers.VarianceScaling(scale={_square(gain)}, mode="fan_in", '
                 'distribution="untruncated_normal")',
        "JAX": f'jax.nn.initializers.variance_scaling(scale={_square(gain)}, mode="fan_in", distribution="normal")',
    }


def bias_recipes(sigma_b: float) -> dict[str, str]:
    """Library → the call whose biases have the std σ_b; of none, only PyTorch's layers must be told."""
    if sigma_b == 0:
        return {"PyTorch": "nn.init.zeros_(layer.bias)"}
    return {
        "PyTorch": f"nn.init.normal_(layer.bias, std={sigma_b!r})",
        "Keras": f"keras.initializers.RandomNormal(stddev={sigma_b!r})",
        "JAX": f"jax.nn.initializers.normal(stddev={sigma_b!r})",
    }


def _square(gain: float) -> str:
    """gain² in as few digits as give the gain itself when the root is taken."""
    texts = [f"{gain**2:.{digits}g}" for digits in range(1, 18)]
    return next((text for text in texts if math.sqrt(float(text)) == gain), texts[-1])
