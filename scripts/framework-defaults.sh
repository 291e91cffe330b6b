#!/bin/sh
# What a dense layer gets when nobody says anything, in PyTorch, Keras, JAX's Flax and Haiku.
. "$(dirname "$0")/demo.sh"
title "The frameworks' defaults"
defaults="torch.linear keras.dense flax.dense haiku.linear"

step four-defaults "One layer of 100 inputs and units, four frameworks. Are their weights of one size?" \
  bounds $(printf -- '--scheme %s ' $defaults) --fan-in 100
seen "PyTorch {A.std[0]:.4f}, Keras {B.std[0]:.4f}, Flax {C.std[0]:.4f}, Haiku {D.std[0]:.4f}: PyTorch's variance is a \
third; Haiku cuts a normal at ±2 std and does not make up for it." 'abs(A.std[0] - B.std[0] / 3**0.5) < 1e-9'

step twenty-layers "20 layers of ReLUs with each of them. Which default would you leave as it is?" \
  histogram $(printf -- '--init %s ' $defaults) --layers 20 --width "$(size 100 50)"
seen "None: what differs between inputs, the in-unit std, is {A.layers[-1].activation.within_unit_std:.1g}, \
{B.layers[-1].activation.within_unit_std:.1g}, {C.layers[-1].activation.within_unit_std:.1g} and \
{D.layers[-1].activation.within_unit_std:.1g} in layer 20; {A.label.split()[0]} is {A.verdict.code}." \
  'all(arm.verdict.code in ("vanishing", "collapsed") for arm in result.arms)'
seen "What to do, says the first verdict: {A.verdict.remedy}." 'A.verdict.remedy'
