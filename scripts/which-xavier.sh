#!/bin/sh
# Four initialisers have the name Xavier, and they are not the same.
. "$(dirname "$0")/demo.sh"
title "Which Xavier?"

step four-of-one-name "784 inputs, 100 units. The same name in four places: which of them draws the largest weights?" \
  bounds --scheme lecun_normal --scheme glorot_normal --scheme glorot_uniform --scheme fan_in_uniform \
  --fan-in 784 --fan-out 100
seen "Textbooks: {A.formula}, std {A.std[0]:.4f}. The paper's variance, PyTorch's xavier_normal_: {B.formula}, std \
{B.std[0]:.4f}."
seen "The paper's eq. 16, Keras's default: {C.formula}, std {C.std[0]:.4f} too, but bounded by {C.bound[0]:.4f}. Blogs: \
{D.formula}, std {D.std[0]:.4f}." 'abs(B.std[0] - C.std[0]) < 1e-12'

step does-it-matter "Does it matter? tanh, 784 inputs, 20 layers." \
  histogram --act tanh --init lecun_normal --init glorot_normal --init glorot_uniform --init fan_in_uniform \
  --widths "$(size 784 300),100$(printf ',100%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19)"
seen "std of layer 1: {A.layers[0].activation.std:.2f}, {B.layers[0].activation.std:.2f}, \
{C.layers[0].activation.std:.2f}, {D.layers[0].activation.std:.2f}. Of layer 20: \
{A.layers[-1].activation.std:.2g}, {B.layers[-1].activation.std:.2g}, {C.layers[-1].activation.std:.2g}, and of the \
last {D.layers[-1].activation.std:.2g}." 'D.layers[-1].activation.std < 0.01 * A.layers[-1].activation.std'
