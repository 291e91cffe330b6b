"""Grids of cells whose statistics follow formulas: what `sweep` leaves behind, without an engine.

Of a wide stack of ReLUs with weights N(0, gain²/fan_in) the mean square of the activations is (gain²/2)^layers times
that of the inputs, the squared gradient grows by the same factor backwards, and χ₁ = gain²/2 (He et al. 2015).
"""

import math
from itertools import product

from actprof.sweep.result import BY_NAME, VERDICT, Axis, Cell, Line, Sweep, Trend

CONFIG = {"init": "normal", "act": "relu", "act_parameters": {}, "act_formula": "max(0, z)", "bias": "zeros",
          "norm": "none", "input": "gaussian", "batch_size": 256, "repeats": 5, "dtype": "float32"}
CRITICAL = "critical: χ₁ = 1"
TRAINABLE = "trainable: as deep as 6 depth scales"
LONG = ("relu", "leaky_relu:slope=0.2", "hard_sigmoid:slope=0.16666666666666666", "tanh", "gelu")


def numbers(name, values, *, title="", logarithmic=False, whole=False):
    values = tuple(map(float, values))
    return Axis(name, title or name, tuple(f"{value:g}" for value in values), values, logarithmic, whole)


def names(name, labels, title=""):
    return Axis(name, title or name, tuple(labels))


def even(low, high, count):
    return [low + (high - low) * step / max(count - 1, 1) for step in range(count)]


def gains(count=11, low=0.5, high=3.0):
    return numbers("gain", even(low, high, count), title="gain of the weights")


def depths(count=10, step=2):
    return numbers("layers", range(step, step * count + 1, step), title="number of layers", whole=True)


def widths(low=6, high=12):
    return numbers("width", [2**power for power in range(low, high + 1)], title="units a layer", logarithmic=True,
                   whole=True)


def log10_growth(gain, layers):
    """log₁₀ of (gain²/2)^(layers/2)."""
    return layers * (math.log10(gain) - math.log10(2) / 2) if gain else -math.inf


def power(log10):
    """10**log10, 0 or infinite beyond the floats."""
    return 10.0**log10 if -330 < log10 < 308.25 else 0.0 if log10 < 0 else math.inf


def relu_cell(gain, layers):
    grown = log10_growth(gain, layers)
    correlation = 1 - 1 / (1 + layers / 4)
    statistics = {"std": power(grown), "second_moment": power(2 * grown), "within_unit_std": power(grown) / layers,
               "correlation": correlation, "saturated_fraction": 0.0, "dead_fraction": 1 - 2 ** (-layers / 50),
               "log10_gradient_ratio": grown}
    code = ("non_finite" if math.isinf(power(2 * grown)) else "vanishing" if grown < -1 else "exploding" if grown > 1
            else "collapsed" if correlation > 0.95 else "healthy")
    return Cell(f"{gain:g} / {layers:g}", statistics, verdict=code)


def trainable(layers):
    """The gains at which |ln χ₁| = 6/layers."""
    return [math.sqrt(2 * math.exp(sign * 6 / layers)) for sign in (-1, 1)]


def relu_lines(layers):
    sides = zip(*map(trainable, layers), strict=True)
    return (Line("critical", CRITICAL, tuple((math.sqrt(2), float(each)) for each in layers)),
            *(Line("trainable", TRAINABLE, tuple(zip(side, map(float, layers), strict=True))) for side in sides))


def relu_map(gain=None, layers=None, quantities=("std", VERDICT), **more):
    gain, layers = gain or gains(), layers or depths()
    cells = tuple(relu_cell(*place) for place in product(gain.numbers, layers.numbers))
    return Sweep(7, CONFIG, (gain, layers), cells, quantities, lines=relu_lines(layers.numbers), **more)


def swapped(sweep):
    """The same grid with its axes exchanged."""
    across, upwards = map(len, sweep.axes)
    cells = tuple(sweep.cells[x * upwards + y] for y, x in product(range(upwards), range(across)))
    lines = tuple(Line(line.name, line.title, tuple((y, x) for x, y in line.points), line.rows) for line in sweep.lines)
    return Sweep(sweep.seed, sweep.config, sweep.axes[::-1], cells, sweep.quantities, lines, sweep.trends, sweep.notes)


def gain_by_name(labels=LONG, quantities=("std", "correlation"), count=11):
    """Each name's critical gain is 1 + its number / 4; the std is as of ReLUs at that edge."""
    gain, edges = gains(count), [1 + number / 4 for number in range(len(labels))]
    cells = tuple(relu_cell(at * math.sqrt(2) / edge, 20) for at in gain.numbers for edge in edges)
    points = tuple((edge, float(row)) for row, edge in enumerate(edges))
    lines = (Line("critical", CRITICAL, points, rows=True),
             *(Line("trainable", TRAINABLE, tuple((edge * side, row) for edge, row in points), rows=True)
               for side in (0.8, 1.2)))
    return Sweep(7, CONFIG, (gain, names("act", labels, "activation")), cells, quantities, lines)


def of_values(axes, quantity, values, verdicts=None, **more):
    """A grid with one quantity given cell by cell."""
    verdicts = verdicts or [""] * len(values)
    cells = tuple(Cell("", {quantity: value}, verdict=code) for value, code in zip(values, verdicts, strict=True))
    return Sweep(7, CONFIG, axes, cells, more.pop("quantities", (quantity,)), **more)


def constant(value, quantity="std", across=4, upwards=3):
    return of_values((gains(across), depths(upwards)), quantity, [value] * (across * upwards))


def by_width(axis=None, networks=5, quantities=("std", "correlation"), trends=True):
    """Networks of n units stray from 0.8 by ±1/√n, evenly; theory says 0.8 and a band as wide."""
    axis = axis or widths()
    cells = []
    for place in axis.places:
        wide = 1 / math.sqrt(place + 1)
        each = tuple(0.8 + wide * (2 * number / max(networks - 1, 1) - 1) for number in range(networks))
        said = {name: each for name in quantities if name in BY_NAME}
        cells.append(Cell(f"{place:g}", dict.fromkeys(said, each[networks // 2]),
                          dict.fromkeys(said, (0.8 - wide / 2, 0.8 + wide / 2)) if networks > 1 else {},
                          said if networks > 1 else {}, "healthy" if place > 200 else "dying",
                          dict.fromkeys(said, (0.8, 0.8 - wide, 0.8 + wide))))
    text = "flat in the width: ×0.99 ± 0.02 from 64 to 4,096 units (power −0.002 ± 0.005, 5 networks)"
    flat = tuple(Trend(name, -0.002, 0.005, 0.99, 0.02, True, text) for name in quantities[:1] if name in BY_NAME)
    return Sweep(7, CONFIG, (axis,), tuple(cells), quantities, trends=flat if trends else ())


def along_gains(layers=20, quantities=("std", "log10_gradient_ratio", VERDICT), count=26, low=0.5, high=3.0):
    """One axis, with theory's lines across it."""
    axis = gains(count, low, high)
    lines = (Line("critical", CRITICAL, ((math.sqrt(2), 0.0),)),
             *(Line("trainable", TRAINABLE, ((gain, 0.0),)) for gain in trainable(layers)))
    return Sweep(7, CONFIG, (axis,), tuple(relu_cell(gain, layers) for gain in axis.numbers), quantities, lines)
