#!/bin/sh
# The same 20 layers of ReLUs with weights too small, too large and right.
. "$(dirname "$0")/demo.sh"
title "Vanishing and exploding"
width=$(size 100 50)

step too-small "Weights N(0, 0.01²), the habit of the years before 2010. Look at the column std, from layer to layer." \
  histogram --init 0.01 --layers 20 --width "$width"
seen "It is {A.verdict.code}: std {A.layers[0].activation.std:.2g} in layer 1, \
{A.layers[-1].activation.std:.2g} in layer 20." 'A.verdict.code == "vanishing"'
seen "What comes back to layer 1 is {A.layers[0].gradient.ratio:.2g} of the gradient: it will not learn." \
  'A.layers[0].gradient.ratio < 1e-6'

step too-large "Now weights N(0, 1). Look at the same column." \
  histogram --init 1 --layers 20 --width "$width"
seen "Now std grows from {A.layers[0].activation.std:.2g} to {A.layers[-1].activation.std:.2g}: \
{A.verdict.code}." 'A.verdict.code == "exploding"'

step just-right "He: N(0, 2/n). A layer multiplies the mean square by half of n·Var W, so that this keeps it." \
  histogram --init he --layers 20 --width "$width"
seen "std stays near one value, {A.layers[0].activation.std:.2g} in layer 1 and {A.layers[-1].activation.std:.2g} in \
layer 20; theory expects {A.layers[-1].theory.std:.2g}." '0.1 < A.layers[-1].activation.std < 5'

step every-gain "And between? Each cell is a network: across the gain of its weights, up its layers." \
  sweep --over "gain=1:2:$(size 21 3)" --over layers=5:50:$(size 10 2) --width "$width" --quantity gradient
seen "Only a narrow band around gain {result.lines[0].points[0][0]:.4g} = √2 keeps the gradient, and it narrows with \
depth." 'abs(result.lines[0].points[0][0] - 2**0.5) < 1e-9'
