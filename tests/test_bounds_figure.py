"""The figure of `actprof bounds`: laws that hold for every picture, on curves made by their own formulas."""

import io
import json
import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from actprof.bounds.curves import dashes, turns
from actprof.bounds.figure import draw_figure
from actprof.bounds.result import Bounds, Curve, Sample, Scheme
from actprof.bounds.table import slope_words
from actprof.report.style import FORMATS, Style
from actprof.report.ticks import Linear, Log
from tests.figures import assert_fit_to_print, assert_texts_clear, axes_named, drawn_by, each_once, texts

pytestmark = pytest.mark.slow

ROOT3 = math.sqrt(3)
# name: formula, distribution, std(n, m), bound over std (None: unbounded), mean
LAWS = {
    "xavier": ("N(0, 2/(n+m))", "normal", lambda n, m: math.sqrt(2 / (n + m)), None, 0),
    "xavier_uniform": ("U(±√(6/(n+m)))", "uniform", lambda n, m: math.sqrt(2 / (n + m)), ROOT3, 0),
    "he": ("N(0, 2/n)", "normal", lambda n, m: math.sqrt(2 / n), None, 0),
    "lecun": ("N(0, 1/n)", "normal", lambda n, m: n**-0.5, None, 0),
    "fan_in_uniform": ("U(±1/√n)", "uniform", lambda n, m: (3 * n) ** -0.5, ROOT3, 0),
    "haiku.linear": ("N(0, 1/n) cut at ±2/√n, not corrected: true std 0.8796/√n", "truncated",
                     lambda n, m: 0.8796 * n**-0.5, 2 / 0.8796, 0),
    "normal": ("N(0, 0.05²)", "normal", lambda n, m: 0.05, None, 0),
    "uniform": ("U(0, 1)", "uniform", lambda n, m: 12**-0.5, ROOT3, 0.5),
    "ones": ("1", "point", lambda n, m: 0.0, 0, 1),
    "zeros": ("0", "point", lambda n, m: 0.0, 0, 0),
    "orthogonal": ("gain·Q of the QR of a Gaussian, signs of diag R, gain = 1", "matrix",
                   lambda n, m: max(n, m) ** -0.5, None, 0),
    "large": ("N(0, 1e+30²)", "normal", lambda n, m: 1e30, None, 0),
    "siren": ("U(±√(6/n)/w0), first layer U(±1/n), w0 = 30", "uniform", lambda n, m: math.sqrt(2 / n) / 30, ROOT3, 0),
}
DEFAULT = ("xavier", "xavier_uniform", "he", "lecun", "fan_in_uniform")
HUGE = tuple(10**power for power in range(19))


def slope(fans, stds):
    """Of log std against log n between the ends; a test that needs a changing one gives its own."""
    if len(fans) < 2 or not all(stds) or math.log(fans[-1][0]) == math.log(fans[0][0]):
        return None
    both = (math.log(stds[-1]) - math.log(stds[0])) / (math.log(fans[-1][0]) - math.log(fans[0][0]))
    return both, both


def scheme(name, fan_in, fan_out, kernel, at, label):
    formula, distribution, std_of, times, mean = LAWS[name]
    area = math.prod(kernel)
    fans = [(n * area, (fan_out or n) * area) for n in fan_in]
    stds = [std_of(n, m) for n, m in fans]
    ends = None if times is None else tuple((mean - times * std, mean + times * std) for std in stds)
    samples = []
    for number in at:
        n, m = number * area, (fan_out or number) * area
        std = std_of(n, m)
        draws = mean + std * (np.random.default_rng(7).uniform(-1, 1, 1000) * times if times is not None
                              else np.random.default_rng(7).standard_normal(1000))
        samples.append(Sample(number, n, m, std, None if times is None else mean + times * std, 1000, draws.min(),
                              draws.max(), draws.mean(), draws.std(), 0.68, 0.5))
    fine = Curve(tuple(n for n, _ in fans), (float(mean),) * len(fans), tuple(stds), ends)
    tex = re.sub(r"[^ ]*[²√/][^ ]*", r"$\\dfrac{2}{n}$", formula)
    return Scheme(label or name, f"{name}:canonical", formula, distribution, tuple(fan_in), tuple(n for n, _ in fans),
                  tuple(m for _, m in fans), (float(mean),) * len(fans), tuple(stds), ends,
                  slope(fans, stds), fine, None, tuple(samples), (), tex)


def scaled(*names, fan_in=range(1, 101), fan_out=None, kernel=(), at=None, label=None):
    """Bounds by the LAWS above."""
    at = sorted({fan_in[0], fan_in[len(fan_in) // 10], fan_in[-1]}) if at is None else at
    config = {"schemes": list(names), "fan_in": list(fan_in), "at": list(at), "fan_out": fan_out or "same",
              "kernel": list(kernel), "groups": 1, "depthwise": False, "transposed": False, "gain": None,
              "samples": 1000, "seed": 7}
    return Bounds(7, config, tuple(scheme(name, fan_in, fan_out, kernel, at, label) for name in names))


def drawn(bounds, log=False, **look):
    return drawn_by(lambda figure, theme, bounds: draw_figure(figure, theme, bounds, log), bounds, **look)


@cache
def laws_drawn(count, log, theme):
    """The figure of so many of the LAWS."""
    return drawn(scaled(*list(LAWS)[:count]), log, theme=theme)


def marks(figure):
    return {artist.get_gid(): artist for artist in figure.findobj() if artist.get_gid()}


@pytest.mark.parametrize(("count", "log", "theme"), [
    (1, False, "dark"), (3, True, "light"), (6, False, "dark"), (8, True, "light"), (10, True, "dark"),
    (13, False, "light"), (13, True, "dark")])
def test_no_text_is_cut_or_touches_another(count, log, theme):
    assert_fit_to_print(laws_drawn(count, log, theme))


ODD = {
    "huge fan-ins": lambda: scaled("he", "normal", "siren", fan_in=HUGE),
    "only huge fan-ins": lambda: scaled("he", "orthogonal", fan_in=(10**18 - 10**3, 10**18)),
    "fan-ins that are one number in double precision": lambda: scaled("he", "xavier", fan_in=(10**18 - 3, 10**18)),
    "fan-ins close together": lambda: scaled(*DEFAULT, fan_in=range(10**18 - 10**4, 10**18 + 1, 100)),
    "close and far": lambda: scaled("he", fan_in=(10**17 - 1, 10**17, 10**18)),
    "one fan-in": lambda: scaled(*DEFAULT, fan_in=(100,)),
    "one huge fan-in": lambda: scaled(*LAWS, fan_in=(10**18,)),
    "three fan-ins": lambda: scaled(*DEFAULT, fan_in=(16, 64, 256)),
    "two fan-ins": lambda: scaled("he", fan_in=(7, 8)),
    "fan-out fixed": lambda: scaled("xavier", "he", fan_out=10),
    "a kernel": lambda: scaled("he", "xavier_uniform", kernel=(3, 3)),
    "a kernel in three dimensions": lambda: scaled("he", kernel=(3, 5, 7), fan_out=64),
    "constants": lambda: scaled("ones", "zeros"),
    "nothing but zeros": lambda: scaled("zeros"),
    "huge weights": lambda: scaled("large", "he"),
    "off centre": lambda: scaled("uniform"),
    "no samples": lambda: scaled("he", "xavier", at=()),
    "many samples": lambda: scaled("he", "xavier", at=range(1, 101)),
    "a long label": lambda: scaled("he", "ones", label="a long name / " * 40),
    "an odd label": lambda: scaled("he", "zeros", label="$x^2$ \x1b[31m\n\udcff 漢字 & <b>"),
}


case = each_once(ODD, drawn)
# On both axes where what is odd are the numbers; by turns where it is the rest.
TURNS = [*((name, bool(number % 2)) for number, name in enumerate(ODD)),
         *((name, not number % 2) for number, name in enumerate(ODD)
           if "huge" in name or name in ("constants", "nothing but zeros", "off centre", "one fan-in"))]


@pytest.mark.parametrize(("name", "log"), TURNS)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name, log):
    assert_fit_to_print(case(name, log)[1])


@pytest.mark.parametrize("formula", [r"a $ sign", "N(0, 漢)", "x/" * 150, "√" * 500, "\x1b", ""])
def test_any_formula_is_drawn(formula):
    one = scaled("he").schemes[0]
    bounds = Bounds(7, scaled("he").config, (replace(one, formula=formula, tex=""),))
    assert_texts_clear(drawn(bounds))


@pytest.mark.parametrize("names", [DEFAULT, ("he",), ("uniform", "normal")])
def test_bands_are_mean_plus_and_minus_std_and_limits_the_support(names):
    bounds = scaled(*names)
    found = marks(drawn(bounds))
    for number, each in enumerate(bounds.schemes, 1):
        mean, std = np.array(each.mean), np.array(each.std)
        np.testing.assert_allclose(found[f"std-low-{number}"].get_ydata(), mean - std, atol=1e-15)
        np.testing.assert_allclose(found[f"std-high-{number}"].get_ydata(), mean + std, atol=1e-15)
        band = found[f"band-{number}"].get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose([band.max(), band.min()], [(mean + std).max(), (mean - std).min()])
        assert (each.bound is None) == (f"limit-low-{number}" not in found)
        if each.bound is not None:
            half = np.array(each.bound) - np.abs(mean)
            np.testing.assert_allclose(found[f"limit-high-{number}"].get_ydata(), mean + half, atol=1e-15)
            np.testing.assert_allclose(found[f"limit-low-{number}"].get_ydata(), mean - half, atol=1e-15)
        np.testing.assert_allclose(found[f"max-{number}"].get_ydata(), [sample.max for sample in each.samples])


def test_the_triangle_beside_the_curves_has_half_the_slope():
    figure = drawn(scaled("he", "xavier_uniform"), log=True)
    assert axes_named(figure)["weights"].get_xscale() == axes_named(figure)["weights"].get_yscale() == "log"
    for name in ("std-1", "slope"):
        x, y = np.log(marks(figure)[name].get_data())
        np.testing.assert_allclose(np.diff(y) / np.diff(x), -0.5, rtol=1e-6)


@pytest.mark.parametrize(("name", "log"), [turn for turn in TURNS if turn[0] != "nothing but zeros"])
def test_every_mark_lies_between_the_axes(name, log):
    _, figure = case(name, log)
    axes = axes_named(figure)["weights"]
    curves = [mark for mark in marks(figure).values() if mark.axes is axes and hasattr(mark, "get_xydata")]
    assert curves
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for mark in curves:
        points = mark.get_xydata()
        points = points[np.isfinite(points).all(1)]
        assert ((points >= (left, bottom)) & (points <= (right, top))).all()


@pytest.mark.parametrize(("log", "theme"), [(False, "light"), (True, "dark")])
def test_every_scheme_is_named_with_its_formula_and_distribution(log, theme):
    bounds = scaled(*LAWS)
    shown = texts(laws_drawn(len(LAWS), log, theme))
    for each in bounds.schemes:
        assert each.label in shown
        for piece in re.findall(r"\$[^$]*\$|[^\s$]+", each.tex or each.formula):
            assert any(piece in text for text in shown)
    assert any(text.startswith("truncated normal") for text in shown)


def test_the_slope_is_named_and_a_constant_has_none():
    shown = " ".join(texts(drawn(scaled("he", "normal", "ones", "zeros"), log=True)))
    assert "slope −1/2: ∝ 1/√n" in shown
    assert "slope 0: does not depend on n" in shown
    assert "std 0 has no logarithm: ones, zeros" in shown
    assert "slope" not in " ".join(texts(drawn(scaled("he"))))


@pytest.mark.parametrize(("slope", "said"), [
    ((-0.5, -0.5), "slope −1/2: ∝ 1/√n"), ((-0.001, 0.002), "slope 0: does not depend on n"),
    ((-1, -1), "slope −1: ∝ 1/n"), ((-0.09, -0.42), "slope from −0.09 to −0.42"),
    ((-0.3, -0.5), "slope from −0.3 to −1/2"), (None, "no steady slope")])
def test_slopes_are_named(slope, said):
    assert slope_words(replace(scaled("he").schemes[0], slope=slope)) == said


def test_a_single_fan_in_and_a_std_of_0_have_no_slope_to_name():
    assert slope_words(scaled("he", fan_in=(5,)).schemes[0]) == slope_words(scaled("zeros").schemes[0]) == ""


def test_curves_that_coincide_take_turns_and_say_so():
    figure = drawn(scaled("xavier", "lecun", "he"), log=True)
    found = marks(figure)
    styles = [found[f"std-{number}"]._unscaled_dash_pattern for number in (1, 2, 3)]
    assert styles[0] != styles[1]
    assert styles[2] == (0, None)
    assert any("std as xavier" in text for text in texts(figure))
    sizes = [found[f"largest-{number}"].get_markersize() for number in (1, 2, 3)]
    assert sizes[0] > sizes[1] == sizes[2]


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("solid", [False, True])
def test_the_dashes_of_coinciding_curves_never_cover_each_other(count, solid):
    same = turns([np.ones(3)] * count)
    assert same == [(number, count) for number in range(count)]
    at = np.arange(0.5, 1000)
    inked = np.zeros(len(at), int)
    for turn in same:
        style = dashes(turn, solid)["linestyle"]
        offset, (on, off) = (0, (1, 0)) if style == "-" else style
        inked += (at + offset) % (on + off) < on
    assert inked.max() == 1
    assert (inked.min() == 1) == solid


def test_one_scheme_has_error_bars_to_the_limit_at_round_fan_ins():
    found = marks(drawn(scaled("fan_in_uniform")))
    upright = found["error-bars"].get_segments()
    assert len(upright) == 51
    limit = dict(found["limit-high-1"].get_xydata())
    for (x, _), (_, top) in upright:
        assert limit[x] == pytest.approx(top)
    assert "error-bars" not in marks(drawn(scaled("he", "lecun")))


def test_the_flat_part_is_enlarged_without_covering_anything():
    figure = drawn(scaled(*DEFAULT))
    whole, inset = (axes_named(figure)[name] for name in ("weights", "weights enlarged"))
    assert inset.bbox.height / np.ptp(inset.get_ylim()) > 2 * whole.bbox.height / np.ptp(whole.get_ylim())
    frame = next(patch for patch in whole.patches if patch.get_zorder() == 1).get_window_extent()
    points = np.concatenate([whole.transData.transform(line.get_xydata()) for line in whole.lines])
    covered = (points > (frame.x0, frame.y0)) & (points < (frame.x1, frame.y1))
    assert not covered.all(1).any()
    assert "weights enlarged" not in axes_named(drawn(scaled("normal")))


def test_the_subtitle_holds_every_setting():
    shown = " ".join(texts(drawn(scaled("he", fan_out=64, kernel=(3, 3)))))
    for word in ("input channels 1 … 100 (100 values)", "kernel 3 × 3", "output channels 64", "1,000 weights drawn",
                 "1, 11, 100", "seed 7", "fan-in n = input channels × 3 × 3"):
        assert word in shown
    assert "fan-in 16, 64 · fan-out = fan-in" in " ".join(texts(drawn(scaled("he", fan_in=(16, 64)))))


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside(format):
    once, again = (scaled(*DEFAULT).image(Style(dpi=50), format, True) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert metadata["Seed"] == "7"
        assert json.loads(metadata["Configuration"])["schemes"] == list(DEFAULT)
    else:
        assert b"Seed: 7" in once


@pytest.mark.parametrize(("values", "labels"), [
    ((1, 100), ["1", "2", "5", "10", "20", "50", "100"]),
    ((1, 10**18), ["1", "10³", "10⁶", "10⁹", "10¹²", "10¹⁵", "10¹⁸"]),
    ((0.1, 5000), ["10⁻¹", "1", "10¹", "10²", "10³"])])
def test_logarithmic_ticks_are_round(values, labels):
    assert [label for _, label in Log.over(values).ticks(600, lambda label: 60.0)] == labels


def test_a_linear_scale_is_symmetric_where_weights_have_both_signs():
    both, positive, none = (Linear.around_zero(values) for values in ([-1, 3], [1, 3], [0.0]))
    assert both.low == -both.high < -3
    assert -0.1 < positive.low < 0
    assert none.low == -none.high


def test_a_figure_is_there_for_a_notebook():
    figure = scaled("he").figure(theme="dark")
    axes_named(figure)["weights"].plot([1, 100], [0, 1])
    figure.savefig(io.BytesIO(), dpi=20)
