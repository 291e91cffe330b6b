"""Render the digits of the built-in data set `glyphs` once: outlines of matplotlib's fonts → glyphs.npz.

    python scripts/render_glyphs.py

Each digit is kept as a distance field: the distance to its outline, positive inside. From it the program draws strokes
of any weight.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import ft2font, get_data_path
from numpy.typing import NDArray

from actprof.data.made import FIELD, PER_PIXEL, SIDE, STEP

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold",
         "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmb10", "cmss10",
         "cmti10", "cmtt10")
"""Fonts whose digits all stand on the line; cmmi10 has old-style ones, the mono fonts a dotted zero."""

HEIGHT = 20.0
"""Pixels from top to bottom of a digit, as in MNIST."""

POINTS = 240
"""Font size of the bitmap from which distances are measured."""

TARGET = Path(__file__).resolve().parent.parent / "actprof" / "datasets" / "glyphs.npz"


def bitmap(font: str, digit: str) -> NDArray[np.bool_]:
    """A digit as large black and white pixels, with an empty border."""
    face = ft2font.FT2Font(str(Path(get_data_path(), "fonts", "ttf", f"{font}.ttf")))
    face.set_size(POINTS, 72)
    face.set_text(digit, 0.0)
    face.draw_glyphs_to_bitmap(antialiased=True)
    ink = np.asarray(face.get_image()) > 127
    ink = ink[np.ix_(ink.any(axis=1), ink.any(axis=0))]
    return np.pad(ink, 1)


def outline(ink: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The (row, column) of every edge between an inked pixel and a blank one."""
    down, right = np.argwhere(ink[1:] != ink[:-1]), np.argwhere(ink[:, 1:] != ink[:, :-1])
    return np.concatenate([down + np.array([0.5, 0.0]), right + np.array([0.0, 0.5])])


def distance_field(ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(SIDE, SIDE) distances to the outline in steps of 1/PER_PIXEL image pixel around FIELD, positive inside."""
    scale = (ink.shape[0] - 2) / HEIGHT
    centre = (np.array(ink.shape) - 1) / 2
    axis = (np.arange(SIDE) - (SIDE - 1) / 2) * STEP * scale
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2) + centre
    edges = outline(ink)
    nearest = np.array([np.hypot(*(edges - point).T).min() for point in points])
    rows, columns = np.clip(np.rint(points).astype(int), 0, np.array(ink.shape) - 1).T
    signed = np.where(ink[rows, columns], nearest, -nearest) / scale
    return np.clip(np.rint(FIELD + PER_PIXEL * signed), 0, 255).astype(np.uint8).reshape(SIDE, SIDE)


def main() -> None:
    fields = np.array([[distance_field(bitmap(font, digit)) for font in FONTS] for digit in "0123456789"])
    np.savez_compressed(TARGET, fields=fields)
    print(f"wrote {TARGET}: {fields.shape}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
