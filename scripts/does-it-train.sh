#!/bin/sh
# From the histogram before training to the loss curve after: does the verdict foretell it?
. "$(dirname "$0")/demo.sh"
title "Does it train?"
width=$(size 100 50)

step before "Digits through four layers, three initialisers. Which of the three will learn first?" \
  histogram --input glyphs --init 0.01 --init xavier --init he --layers 4 --width "$width"
seen "Gradients come back ×{A.layers[0].gradient.ratio:.1g}, ×{B.layers[0].gradient.ratio:.2g} and \
×{C.layers[0].gradient.ratio:.2g}: {A.label.split()[0]} is {A.verdict.code}." 'A.verdict.code != "healthy"'

step after "Now train them, on the same batches." \
  train --init 0.01 --init xavier --init he --width "$width" --iterations "$(size 500 150)"
seen "Loss at the start {A.initial_loss:.2f}, {B.initial_loss:.2f}, {C.initial_loss:.2f}; in the end \
{A.test_loss:.2f}, {B.test_loss:.2f}, {C.test_loss:.2f}." 'C.test_loss < B.test_loss < A.test_loss'
seen "An undecided network has {A.undecided_loss:.3f}, the logarithm of 10 classes; the first one is still there: \
{A.status.replace('_', ' ')}, for: {A.cause}." 'A.status == "not_learning"'
