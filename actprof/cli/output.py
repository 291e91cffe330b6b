"""Options that every command has: the seed, and where the result goes."""

from __future__ import annotations

import functools
import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from actprof.cli.arguments import Whole, Word, given_options, given_settings
from actprof.cli.completion import FILES
from actprof.cli.progress import shown_progress
from actprof.cli.signals import in_thread
from actprof.cli.standard_streams import StdoutError, abandon_stdout, say, standard_output
from actprof.engine.spec import MAX_SEED, RunSpec
from actprof.errors import SpecError, quoted
from actprof.report.style import FORMATS as FIGURE_FORMATS
from actprof.report.style import SHEET, THEMES, UNIT, Style, require_drawable

if TYPE_CHECKING:
    from actprof.report.files import Target


Command = TypeVar("Command", bound=Callable[..., Any])
FORMATS = ("table", "json", "csv")
MAX_NAME = 100
MAX_TITLE = 200
MAX_BYTES = 200_000_000  # of a file that is looked at before it is replaced

# Parameters that leave the picture as it is.
NOT_PICTURED = {"paths", "no_figure", "show", "no_clobber", "quiet", "format_", "as_json", "check", "explain", "brief",
                "all_layers", "theory", "workers", "scheduler", "resume", "data_dir", "summary", "animate"}

# Parameters, also of single commands, that mean nothing where no figure is drawn.
OF_FIGURES = {"theme", "dpi", "title", "no_clobber", "log", "log_y", "view"}


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
    show: bool
    title: str = ""
    _targets: list[Target] = field(default_factory=list)
    _unwritten: StdoutError | None = None

    def check(self, default: str, *, animation: str | None = None, inputs: Sequence[str | None] = ()) -> None:
        """Refuse now what could not be written later.

        Args:
            default: the figure's name where none is given.
            animation: where else a GIF goes.
            inputs: files that are read, or folders of them, which no output may replace.
        """
        from actprof.report.files import refuse_inputs, targets

        standard_output()
        for option, given in (("--output", self.paths), ("--show", self.show)):
            if self.no_figure and given:
                raise SpecError(f"--no-figure cannot be combined with {option}. Choose one.")
        if not self.no_figure:
            self._targets = targets(self.paths or (default,), FIGURE_FORMATS, self.no_clobber)
        if animation is not None:
            self._targets += targets((animation,), ("gif",), self.no_clobber, "--animate")
        if not self._targets:
            self.name_idle(given_options(OF_FIGURES), "without a figure")
        refuse_inputs(self._targets, [path for path in inputs if path])
        self.check_height(SHEET[1] / UNIT)
        to_stdout = [target.option for target in self._targets if target.path == "-"]
        if len(to_stdout) > 1:
            raise SpecError(f"{' and '.join(to_stdout)} cannot both write to standard output. Name a file for one.")
        if to_stdout and self.format != "table":
            raise SpecError(f"{to_stdout[0]} - cannot be combined with --format {self.format}. "
                            "Standard output takes one of them: name a file for the figure.")

    def check_height(self, inches: float) -> None:
        """Refuse now a picture of more pixels than there may be, if the figure is at least that high."""
        if any(target.format == "png" for target in self._targets):
            require_drawable(SHEET[0] / UNIT, inches, self.dpi)

    @property
    def takes_stdout(self) -> bool:
        """Whether a figure goes to standard output, which leaves no room for anything else there."""
        return any(target.path == "-" for target in self._targets)

    def print(self, table: Callable[[TextIO], None], record: Callable[[], Mapping[str, Any]],
              rows: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        """The result on standard output, in the format that was asked for, before matplotlib is loaded."""
        if self.takes_stdout:
            return
        stream = standard_output()
        with self._unless_closed():
            if self.format == "table":
                table(stream)
            else:
                from actprof.report import records

                stream.write(f"{records.to_json(record())}\n" if self.format == "json" else records.to_csv(rows()))
            stream.flush()

    @contextmanager
    def _unless_closed(self) -> Iterator[None]:
        """What standard output does not take is told when everything is written that goes elsewhere."""
        try:
            yield
        except StdoutError as error:
            if all(target.path == "-" for target in self._targets):
                raise
            self._unwritten = error
            abandon_stdout()

    def notes(self, *texts: str) -> None:
        """Lines on standard error, unless --quiet."""
        for text in texts if not self.quiet else ():
            say(f"note: {text}")

    def name_idle(self, options: Sequence[str], beside: str) -> None:
        """Say which options were given in vain."""
        if options:
            self.notes(f"{' and '.join(options)} mean{'s' * (len(options) == 1)} nothing {beside}")

    def draw(self, render: Callable[[Style, str], bytes]) -> None:
        """Render (style, format) for each target and say what was written."""
        for target in self._targets:
            with self._unless_closed():
                with shown_progress(self.quiet) as progress:
                    what = f"drawing the {target.format}"
                    progress(None, what)
                    style = Style(self.theme, self.dpi, self.title, functools.partial(progress, part=what))
                    content = in_thread(functools.partial(render, style, target.format))
                before = in_thread(functools.partial(_content, target.path))
                target.write(content)
            if target.path != "-" and not self.quiet:
                of_another = before is not None and _shown(before) != _shown(content)
                say(f"wrote {target.path if target.path.isprintable() else quoted(target.path, 300)}"
                    f"{', in place of a figure of another configuration' * of_another}")
        if self._targets and self.title:
            from actprof.report.lettering import printable

            if printable(self.title, bold=True) != self.title:
                self.notes("the font of figures lacks some characters of the --title")
        if self._unwritten is not None:
            raise self._unwritten
        if self.show:
            self._launch()

    def _launch(self) -> None:
        """Show the first file in whatever the desktop has for it."""
        desktop = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if not desktop:
            self.notes("there is no display to --show the figure on")
        elif click.launch(self._targets[0].path):
            self.notes("nothing was found that can --show the figure")


def _content(path: str) -> bytes | None:
    """The file that is to be replaced, if there is one that can be a figure."""
    with suppress(OSError):
        if os.path.isfile(path) and os.path.getsize(path) <= MAX_BYTES:
            with open(path, "rb") as file:
                return file.read()
    return None


def _shown(content: bytes) -> tuple[object, ...]:
    """What the metadata of a figure say it shows: title, seed and configuration."""
    if content.startswith((b"\x89PNG", b"GIF8")):
        from PIL import Image

        with suppress(OSError, ValueError), Image.open(io.BytesIO(content)) as image:
            return tuple(image.info.get(key) for key in ("Title", "Seed", "Configuration", "comment"))
    return tuple(re.findall(rb"(?:<dc:title>|/Title |Seed: \d+; |Configuration: ).*", content)[:2])


def chosen_format(format_: str | None, as_json: bool) -> str:
    """What --format and --json ask for together."""
    if as_json and format_ not in (None, "json"):
        raise SpecError(f"--json cannot be combined with --format {format_}. Choose one.")
    return "json" if as_json else format_ or FORMATS[0]


def format_options(formats: Sequence[str]) -> Callable[[Command], Command]:
    """Add --format and --json; the command receives `format_` and `as_json`."""

    def decorate(command: Command) -> Command:
        as_json = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
        return click.option("--format", "format_", type=Word(formats),
                            help=f"What standard output gets.  [default: {formats[0]}]")(as_json(command))

    return decorate


QUIET = functools.partial(click.option, "-q", "--quiet", is_flag=True,
                          help="No notes and no progress on standard error.")


def output_options(command: Command) -> Command:
    """Add the output options; the command receives them together as `output`."""

    @functools.wraps(command)
    def with_output(*, format_: str | None, as_json: bool, quiet: bool, no_figure: bool, no_clobber: bool,
                    paths: tuple[str, ...], theme: str, dpi: int, show: bool, title: str | None, **others: Any) -> Any:
        output = Output(chosen_format(format_, as_json), quiet, no_figure, no_clobber, paths, theme, dpi, show,
                        _checked_title(title))
        return command(output=output, **others)

    wrapped: Any = with_output
    for option in reversed((
        format_options(FORMATS),
        click.option("-o", "--output", "paths", multiple=True, metavar="PATH", shell_complete=FILES,
                     help="Write the figure to PATH, by its suffix png, svg or pdf; repeatable; - for a pipe.  "
                          "[default: a PNG in the current folder]"),
        click.option("--no-figure", is_flag=True, help="Write no figure."),
        click.option("--show", is_flag=True, help="Open the figure when it is written."),
        click.option("--no-clobber", is_flag=True, help="Never replace an existing file."),
        click.option("--theme", type=Word(tuple(THEMES)), default=Style.theme, show_default=True,
                     help="Colours of the figure."),
        click.option("--title", metavar="TEXT", help="Words above the figure, in place of its own."),
        click.option("--dpi", type=Whole(30, 1000), default=Style.dpi, show_default=True,
                     help="Resolution of a png, and of rasters in an svg or pdf; 100 gives 1920 pixels across."),
        QUIET(),
    )):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def _checked_title(title: str | None) -> str:
    words = "" if title is None else " ".join(title.split())
    if title is not None and not 0 < len(words) <= MAX_TITLE:
        raise SpecError(f"--title must have 1 to {MAX_TITLE} characters, not {len(words):,}.")
    return words


def default_name(stem: str, parts: Sequence[Sequence[str]], told: Sequence[str] = ()) -> str:
    """`histogram-he+xavier-relu-layers=50.png`: a file name that says what is in it.

    Args:
        parts: what is always named.
        told: the parameters of the command line that are told by the parts; of the others follows what is not usual.
    """
    more = given_settings(but={*told, *NOT_PICTURED})
    # A slash is a folder's, but for names of layers that a sweep varies.
    words = ["+".join(_plain(text) for text in part) for part in parts] + [
        _plain(text if text.startswith("over=") else os.path.basename(text)) for text in more]
    name = "-".join([stem, *words])
    short = f"{name[:MAX_NAME - 9]}-{zlib.crc32(name.encode()):08x}"
    return f"{name if len(name) <= MAX_NAME else short}.png"


def _plain(text: str) -> str:
    return re.sub(r"[^\w.=+-]+", "_", text.casefold())
