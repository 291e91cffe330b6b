"""Comparisons for tests of what is drawn: random stacks, counted with NumPy's own histogram."""

import math
from dataclasses import replace

import numpy as np

from actprof.engine.distributions import Distribution, Histogram, UnitMoments
from actprof.engine.inputs import InputMoments
from actprof.engine.profiles import LayerProfile, Profile
from actprof.histogram.result import Comparison, JudgedArm
from actprof.theory.predictions import Forecast, LayerTheory, Masses, StackTheory

ACTIVATIONS = {"relu": (lambda z: np.maximum(z, 0), (0.0,)), "tanh": (np.tanh, ()), "linear": (lambda z: z, ()),
               "hard_tanh": (lambda z: np.clip(z, -1, 1), (-1.0, 1.0))}
UNITS, SAMPLES = 16, 40


def counted(values, edges, atoms=()):
    """The Distribution of (samples, units) values."""
    finite = np.isfinite(values)
    known = np.where(finite, values, 0.0).astype(float)
    flat = values[finite].astype(float)
    counts = finite.sum(0)
    means = known.sum(0) / np.maximum(counts, 1)
    below, above = int((flat < edges[0]).sum()), int((flat > edges[-1]).sum())
    histogram = Histogram(edges, np.histogram(flat, edges)[0], below, above)
    return replace(
        Distribution.empty(values.shape[1], edges, rectifier=0.0 in atoms), histogram=histogram,
        moments=UnitMoments(counts, means, math.sqrt((np.where(finite, known - means, 0.0) ** 2).sum())),
        minimum=flat.min(initial=math.inf), maximum=flat.max(initial=-math.inf), zeros=int((flat == 0).sum()),
        atoms=tuple((atom, int((flat == atom).sum())) for atom in atoms),
        always_zero=(values == 0).all(0), ever_zero=(values == 0).any(0), nan=int(np.isnan(values).sum()),
        posinf=int(np.isposinf(values).sum()), neginf=int(np.isneginf(values).sum()))


def propagated(std, activations, seed=0):
    """(pre-activation, activation) of each layer of a random stack."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((SAMPLES, UNITS), np.float32)
    for name in activations:
        with np.errstate(all="ignore"):
            z = a @ (rng.standard_normal((UNITS, UNITS)) * std).astype(np.float32)
            a = ACTIVATIONS[name][0](z)
        yield z, a


def profiled(layers, activations, edges):
    """A network's Profile; `edges` None gives each layer its own."""
    def count(values, atoms=()):
        return counted(values, covering([values]) if edges is None else edges, atoms)

    return Profile(tuple(
        LayerProfile(number, UNITS, UNITS, UNITS**2, 0.1, count(a, ACTIVATIONS[name][1]), count(z), name)
        for number, ((z, a), name) in enumerate(zip(layers, activations, strict=True), 1)))


def covering(arrays, bins=30):
    finite = np.concatenate([array[np.isfinite(array)] for array in arrays] + [np.zeros(1)]).astype(float)
    low, high = finite.min(), finite.max()
    return np.linspace(low, high, bins + 1) if low < high else np.linspace(low - 0.5, low + 0.5, bins + 1)


def compared(*wanted, edges="shared", repeats=1, bins=30, label=None, seed=7):
    """A Comparison of (std, activations) arms."""
    stacks = [[list(propagated(std, names, seed)) for seed in range(repeats)] for std, names in wanted]
    if isinstance(edges, str):
        every = [array for networks in stacks for layers in networks for pair in layers for array in pair]
        edges = covering(every, bins) if edges == "shared" else None
    arms = []
    for (std, names), networks in zip(wanted, stacks, strict=True):
        act = names[0] if len(set(names)) == 1 else "/".join(names)
        config = {"init": f"normal:mean=0.0,std={std}", "init_formula": f"σ_w = {std}", "act": act,
                  "act_formula": "φ(z)", "widths": [UNITS] * (len(names) + 1), "bias": "zeros", "norm": "none",
                  "norm_position": "before", "input": "normal:mean=0.0,std=1.0", "scale": "none",
                  "samples": SAMPLES, "batches": 1, "repeats": repeats, "dtype": "float32", "bins": bins,
                  "range": "shared"}
        profiles = tuple(profiled(layers, names, edges) for layers in networks)
        arms.append(JudgedArm(label or f"normal:std={std} / {act}", config, profiles))
    return Comparison(seed, tuple(arms))


HE = (2 / UNITS) ** 0.5
STDS = (HE, HE / 2, 0.01, 1.0, 0.3, 0.5)


def grid(arms, layers, activation="relu"):
    return compared(*[(std, [activation] * layers) for std in STDS[:arms]])


def foretold(comparison, verdict=None, std=lambda layer: 0.8 * 0.9**layer, spread=0.1, atom=0.4):
    """The comparison with a forecast for each arm: a triangular density beside an atom at 0, σ by a formula."""
    return replace(comparison, arms=tuple(replace(arm, forecast=_forecast(arm, std, spread, atom), verdict=verdict)
                                          for arm in comparison.arms))


def _forecast(arm, std, spread, atom):
    theory = tuple(_layer_theory(layer.layer, std(layer.layer), (1 + spread) ** layer.layer) for layer in arm.layers)
    return Forecast(InputMoments(0.0, 1.0, 0.0, 3.0, 4.0), StackTheory(theory),
                    tuple(_triangle(len(layer.activation.histogram.counts), atom) for layer in arm.layers))


def _layer_theory(number, std, factor):
    given = {"layer": number, "std": std, "preactivation_std": 2 * std, "std_low": std / factor,
             "std_high": std * factor}
    return LayerTheory(**{name: given.get(name, 0.0) for name in LayerTheory.__dataclass_fields__})


def _triangle(bins, atom):
    rising = np.arange(1, bins + 1)
    return Masses(tuple((1 - atom) * rising / rising.sum()), 0.0, 0.0, ((0.0, atom),))
