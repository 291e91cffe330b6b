"""Options that every command has: the seed, and where the result goes."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from actprof.errors import shown
from actprof.registry import folded
from actprof.spec import MAX_SEED, RunSpec

if TYPE_CHECKING:
    from actprof.render.drawing import Style
    from actprof.render.files import Target

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "json", "csv")
THEMES = ("light", "dark")
LONGEST_NAME = 100


def word(choices: Sequence[str]) -> click.Choice[str]:
    """One of some words; case does not matter."""
    return click.Choice(choices, case_sensitive=False)


class Whole(click.IntRange):
    """A whole number from `min` to `max`; the message for anything else says so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        with contextlib.suppress(click.BadParameter):
            return super().convert(value, param, ctx)
        self.fail(f"{shown(value)} is not a whole number from {self.min:,} to {self.max:,}", param, ctx)


def seed_option(command: Command) -> Command:
    return click.option("--seed", type=Whole(0, MAX_SEED), default=RunSpec.seed, show_default=True,
                        help="The same seed gives the same bytes.")(command)


@dataclass
class Output:
    """What the shared output options ask for. `check` comes before the work, `draw` after it."""

    format: str
    quiet: bool
    no_figure: bool
    no_clobber: bool
    paths: tuple[str, ...]
    theme: str
    dpi: int
    _targets: list[Target] = field(default_factory=list)

    def check(self, default: str) -> None:
        """Refuse now what could not be written later; `default` is the figure's name where none is given."""
        from actprof.render.drawing import FORMATS as FIGURE_FORMATS
        from actprof.render.files import targets

        if self.no_figure and self.paths:
            raise click.UsageError("--no-figure cannot be combined with --output. Choose one.")
        if not self.no_figure:
            self._targets = targets(self.paths or (default,), FIGURE_FORMATS, self.no_clobber)

    @property
    def takes_stdout(self) -> bool:
        """Whether a figure goes to standard output, which leaves no room for anything else there."""
        return any(target.path == "-" for target in self._targets)

    def notes(self, *texts: str) -> None:
        """Lines on standard error, unless --quiet."""
        for text in texts if not self.quiet else ():
            click.echo(f"note: {text}", err=True)

    def draw(self, render: Callable[[Style, str], bytes]) -> None:
        """Render (style, format) for each target and say what was written."""
        if not self._targets:
            return
        from actprof.render.drawing import Style

        for target in self._targets:
            target.write(render(Style(self.theme, self.dpi), target.format))
            if target.path != "-" and not self.quiet:
                click.echo(f"wrote {click.format_filename(target.path)}", err=True)


def output_options(command: Command) -> Command:
    """Add the output options; the command receives them together as `output`."""

    @functools.wraps(command)
    def with_output(*, format_: str, as_json: bool, quiet: bool, no_figure: bool, no_clobber: bool,
                    paths: tuple[str, ...], theme: str, dpi: int, **others: Any) -> Any:
        if as_json and format_ == "csv":
            raise click.UsageError("--json cannot be combined with --format csv. Choose one.")
        output = Output("json" if as_json else format_, quiet, no_figure, no_clobber, paths, folded(theme), dpi)
        return command(output=output, **others)

    wrapped: Any = with_output
    for option in reversed((
        click.option("--format", "format_", type=word(FORMATS), default="table", show_default=True,
                     help="What standard output gets."),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option("-o", "--output", "paths", multiple=True, metavar="PATH",
                     help="Write the figure to PATH, by its suffix png, svg or pdf; repeatable; - for a pipe.  "
                          "[default: a PNG in the current folder]"),
        click.option("--no-figure", is_flag=True, help="Write no figure."),
        click.option("--no-clobber", is_flag=True, help="Never replace an existing file."),
        click.option("--theme", type=word(THEMES), default="light", show_default=True, help="Colours of the figure."),
        click.option("--dpi", type=Whole(30, 1000), default=100, show_default=True,
                     help="Resolution; 100 gives 1920 pixels across."),
        click.option("-q", "--quiet", is_flag=True, help="No notes and no progress on standard error."),
    )):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def default_name(stem: str, parts: Sequence[Sequence[str]]) -> str:
    """`histogram-he+xavier-relu.png`: a file name that says what is in it."""
    words = ["+".join(re.sub(r"[^\w.=-]+", "_", text.casefold()) for text in part) for part in parts]
    name = "-".join([stem, *words])
    return f"{name if len(name) <= LONGEST_NAME else stem}.png"
