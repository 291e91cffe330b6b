#!/bin/sh
# What a skip connection does to the signal: a stream that grows exponentially, by a power law, or not at all.
. "$(dirname "$0")/demo.sh"
title "Residual streams"
width=$(size 200 60)
blocks=$(size 30 16)

step plain "He and ReLU behind a skip connection, x + f(x), $blocks blocks." \
  histogram --residual plain --layers "$blocks" --width "$width" --batch-size 200
seen "Each block doubles the square of the stream: std {A.layers[0].stream.std:.2g} → {A.layers[-1].stream.std:.2g}, \
gradients ×{A.layers[0].gradient.ratio:.2g}. Verdict: {A.verdict.code}." \
  'A.verdict.code == "exploding" and A.layers[-1].stream.std > 30'

step tamed "Branches that see a normalised stream, and branches × 1/√L." \
  histogram --residual pre_norm --residual depth --layers "$blocks" --width "$width" --batch-size 200
seen "Behind a normalisation it grows like √(1+l), to {A.layers[-1].stream.std:.2g}; with 1/√L by √e at most, to \
{B.layers[-1].stream.std:.2g}." \
  'A.layers[-1].stream.std < 8 and B.layers[-1].stream.std < 3'

step closed "A last matrix of 0 (Fixup) and α = 0 (SkipInit): the stack begins as the identity." \
  histogram --residual fixup --residual skipinit --layers "$blocks" --width "$width" --batch-size 200
seen "std of the stream: {A.layers[-1].stream.std:.4f} and {B.layers[-1].stream.std:.4f}, that of the inputs." \
  'abs(A.layers[-1].stream.std - B.layers[-1].stream.std) < 1e-6'
