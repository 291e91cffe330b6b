#!/bin/sh
# With batch normalisation the signal forgets the scale of the weights; a step of learning does not.
. "$(dirname "$0")/demo.sh"
title "Batch normalisation forgives"
width=$(size 100 50)

step without "Weights N(0, 1) and N(0, 0.01²), ReLU, 10 layers." \
  histogram --init 1 --init 0.01 --layers 10 --width "$width"
seen "std of layer 10: {A.layers[-1].activation.std:.2g} and {B.layers[-1].activation.std:.2g}."

step with "The same, each layer normalised over the batch before its ReLU." \
  histogram --init 1 --init 0.01 --layers 10 --width "$width" --norm batch
seen "std of layer 10: {A.layers[-1].activation.std:.4f} and {B.layers[-1].activation.std:.4f}. The scale is gone." \
  'abs(A.layers[-1].activation.std - B.layers[-1].activation.std) < 0.05'

step learning "Does learning forget it too? Both scales, without and with." \
  train --init 1 --init 0.01 --norm none --norm batch --iterations "$(size 200 60)" --layers 3 --width "$width"
seen "Right in the end: {', '.join(f'{arm.label} {arm.test_accuracy:.0%}' for arm in result.arms)}. \
Normalised, both signals are alike, yet a step is worth lr/‖W‖²: large weights learn slowly." \
  'result.arms[3].test_accuracy > result.arms[2].test_accuracy'
