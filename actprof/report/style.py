"""How every figure looks and becomes bytes: options, themes, matplotlib's set-up, provenance in the file's metadata."""

from __future__ import annotations

import gc
import io
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from actprof.engine.spec import QUANTITIES
from actprof.errors import OutputError, ResourceError, SpecError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
MAX_PIXELS = 64_000_000
# Memory that a pixel takes at most while it is drawn: where it lies in a raster that is resampled in floats.
BYTES_OF_A_PIXEL = 34

# Maximum pixels of a page of a vector file, if all of it were a raster: 277 dpi of the usual page.
MAX_RASTER_PIXELS = 16_000_000

MAX_SIDE = 65_535  # what matplotlib's Agg renderer can address
UNIT = 100  # layouts are made in pixels of 1/100 inch
EM = UNIT / 72  # pixels in a point
TICK, AXIS_TITLE = 16.0, 17.0  # points

VIEWS = ("panels", "ridge", "heatmap", "curves")
PATH = "gradient_path"  # the view of inputs on a line
# The most layers of which "auto" draws panels: beyond it draws a heat map, and curves of arms that are too many.
MAX_PANELS = 8

SHEET = 1920, 1080  # the least pixels of a figure at Style's default resolution


@dataclass(frozen=True)
class View:
    """What a figure shows: a quantity in one of VIEWS, or the one that suits the layers and arms; or PATH."""

    quantity: str = QUANTITIES[0]
    view: str = "auto"
    log_y: bool = False


@dataclass(frozen=True)
class Style:
    """How a figure is drawn; `progress` hears the share done of what has many frames."""

    theme: str = "light"
    dpi: int = 100
    title: str = ""
    progress: Callable[[float], None] = lambda share: None


@dataclass(frozen=True)
class Theme:
    """Colours. `arms` is the palette of Okabe & Ito (2008), told apart with any colour vision.

    Attributes:
        colormap: of values.
        shares: of what is more or less frequent: the rarest is hardly told from the background.
        good, warn, bad: of verdicts.
        title: what stands above a figure in place of the program's own words; empty for these.
    """

    name: str
    background: str
    foreground: str
    muted: str
    grid: str
    colormap: str
    shares: str
    good: str
    warn: str
    bad: str
    arms: tuple[str, ...]
    title: str = ""

    def arm(self, number: int) -> str:
        return self.arms[number % len(self.arms)]

    def mark(self, number: int, size: float = 10.0) -> dict[str, Any]:
        """The look of an arm's marker, as Line2D takes it."""
        return {"color": self.arm(number), "marker": MARKERS[number % len(MARKERS)], "markersize": size,
                "markeredgecolor": self.background, "markeredgewidth": 0.9}


THEMES = {
    "light": Theme("light", "#ffffff", "#16181d", "#4d525b", "#d5d8dd", "viridis_r", "YlGnBu",
                   "#1a7f37", "#9a6700", "#b42318",
                   ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")),
    "dark": Theme("dark", "#14161b", "#f4f5f7", "#b9bec7", "#3b404a", "viridis", "viridis",
                  "#4ac26b", "#e3b341", "#ff7b72",
                  ("#56b4e9", "#e69f00", "#2bbd92", "#e08fbd", "#f0e442", "#f07a35")),
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h")


def _look(theme: Theme) -> dict[Any, Any]:
    """A theme as matplotlib's own parameters: every Axes is made with them."""
    return {
        "figure.facecolor": theme.background, "savefig.facecolor": theme.background, "axes.facecolor": "none",
        "text.color": theme.foreground, "axes.labelcolor": theme.foreground, "axes.edgecolor": theme.muted,
        "xtick.color": theme.muted, "ytick.color": theme.muted, "hatch.color": theme.muted, "grid.color": theme.grid,
        "axes.linewidth": 1.4, "grid.linewidth": 1.1, "axes.axisbelow": True, "axes.spines.top": False,
        "axes.spines.right": False, "xtick.major.size": 0, "ytick.major.size": 0, "xtick.major.pad": 12 / EM,
        "ytick.major.pad": 10 / EM, "xtick.labelsize": TICK, "ytick.labelsize": TICK, "axes.labelsize": AXIS_TITLE,
    }


def _matplotlib() -> ModuleType:
    """Matplotlib, loaded without the user's settings where these keep it from being loaded."""
    try:
        import matplotlib.figure
    except ValueError:  # of an MPLBACKEND that is no backend, of a matplotlibrc that is no text
        for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
            del sys.modules[name]
        with _unset():
            import matplotlib.figure
    return matplotlib


@contextmanager
def _unset() -> Iterator[None]:
    """Inside, nothing tells matplotlib a setting: no environment, and no file of the current folder or the user's."""
    told, here = {name: os.environ.get(name) for name in ("MPLBACKEND", "MATPLOTLIBRC")}, None
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    with suppress(FileNotFoundError):
        here = os.getcwd()
        os.chdir(os.path.dirname(__file__))
    try:
        yield
    finally:
        if here:
            os.chdir(here)
        for name, value in told.items():
            del os.environ[name]
            os.environ |= {name: value} if value is not None else {}


@contextmanager
def matplotlib_set_up(theme: Theme | None = None) -> Iterator[None]:
    """Matplotlib as it came out of the box, with a theme, whatever the user's environment and matplotlibrc say."""
    import logging

    # An older matplotlib may use what a newer library that it stands on calls deprecated: python -W error stops there.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("ignore", message="warn_")  # of the parser behind its formulas
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        matplotlib = _matplotlib()
    except ImportError as error:
        raise OutputError(f"matplotlib cannot be loaded, so there is no figure: {error}.") from error
    try:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            # Fixed ids make the same figure the same bytes; text as outlines cannot be cut by another font; without
            # hinting a text is as wide at any dpi as it was measured, and drawn in two thirds of the time.
            fixed: dict[Any, Any] = {"svg.hashsalt": "actprof", "svg.fonttype": "path", "text.hinting": "none"}
            matplotlib.rcParams.update(fixed | (_look(theme) if theme else {}))
            yield
    finally:
        log.setLevel(level)


# What paints a figure in a theme, and returns what a file of it should know about itself.
Drawing = Callable[["Figure", Theme], dict[str, str]]


def painted(draw: Drawing, theme: str) -> Figure:
    """The figure that `draw` paints, to be shown, changed and saved by matplotlib's own means."""
    with warnings.catch_warnings(), matplotlib_set_up(THEMES[theme]):
        from matplotlib.figure import Figure

        figure = Figure()
        draw(figure, THEMES[theme])
    # A notebook shows it by this, as long as pyplot has not told it how to.
    vars(figure)["_repr_png_"] = partial(_png, figure)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def to_bytes(draw: Drawing, format: str, style: Style) -> bytes:
    """The file that `draw` paints: the same bytes for the same picture.

    Raises SpecError for a picture of more than MAX_PIXELS, OutputError where matplotlib cannot be loaded.
    """
    theme = replace(THEMES[style.theme], title=style.title)
    with collector_paused(), warnings.catch_warnings(), matplotlib_set_up(theme):
        from matplotlib.figure import Figure

        figure = Figure()
        metadata = draw(figure, theme)
        width, height = figure.get_size_inches()
        finest = math.isqrt(int(MAX_RASTER_PIXELS / (width * height)))
        dpi = style.dpi if format == "png" else min(style.dpi, max(Style.dpi, finest))
        require_drawable(width, height, dpi)
        buffer = io.BytesIO()
        options: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if format == "png" else {}
        figure.savefig(buffer, format=format, dpi=dpi, **options,
                       metadata=_provenance(format, metadata | ({"Title": style.title} if style.title else {})))
    return buffer.getvalue()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Matplotlib's many small objects would set off Python's garbage collector again and again, for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def require_drawable(width: float, height: float, dpi: int) -> None:
    """Refuse a picture of that many inches if it has too many pixels (SpecError) or needs too much (ResourceError)."""
    from actprof.machine import amount, available_memory

    across, down = width * dpi, height * dpi
    if across * down > MAX_PIXELS or max(across, down) > MAX_SIDE:
        most = int(min(math.sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / max(width, height)))
        raise SpecError(f"the figure would have {across:,.0f} × {down:,.0f} pixels; {MAX_PIXELS // 10**6} megapixels "
                        f"and {MAX_SIDE:,} a side are the limit. Take a --dpi of at most {most}.")
    needed, available = across * down * BYTES_OF_A_PIXEL, available_memory()
    if available is not None and needed > available:
        raise ResourceError(f"drawing needs about {amount(needed)}; {amount(available)} available. Lower --dpi.")


def _provenance(format: str, metadata: dict[str, str]) -> dict[str, Any]:
    """In the format's own vocabulary: PNG takes any key, PDF and SVG (Dublin Core) only theirs, and both date
    themselves unless told not to."""
    if format == "png":
        return dict(metadata)
    told, date = {"pdf": ("Subject", "CreationDate"), "svg": ("Description", "Date")}[format]
    return {"Title": metadata["Title"], "Creator": metadata["Creator"], date: None,
            told: "; ".join(f"{key}: {value}" for key, value in metadata.items() if key != "Title")}
