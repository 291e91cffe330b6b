#!/bin/sh
# Which of the two scales suits which activation, and why √2.
. "$(dirname "$0")/demo.sh"
title "Xavier versus He"
width=$(size 100 50)

step relu "ReLU, 20 layers, on the same inputs and the same draws. Which of the two keeps its std?" \
  histogram --init xavier --init he --layers 20 --width "$width"
seen "Xavier falls to {A.layers[-1].activation.std:.2g}, He is at {B.layers[-1].activation.std:.2g}: ReLU drops half of \
the values ({B.layers[0].activation.zero_fraction:.0%} here), so that the variance must be doubled." \
  'A.layers[-1].activation.std < B.layers[-1].activation.std / 100'

step tanh "tanh, 20 layers. Is the larger scale better here too? Look at saturation and at the gradients." \
  histogram --act tanh --init xavier --init he --layers 20 --width "$width"
seen "Xavier's std fades slowly to {A.layers[-1].activation.std:.2g}, its gradients come back ×\
{A.layers[0].gradient.ratio:.2g}. He keeps std {B.layers[-1].activation.std:.2g}, and its gradients come back ×\
{B.layers[0].gradient.ratio:.2g}." 'A.layers[-1].activation.std < B.layers[-1].activation.std'

step gains "What theory says: the gain that keeps the variance, for each activation." gain relu tanh
seen "relu {A.gain_forward:.4g} = √2 (He), tanh {B.gain_forward:.4g} forward, but {B.critical_sigma_w:.4g} at its edge \
of chaos (Xavier)." 'abs(B.critical_sigma_w - 1) < 1e-9'
