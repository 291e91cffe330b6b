"""The formulas of initialisers as TeX: every row's can be set, and says what the formula says."""

import re

from matplotlib.mathtext import MathTextParser

from actprof.catalogue.initializers import INITIALIZERS, bind
from actprof.report.style import matplotlib_set_up
from tests.cases import for_each

PARSER = MathTextParser("path")
VARIANTS = ("he:mode=fan_avg", "he_uniform:mode=fan_geo_avg", "normal:std=1e-05", "normal:std=1e30,mean=-3",
            "lecun:gain=1e18", "uniform:low=-1e-7,high=2.5e8",
            "variance_scaling:scale=3,mode=fan_out,distribution=uniform")


def plain(tex):
    """TeX as the formulas are written: `N(0, 2/(n+m))`."""
    for pattern, text in ((r"\\left\(|\\right\)", lambda found: found[0][-1]), (r"\\mathcal\{N\}", "N"),
                          (r"\\min", "min"),
                          (r"\\mathrm\{(\w+)\}", r"\1"),
                          (r"10\^\{(-?\d+)\}", r"1e\1"), (r"\\cdot ?1e", "e"), (r"\\cdot ?", "·"), (r"\\ ", " "),
                          (r"\\pm ?", "±"), (r"\^2", "²"), (r"\((1e-?\d+)\)²", r"\1²"), (r"w_0", "w0"), (r"\$", ""),
                          (r"\\sqrt\{(\w)\}", r"√\1"), (r"\\sqrt\{([^{}]*)\}", r"√(\1)"),
                          (r"\\dfrac\{([^{}]*)\}\{([^{}]*[+/][^{}]*)\}", r"\1/(\2)"),
                          (r"\\dfrac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2"), (r"\\sqrt\{([^{}]*)\}", r"√(\1)")):
        tex = re.sub(pattern, text, tex)
    return tex


@for_each("name", [*(row.name for row in INITIALIZERS), *VARIANTS])
def test_every_formula_can_be_set_and_says_the_same(name):
    initializer = bind(INITIALIZERS.parse(name))
    if initializer.tex:
        with matplotlib_set_up():
            PARSER.parse(initializer.tex)
        numbers = re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", initializer.formula)
        assert plain(initializer.tex) == numbers
    else:
        assert not re.search("[√±²/]", initializer.formula)
