#!/bin/sh
# Three scales of the weights below sigmoids, and why a histogram alone is not to be trusted.
. "$(dirname "$0")/demo.sh"
title "Sigmoid: three classics"
width=$(size 100 50)

step saturated "Weights N(0, 1). Where do the values pile up?" \
  histogram --act sigmoid --init 1 --width "$width" --range 0 1
seen "At 0 and 1: {A.layers[0].activation.saturated_fraction:.0%} of layer 1 lie where the sigmoid is flat. Gradients come \
back ×{A.layers[0].gradient.ratio:.2g}." 'A.layers[0].activation.saturated_fraction > 0.3'

step all-alike "Weights N(0, 0.01²). Where now?" \
  histogram --act sigmoid --init 0.01 --width "$width" --range 0 1
seen "At {A.layers[-1].activation.mean:.2f}, with std {A.layers[-1].activation.std:.2g}: all units say the same." \
  'A.layers[-1].activation.std < 0.05'

step looks-healthy "Xavier. Each histogram is broad. Look at the column in-unit std before you believe it." \
  histogram --act sigmoid --init xavier --width "$width" --range 0 1
seen "Layer 5 has std {A.layers[-1].activation.std:.2g}, which looks healthy; within a unit, over the inputs, only \
{A.layers[-1].activation.within_unit_std:.2g} of it is left. Every input gives the same answer: {A.verdict.code}." \
  'A.verdict.code == "collapsed"'
