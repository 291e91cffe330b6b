"""Formulas as mathtext: every row of the catalogue is understood, and nothing that is not raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from actprof.catalogue.initializers import INITIALIZERS, bind
from actprof.report.drawing import matplotlib_set_up
from actprof.report.mathtext import words

PARSER = MathTextParser("path")
VARIANTS = ("he:mode=fan_avg", "he_uniform:mode=fan_geo_avg", "normal:std=1e-05", "normal:std=1e30,mean=-3",
            "lecun:gain=1e18",
            "constant:-2.5", "uniform:low=-1e-7,high=2.5e8")


def formula(name):
    return bind(INITIALIZERS.parse(name)).formula


@pytest.mark.parametrize(("text", "written"), [
    ("N(0, 2/(n+m))", [r"$\mathcal{N}\left(0,\ \dfrac{2}{n+m}\right)$"]),
    ("U(±√(6/(n+m)))", [r"$U\left(\pm \sqrt{\dfrac{6}{n+m}}\right)$"]),
    ("U(±√(3/((n+m)/2)))", [r"$U\left(\pm \sqrt{\dfrac{3}{\left(n+m\right)/2}}\right)$"]),
    ("U(±√(6/n)/w0)", [r"$U\left(\pm \dfrac{\sqrt{6/n}}{w_0}\right)$"]),
    ("N(0, 1/√(nm))", [r"$\mathcal{N}\left(0,\ \dfrac{1}{\sqrt{nm}}\right)$"]),
    ("N(-3, 0.05²)", [r"$\mathcal{N}\left(-3,\ {0.05}^2\right)$"]),
    ("N(0, 1e-05²)", [r"$\mathcal{N}\left(0,\ {\left(10^{-5}\right)}^2\right)$"]),
    ("2.5e+08/n", [r"$\dfrac{2.5\cdot 10^{8}}{n}$"]),
    ("0.8796·std", [r"$0.8796\cdot \mathrm{std}$"]),
    ("cut at ±2.27 std, std corrected", ["cut", "at", r"$\pm 2.27$", "std,", "std", "corrected"]),
    ("mode = fan_in, gain = 1", ["mode = fan_in,", "gain = 1"]),
    ("0", ["0"]),
    ("a price of $5", ["a", "price", "of", r"\$5"]),
    ("N(0, 2/n", ["N(0,", r"$\dfrac{2}{n}$"]),
    ("", []),
])
def test_mathematics_is_written_as_such_and_words_stay_words(text, written):
    assert words(text) == written


@pytest.mark.parametrize("name", [*(row.name for row in INITIALIZERS), *VARIANTS])
def test_every_row_of_the_catalogue_is_understood(name):
    pieces = words(formula(name))
    with matplotlib_set_up():
        PARSER.parse(" ".join(pieces))
    plain = [piece for piece in pieces if "$" not in piece]
    assert not any(sign in piece for piece in plain for sign in "√±²/()·")


@given(st.one_of(st.text(), st.text("NUnm√±²·/(),.:-+ 0123456789e_w$"), st.text("(√")))
def test_any_text_is_written_without_an_exception(text):
    line = " ".join(words(text))
    assert (line.count("$") - line.count(r"\$")) % 2 == 0


@given(st.text("NUnm√±²·/(), 12w", max_size=20))
def test_what_is_written_can_be_set(text):
    with matplotlib_set_up():
        PARSER.parse(" ".join(words(text)) or "x")


def test_deep_nesting_is_no_trouble():
    assert words("(" * 10_000 + "n" + ")" * 10_000)
    assert words("√" * 10_000 + "n")
