"""What batch normalisation forgives: accuracy over 20 epochs for 16 scales of the weights, 4 × 4 planes.

The forward signal forgets the scale s, so every scale learns; the step does not. Relative to the weights it is worth
lr/‖W‖², so that large scales learn slowly.

The classic of Saito's Deep Learning from Scratch, chapter 6: five hidden layers of 100 units, the first 1000 training
rows, batches of 100, lr 0.01, weights N(0, s²) with s from 1 to 0.0001. Usage: batchnorm_grid.py [FILE.png]
"""

import sys

import numpy as np

import actprof
from actprof.report.style import THEMES, matplotlib_set_up

SCALES = [f"{scale:.4g}" for scale in np.logspace(0, -4, 16)]
LOOKS = {"none": {"linestyle": "--", "color": THEMES["light"].arms[1]}, "batch": {"color": THEMES["light"].arms[0]}}


def main(path="batchnorm-grid.png"):
    learned = actprof.train(train_size=1000, init=SCALES, norm=list(LOOKS), layers=5, batch_size=100, epochs=20)
    runs = {arm.label: arm.median_run for arm in learned.arms}
    with matplotlib_set_up():
        from matplotlib.figure import Figure

        figure = Figure((16, 12), dpi=100, layout="constrained")
        for axes, init in zip(figure.subplots(4, 4, sharex=True, sharey=True).flat, SCALES, strict=True):
            for norm, look in LOOKS.items():
                run = runs[f"{init} / {norm}"]
                axes.plot(run.checkpoints / 10, 100 * run.test_accuracy, label=f"norm {norm}", linewidth=2, **look)
            axes.set(title=f"W ~ N(0, {init}²)", ylim=(0, 100))
        figure.axes[0].legend()
        figure.supxlabel("epoch")
        figure.supylabel("test accuracy in %")
        figure.savefig(path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
