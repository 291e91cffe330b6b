#!/bin/sh
# Units of a ReLU network that are 0 for every input, which no gradient reaches.
. "$(dirname "$0")/demo.sh"
title "Dying ReLUs"

step learning-rates "He, the learning rates 0.01 and 1. Look at the column dead units, and at the panels of them." \
  train --init he --lr 0.01 --lr 1 --iterations "$(size 400 100)" --layers 3 --width "$(size 100 50)"
seen "At lr 0.01 {A.dead_fraction[-1]:.0%} of the last hidden layer's units are dead, at lr 1 \
{B.dead_fraction[-1]:.0%}: one step too large, and they never come back." 'B.dead_fraction[-1] > A.dead_fraction[-1]'
seen "Tested, {A.test_accuracy:.0%} against {B.test_accuracy:.0%} right, where guessing gives \
{result.data.baseline_accuracy:.0%}."

step born-dead "Units may be dead before any training: biases of −1." \
  histogram --init he --bias constant:-1 --layers 3 --width "$(size 100 50)"
seen "{A.layers[-1].activation.dead_fraction:.0%} of the units of layer 3 are 0 for all \
{A.config.samples:,} inputs." 'A.layers[-1].activation.dead_fraction > 0.3'

step leaky "A leaky ReLU cannot die: its slope on the left is not 0." \
  histogram --init he --act leaky_relu:0.1 --bias constant:-1 --layers 3 --width "$(size 100 50)"
seen "Dead units: {sum(layer.activation.dead_units for layer in A.layers)}." 'A.layers[-1].activation.dead_units == 0'
