#!/bin/sh
# Why weights must be drawn at random: equal units stay equal.
. "$(dirname "$0")/demo.sh"
title "Symmetry"
width=$(size 50 20)

step all-equal "All weights 0, all 1, all 0.1. Look at the verdicts." \
  histogram --init zeros --init ones --init constant:0.1 --act sigmoid --layers 3 --width "$width"
seen "Between the units of layer 1 the spread is {A.layers[0].activation.between_unit_std:.1g}, \
{B.layers[0].activation.between_unit_std:.1g} and {C.layers[0].activation.between_unit_std:.1g}: $width units are one \
unit." 'all(arm.layers[0].activation.between_unit_std < 1e-6 for arm in result.arms)'

step train-them "Will learning tell them apart? Against Xavier." \
  train --init zeros --init constant:0.1 --init xavier --act sigmoid --layers 1 --width "$width" \
  --iterations "$(size 400 150)" --lr 0.5
seen "With equal weights {A.test_accuracy:.0%} and {B.test_accuracy:.0%} are right in the end, with drawn ones \
{C.test_accuracy:.0%}: equal units get equal gradients." \
  'C.test_accuracy > 1.5 * max(A.test_accuracy, B.test_accuracy)'

step no-hidden-layer "Without a hidden layer zeros are fine: each output has a target of its own." \
  train --init zeros --layers 0 --iterations "$(size 400 150)" --lr 0.1
seen "{A.test_accuracy:.0%} right." 'A.test_accuracy > 0.5'
