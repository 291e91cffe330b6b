"""What a call has in Python where a command has its command line: threads, a bar, warnings, and a page to show."""

from __future__ import annotations

import base64
import functools
import inspect
import io
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from actprof.errors import ActprofWarning, out_of_memory
from actprof.machine import blas_held
from actprof.report.result import DPI, Finding, Result
from actprof.report.style import THEMES, collector_paused, matplotlib_set_up

P = ParamSpec("P")
Returned = TypeVar("Returned")

MAX_OPEN = 40  # lines of a table that is shown without a click
PATIENCE, PAUSE = 1.0, 0.1  # seconds before a bar appears, and between two of its changes


def published(function: Callable[P, Returned]) -> Callable[P, Returned]:
    """The function as users call it: on all cores whenever NumPy was imported, with a bar in notebooks, and with what
    the command line notes as warnings."""
    shows = "progress" in inspect.signature(function).parameters

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Returned:
        with blas_held(), _bar() as progress:
            if shows and progress is not None:
                kwargs.setdefault("progress", progress)
            try:
                result = function(*args, **kwargs)
            except MemoryError as error:
                raise out_of_memory(error) from error
        for text in result.told if isinstance(result, Result) else ():
            warnings.warn(text, ActprofWarning, stacklevel=2)
        return result

    return call


@contextmanager
def _bar() -> Iterator[Callable[..., None] | None]:
    """Yield what a bar in a notebook hears of the share done, in work of more than a moment; None elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        yield None
        return
    bar = _Bar()
    try:
        yield bar
    finally:
        bar.show("")


class _Bar:
    """A bar below the cell for each part of the work that is told of, gone without a trace at the end."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._parts: dict[str, str] = {}
        self._changed = time.monotonic() + PATIENCE - PAUSE

    def __call__(self, share: float, part: str = "", detail: str = "") -> None:
        self._parts[part] = (f'<div><progress value="{share:.4f}"></progress> {100 * share:.0f} % '
                             f"{escape(part)} {escape(detail)}</div>")
        if time.monotonic() - self._changed >= PAUSE:
            self._changed = time.monotonic()
            self.show("".join(list(self._parts.values())))

    def show(self, html: str) -> None:
        screen: Any = import_module("IPython.display")
        if self._handle is not None:
            self._handle.update(screen.HTML(html))
        elif html:
            self._handle = screen.display(screen.HTML(html), display_id=True)


def page(result: Result) -> str:
    """A result as HTML: its lines, the picture in two themes, and the table, which opens at a click if it is long."""
    lines, table = "\n".join(map(_marked, result.findings)), result.table()
    shown = " open" if table.count("\n") <= MAX_OPEN else ""
    light, dark = (_picture(result, theme) for theme in THEMES)
    return (f"<style>{_colours('light')}@media (prefers-color-scheme: dark){{{_colours('dark')}}}</style>"
            f'<div class="actprof"><pre>{lines}</pre><picture><source srcset="{dark}" '
            f'media="(prefers-color-scheme: dark)"><img src="{light}" alt="{escape(repr(result))}" '
            f'style="max-width: 100%"></picture><details{shown}><summary>table</summary><pre>{escape(table)}</pre>'
            "</details></div>")


def _marked(line: Finding) -> str:
    """A line with its verdict in the colour of good or bad."""
    text = escape(str(line))
    kind = {"✓": "good", "✗": "bad"}.get(line.sign)
    return f'<span class="{kind}">{text}</span>' if kind else text


def _colours(theme: str) -> str:
    return f".actprof .good {{color: {THEMES[theme].good}}} .actprof .bad {{color: {THEMES[theme].bad}}}"


def _picture(result: Result, theme: str) -> str:
    """The figure as a data URL."""
    with collector_paused(), warnings.catch_warnings(), matplotlib_set_up(THEMES[theme]):
        png = io.BytesIO()
        result.figure(theme=theme).savefig(png, dpi=DPI)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
