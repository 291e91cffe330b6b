#!/bin/sh
# One sigmoid that starts out saturated and wrong: why classifiers do not minimise squares.
. "$(dirname "$0")/demo.sh"
title "Cross-entropy versus squares"

# The input is 1 and the label 0, in all rows but one, which is there for the name of the other class.
{ echo x,label; yes 1,no | head -40; echo 0,yes; } >"$out/one.csv"

step saturated-start "One sigmoid with weight 5, and a target of 0: look at how long each loss stays up." \
  train --data "$out/one.csv" --layers 0 --init constant:5 --loss mse --loss binary_cross_entropy --lr 0.1 \
  --iterations "$(size 400 100)" --batch-size 20
seen "After a quarter of the steps the squares have lost {1 - A.smoothed[len(A.loss) // 4] / A.smoothed[0]:.0%} of \
their loss, cross-entropy {1 - B.smoothed[len(B.loss) // 4] / B.smoothed[0]:.0%}: the slope of the sigmoid, \
σ(5)·σ(−5) = 0.0066, is a factor in the gradient of squares, and cancels in that of cross-entropy." \
  '1 - A.smoothed[len(A.loss) // 4] / A.smoothed[0] < 0.5 < 1 - B.smoothed[len(B.loss) // 4] / B.smoothed[0]'

step right-start "From the weight 0, where the sigmoid is steep, both learn." \
  train --data "$out/one.csv" --layers 0 --init zeros --loss mse --loss binary_cross_entropy --lr 0.1 \
  --iterations "$(size 400 100)" --batch-size 20
seen "They end at {A.final_loss / A.initial_loss:.0%} and {B.final_loss / B.initial_loss:.0%} of their first loss." \
  'A.final_loss < 0.8 * A.initial_loss and B.final_loss < 0.8 * B.initial_loss'
