#!/bin/sh
# How deep a network can be: ordered, chaotic, and the line between.
. "$(dirname "$0")/demo.sh"
title "The edge of chaos"
width=$(size 300 60)

step phases "Theory's plane for tanh: across the scale of the weights, up that of the biases. Where are the dots?" \
  phases --act tanh --init xavier --init he --init 0.05
seen "Layers that can be trained: {'; '.join(f'{dot.label}, {dot.phase}: ' + \
(f'{dot.trainable_layers:.0f}' if dot.trainable_layers else 'any number') for dot in A.schemes)}." \
  '{dot.phase for dot in A.schemes} >= {"ordered", "chaotic"}'

step three-phases "Three networks, 40 layers of tanh with biases. Look at correlation: how alike are different inputs?" \
  histogram --act tanh --bias normal:std=0.3 --init lecun:gain=1 --init lecun:gain=1.395 --init lecun:gain=2.5 \
  --layers 40 --width "$width" --view curves
seen "In layer 40 two inputs have the cosine {A.layers[-1].activation.correlation:.6f}: {A.verdict.code}; at the edge \
{B.layers[-1].activation.correlation:.2f}: {B.verdict.code}; in chaos {C.layers[-1].activation.correlation:.2f}: \
{C.verdict.code}." \
  'A.layers[-1].activation.correlation > 0.999 and C.layers[-1].activation.correlation < 0.5'
seen "χ of theory is {A.layers[-2].theory.chi:.2f}, {B.layers[-2].theory.chi:.2f} and {C.layers[-2].theory.chi:.2f} a \
layer: gradients come back ×{A.layers[0].gradient.ratio:.1g}, ×{B.layers[0].gradient.ratio:.1g} and \
×{C.layers[0].gradient.ratio:.1g}." 'A.layers[0].gradient.ratio < B.layers[0].gradient.ratio < C.layers[0].gradient.ratio'

step map "And between them: the gradient that layer 1 gets, over gain and depth." \
  sweep --act tanh --over "gain=0.8:2:$(size 25 3)" --init lecun --over layers=5:50:$(size 10 2) --width "$(size 100 20)" \
  --quantity gradient
seen "The edge is at σ_w = {result.lines[0].points[0][0]:.4g}." 'abs(result.lines[0].points[0][0] - 1) < 1e-6'
