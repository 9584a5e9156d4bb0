#!/bin/sh
# ARQ, AD and DQN with the whole budget of `fast` on the five MinAtar games.
# usage: minatar.sh [quick]      CURVES: the program curves; ARQ_PLUGIN_PATH: the games
set -eu
curves=${CURVES:-curves}
out=${OUT:-minatar}
steps=0 # the preset's own
seeds=3
if [ "${1:-}" = quick ]; then
    steps=6000
    seeds=1
fi
for game in breakout freeway space_invaders seaquest asterix; do
    "$curves" "$out-$game" "minatar/$game" 0 "$steps" "$seeds" arq:fast ad:fast,network=ad dqn:fast,network=dqn
done
