#!/bin/sh
# ARQ, AD and DQN with the whole budget of `replay-fast` on the five MinAtar games.
# usage: minatar.sh [quick]      CURVES: the program curves; ARQ_PLUGIN_PATH: the games
set -eu
curves=${CURVES:-curves}
out=${OUT:-minatar}
preset=replay-fast # and its total_steps: no other limit is given
seeds=3
if [ "${1:-}" = quick ]; then
    preset=replay-fast,total_steps=6000
    seeds=1
fi
for game in breakout freeway space_invaders seaquest asterix; do
    "$curves" "$out-$game" "minatar/$game" 0 0 "$seeds" "arq:$preset" "ad:$preset,network=ad" "dqn:$preset,network=dqn"
done
