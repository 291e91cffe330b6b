#!/bin/sh
# SELU draws mean and variance to 0 and 1 by itself, if one lets it.
. "$(dirname "$0")/demo.sh"
title "SELU normalises itself"
width=$(size 256 64)

step fifty-layers "50 layers of SELUs with LeCun's weights. Look at mean and std." \
  histogram --act selu --init lecun_normal --layers 50 --width "$width"
seen "Layer 50 has mean {A.layers[-1].activation.mean:.2f} and std {A.layers[-1].activation.std:.2f}." \
  'abs(A.layers[-1].activation.std - 1) < 0.3'

step wrong-inputs "Inputs with std 3 in place of 1: does it find back?" \
  histogram --act selu --init lecun_normal --layers 50 --width "$width" --input normal:std=3
seen "std {A.layers[0].activation.std:.2f} in layer 1, {A.layers[9].activation.std:.2f} in layer 10, \
{A.layers[-1].activation.std:.2f} in layer 50: the fixed point attracts." \
  'abs(A.layers[-1].activation.std - 1) < 0.3'

step wrong-weights "And with He's weights, of twice the variance?" \
  histogram --act selu --init he --layers 50 --width "$width"
seen "std {A.layers[-1].activation.std:.2g} in layer 50: {A.verdict.code}." 'A.layers[-1].activation.std > 3'
seen "It is the variance of the weights that makes the fixed point: {A.verdict.remedy}." 'A.verdict.remedy'
