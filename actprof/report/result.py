"""What every command's result can do: become text, data, a picture, and all of it in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from actprof.errors import ActprofError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from actprof.report.style import Drawing, Style

DPI = 60  # of the picture beside a table: 1152 pixels across
BLOCKS = 20  # characters of the histogram in a line


class Finding(NamedTuple):
    """What a result says of an arm in one line.

    Attributes:
        sign, word: of the verdict: `✗`, `vanishing`; empty where there is none.
        text: the numbers behind it.
        heights: not negative: of a histogram, or of a curve; none for no picture.
    """

    label: str
    sign: str = ""
    word: str = ""
    text: str = ""
    heights: ArrayLike = ()

    def __str__(self) -> str:
        parts = f"{self.sign} {self.label}".strip(), self.word, self.text, self._blocks()
        return "  ".join(filter(None, parts)).rstrip()

    def _blocks(self) -> str:
        import numpy as np

        from actprof.report.terminal import blocks

        heights = np.nan_to_num(np.asarray(self.heights, np.float64), posinf=0.0)
        most = heights.max(initial=0.0)
        return blocks(1000 * (heights / most), BLOCKS) if most else ""


class Result(ABC):
    """What a command leaves behind. Each kind is a frozen dataclass that leaves its repr to this class.

    It stands in `result` of the command's room, where `table.print_result`, `records.record_of`, `records.rows_of` and
    `figure.draw_figure` print, record and draw it.
    """

    def _module(self, name: str) -> Any:
        """A module of the command's room, loaded when it is needed: its `table`, its `records`, its `figure`."""
        return import_module(f"{type(self).__module__.rpartition('.')[0]}.{name}")

    def write(self, stream: TextIO) -> None:
        """Print the table as the command line does."""
        self._module("table").print_result(self, stream)

    def record(self) -> dict[str, Any]:
        """The object of the JSON schema; numbers may be NumPy's, and need not be finite."""
        record: dict[str, Any] = self._module("records").record_of(self)
        return record

    def records(self) -> Sequence[Mapping[str, Any]]:
        """The rows of the CSV."""
        rows: Sequence[Mapping[str, Any]] = self._module("records").rows_of(self)
        return rows

    @property
    @abstractmethod
    def findings(self) -> Sequence[Finding]:
        """Every arm in one line."""

    @property
    @abstractmethod
    def told(self) -> Sequence[str]:
        """What the command line notes, one sentence each; a call in Python warns of it."""

    def figure(self, *, theme: str = "light") -> Figure:
        """The picture, to be shown, changed and saved by matplotlib's own means."""
        return self._painted(theme)

    def _painted(self, theme: str, *options: Any) -> Figure:
        from actprof.report.style import painted

        return painted(self._draw(*options), theme)

    def image(self, style: Style, format: str, *options: Any) -> bytes:
        """The figure as a png, svg or pdf file. Raises what `to_bytes` raises."""
        from actprof.report.style import to_bytes

        return to_bytes(self._draw(*options), format, style)

    def _draw(self, *options: Any) -> Drawing:
        """What paints the figure; its module is loaded when it does, as it needs matplotlib."""
        return lambda figure, theme: self._module("figure").draw_figure(figure, theme, self, *options)

    @property
    def verdicts(self) -> dict[str, str]:
        """The label of an arm → its verdict in a word, such as `healthy`; arms without one are left out."""
        return {line.label: line.word for line in self.findings if line.word}

    def table(self) -> str:
        """The table as a pipe gets it from the command line."""
        from actprof.report.terminal import Page

        page = Page()
        self.write(page)
        return page.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """The object of the JSON schema in plain values; None for what is not finite."""
        from actprof.report.records import strict

        plain: dict[str, Any] = strict(self.record())
        return plain

    def to_json(self) -> str:
        """The object of the JSON schema, as `--json` prints it."""
        from actprof.report.records import to_json

        return to_json(self.record())

    def to_csv(self) -> str:
        """The rows, as `--format csv` prints them."""
        from actprof.report.records import to_csv

        return to_csv(self.records())

    def to_frame(self) -> pandas.DataFrame:
        """The rows of the CSV as a pandas DataFrame. Raises ActprofError where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise ActprofError("to_frame() needs pandas, which is not installed: 'pip install pandas'; "
                               "to_csv() and to_dict() need nothing.") from None
        frame: pandas.DataFrame = pandas.DataFrame(list(self.records()))
        return frame

    def __repr__(self) -> str:
        return "\n".join(map(str, self.findings))

    def _repr_html_(self) -> str:
        """Verdicts, picture and table for a notebook, in the colours that the reader's system prefers."""
        from actprof.report.notebook import page

        return page(self)
