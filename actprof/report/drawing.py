"""How every figure looks and becomes bytes: themes, matplotlib's set-up, provenance in the file's own metadata."""

from __future__ import annotations

import gc
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actprof.errors import OutputError, SpecError
from actprof.report.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


FORMATS = ("png", "svg", "pdf")
MAX_PIXELS = 64_000_000
MAX_SIDE = 65_535  # what matplotlib's Agg renderer can address
UNIT = 100  # layouts are made in pixels of 1/100 inch


@dataclass(frozen=True)
class Theme:
    """Colours. `arms` is the palette of Okabe & Ito (2008), told apart with any colour vision."""

    name: str
    background: str
    foreground: str
    muted: str
    grid: str
    colormap: str
    arms: tuple[str, ...]


THEMES = {
    "light": Theme("light", "#ffffff", "#16181d", "#4d525b", "#d5d8dd", "viridis_r",
                   ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")),
    "dark": Theme("dark", "#14161b", "#f4f5f7", "#b9bec7", "#3b404a", "viridis",
                  ("#56b4e9", "#e69f00", "#2bbd92", "#e08fbd", "#f0e442", "#f07a35")),
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h")


@contextmanager
def matplotlib_set_up() -> Iterator[None]:
    """Matplotlib as it came out of the box, whatever the user's environment and matplotlibrc say."""
    # A backend inherited from a notebook or a desktop makes `import matplotlib` itself raise elsewhere.
    os.environ["MPLBACKEND"] = "agg"
    # An older matplotlib may use what a newer library that it stands on calls deprecated: python -W error stops there.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("ignore", message="warn_")  # of the parser behind its formulas
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError as error:
        raise OutputError(f"matplotlib cannot be loaded, so there is no figure: {error}.") from error
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        # Fixed ids make the same figure the same bytes; text as outlines cannot be cut by another font; without
        # hinting a text is as wide at any dpi as it was measured, and drawn in two thirds of the time.
        matplotlib.rcParams.update({"svg.hashsalt": "actprof", "svg.fonttype": "path", "text.hinting": "none"})
        yield


def to_bytes(draw: Callable[[Figure, Theme], None], format: str, style: Style, metadata: dict[str, str]) -> bytes:
    """The file that `draw` paints: the same bytes for the same picture, with `metadata` inside.

    Raises SpecError for a picture of more than MAX_PIXELS, OutputError where matplotlib cannot be loaded.
    """
    with collector_paused(), warnings.catch_warnings(), matplotlib_set_up():
        from matplotlib.figure import Figure

        figure = Figure()
        draw(figure, THEMES[style.theme])
        if format == "png":
            width, height = figure.get_size_inches()
            require_drawable(width, height, style.dpi)
        buffer = io.BytesIO()
        options: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if format == "png" else {}
        figure.savefig(buffer, format=format, dpi=style.dpi, metadata=_PROVENANCE[format](metadata), **options)
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
    """Raise SpecError if that many inches would be more pixels than MAX_PIXELS."""
    width, height = width * dpi, height * dpi
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise SpecError(f"the figure would have {width:,.0f} × {height:,.0f} pixels; {MAX_PIXELS // 10**6} megapixels "
                        f"and {MAX_SIDE:,} a side are the limit. Lower --dpi or show less.")


def _text(metadata: dict[str, str]) -> str:
    return "; ".join(f"{key}: {value}" for key, value in metadata.items())


# Each format has its own vocabulary: PNG takes any key, PDF and SVG (Dublin Core) only theirs, and both date
# themselves unless told not to.
_PROVENANCE: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "png": lambda metadata: dict(metadata),
    "pdf": lambda metadata: {"Title": metadata.get("Title", ""), "Subject": _text(metadata),
                             "Creator": metadata.get("Creator", "actprof"), "CreationDate": None},
    "svg": lambda metadata: {"Title": metadata.get("Title", ""), "Description": _text(metadata),
                             "Creator": metadata.get("Creator", "actprof"), "Date": None},
}
