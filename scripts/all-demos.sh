#!/bin/sh
# All demos, one after the other: sh scripts/all-demos.sh [--interactive] [FOLDER]; each has a folder of its own there.
set -eu
scripts=$(dirname "$0")
interactive=
out=./demo-out
for argument in "$@"; do
  case $argument in
    --interactive) interactive=$argument ;;
    -*) echo "Usage: sh $0 [--interactive] [FOLDER]" >&2; exit 2 ;;
    *) out=$argument ;;
  esac
done
for demo in vanishing-and-exploding sigmoid-three-classics xavier-versus-he which-xavier framework-defaults dying-relu \
  symmetry selu-self-normalises batch-norm-forgives does-it-train learning-rate-schedules \
  cross-entropy-versus-squares edge-of-chaos residual-streams; do
  sh "$scripts/$demo.sh" ${interactive:+"$interactive"} "$out/$demo"
done
