"""The 256 colours of a GIF file: every colour of a theme, and its mixes with the background at the rims of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actprof.report.style import Theme

if TYPE_CHECKING:
    from PIL.Image import Image


SHADES = 24
BITS = 5  # of a channel that are told apart
CELLS = 2**BITS


class Palette:
    """The same colours for all frames, so that nothing flickers, and none dithered."""

    def __init__(self, theme: Theme) -> None:
        pure = np.array([_channels(color) for color in
                         (theme.background, theme.foreground, theme.muted, theme.grid, *theme.arms)])
        mixed = [pure[0] + (color - pure[0]) * shade / SHADES for color in pure[1:] for shade in range(1, SHADES)]
        self.colours: NDArray[np.uint8] = np.array([*pure, *mixed]).round().astype(np.uint8)
        self._nearest = _nearest(self.colours)
        # A theme's own colours stay exactly as they are, whatever lies near them.
        self._nearest[_cells(pure.astype(np.uint8))] = np.arange(len(pure))

    def image(self, pixels: NDArray[np.uint8]) -> Image:
        """An image of (rows, columns, 3 or more) channels."""
        from PIL import Image

        image = Image.fromarray(self._nearest[_cells(pixels)])
        image.putpalette(self.colours.tobytes())
        return image


def _channels(color: str) -> list[int]:
    return [int(color[place:place + 2], 16) for place in (1, 3, 5)]


def _cells(pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """The number of the cell of colours in which a pixel lies."""
    red, green, blue = ((pixels[..., channel] >> (8 - BITS)).astype(np.uint16) for channel in range(3))
    cells: NDArray[np.uint16] = (red * CELLS + green) * CELLS + blue
    return cells


def _nearest(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For each cell the number of the colour that is nearest to its middle."""
    sides = np.arange(CELLS) * (256 // CELLS) + 128 // CELLS
    middles = np.stack(np.meshgrid(sides, sides, sides, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)
    wanted = colours.astype(np.float32)
    distances = (wanted**2).sum(axis=1) - 2 * middles @ wanted.T
    nearest: NDArray[np.uint8] = distances.argmin(axis=1).astype(np.uint8)
    return nearest
