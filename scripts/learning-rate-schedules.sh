#!/bin/sh
# Learning rates that fall with time, by two rules, on a small table that this script makes.
. "$(dirname "$0")/demo.sh"
title "Learning-rate schedules"

# 300 rows of four numbers, good where a + b is above c·d, with some noise: from a generator with a seed of its own.
awk 'BEGIN {
  srand(1); print "a,b,c,d,label"
  for (row = 0; row < 300; row++) {
    for (k = 1; k <= 4; k++) x[k] = int(2000 * rand() - 1000) / 1000
    print x[1] "," x[2] "," x[3] "," x[4] "," (x[1] + x[2] + 0.4 * (rand() - 0.5) > x[3] * x[4] ? "good" : "bad")
  }
}' >"$out/table.csv"

# step_of NAME LOOK SCHEDULE: one network, 40 epochs of batches of 25
step_of() {
  step "$1" "$2" train --data "$out/table.csv" --layers 1 --width 16 --act relu --init he --optimizer momentum:0.8 \
    --lr 0.1 --epochs "$(size 40 25)" --batch-size 25 --schedule constant --schedule "$3"
}

step_of time-based "lr/(1 + decay·epoch): look at the panel of the learning rate, and at the end of the loss." \
  time:decay=0.1
seen "The rate falls from {B.learning_rate[0]:.3g} to {B.learning_rate[-1]:.3g}; right in the end \
{A.test_accuracy:.0%} without and {B.test_accuracy:.0%} with it." 'B.learning_rate[-1] < 0.1 * 1.01 / 2'

step_of drop-based "Half of it every 10 epochs: the same with stairs." step:drop=0.5,every=10
seen "{len(set(B.learning_rate))} steps down to {B.learning_rate[-1]:.3g}; {A.test_accuracy:.0%} without and \
{B.test_accuracy:.0%} with it; guessing is right in {result.data.baseline_accuracy:.0%}." \
  'len(set(B.learning_rate)) > 2'
