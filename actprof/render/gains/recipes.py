"""The line to paste: weights of a gain in PyTorch, Keras and JAX."""

from __future__ import annotations


def recipes(gain: float | None) -> dict[str, str] | None:
    """Library → the call whose weights have the std gain/√fan_in, untruncated; None without a gain."""
    if gain is None:
        return None
    return {
        "PyTorch": f"nn.init.normal_(w, std={gain:.9g} / fan_in**0.5)",
        "Keras": f"VarianceScaling(scale={gain**2:.9g}, mode='fan_in', distribution='untruncated_normal')",
        "JAX": f"variance_scaling({gain**2:.9g}, 'fan_in', 'normal')",
    }
