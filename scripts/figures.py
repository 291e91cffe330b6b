"""Draw the README's pictures: figures.py [FOLDER], by default beside this script.

They are what the commands below draw, in a palette of 256 colours, which takes a third of the bytes.
"""

import subprocess
import sys
from pathlib import Path

from PIL import Image

PICTURES = {
    "three-initialisers": "histogram --init 0.01 --init xavier --init he --layers 20",
    "sigmoid-xavier": "histogram --act sigmoid --init xavier",
    "sweep-relu": "sweep --quantity std --quantity gradient",
    "phases-tanh": "phases --act tanh --init he --init xavier --init 0.05",
}
MAX_BYTES = 150_000


def main(folder=Path(__file__).parent / "figures"):
    for name, command in PICTURES.items():
        path = Path(folder) / f"{name}.png"
        subprocess.run([sys.executable, "-m", "actprof", *command.split(), "--quiet", "-o", path], check=True,
                       stdout=subprocess.DEVNULL)
        with Image.open(path) as image:
            palette = image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        palette.save(path, optimize=True)
        size = path.stat().st_size
        print(f"{path}: {size:,} bytes" + (f", which is more than {MAX_BYTES:,}" if size > MAX_BYTES else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
