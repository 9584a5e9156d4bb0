#!/bin/sh
# FF-DQN and DQN on CartPole capped at 200, the poster's task, 700 episodes: the released settings, and preset ff-dqn on
# observations of one size, beside the same network with its features never trained and a DQN of the same schedule.
# usage: cartpole.sh [quick]     CURVES: the program curves; ARQ_PLUGIN_PATH: the games
set -eu
curves=${CURVES:-curves}
out=${OUT:-cartpole}
task='classic/cartpole?limit=200'
same=gamma=0.95,tau=0.01,target_period=1,replay_capacity=140000,epsilon_end=0
episodes=700
seeds=4
poster=poster:ffdqn-released,ff_variant=poster,ff_update_probability=1
if [ "${1:-}" = quick ]; then
    episodes=150
    seeds=2
    poster=
fi
# shellcheck disable=SC2086 # no poster, no argument
"$curves" "$out-released" "$task" "$episodes" 0 "$seeds" ff-dqn:ffdqn-released $poster \
    untrained:ffdqn-released,ff_update_probability=0 dqn:dqn-released
"$curves" "$out" "$task&scaled=true" "$episodes" 0 "$seeds" ff-dqn:ff-dqn untrained:ff-dqn,ff_update_probability=0 \
    "dqn:dqn-released,$same"
