#!/bin/sh
# FF-DQN and DQN on CartPole capped at 200, the poster's task: 700 episodes, the released settings.
# usage: cartpole.sh [quick]     CURVES: the program curves; ARQ_PLUGIN_PATH: the games
set -eu
curves=${CURVES:-curves}
out=${OUT:-cartpole}
task='classic/cartpole?limit=200'
if [ "${1:-}" = quick ]; then
    exec "$curves" "$out" "$task" 60 0 2 ff-dqn:ffdqn-released untrained:ffdqn-released,ff_update_probability=0 \
        dqn:dqn-released
fi
stable=tau=0.01,target_period=1,epsilon_end=0
exec "$curves" "$out" "$task" 700 0 4 \
    ff-dqn:ffdqn-released \
    poster:ffdqn-released,ff_variant=poster,ff_update_probability=1 \
    untrained:ffdqn-released,ff_update_probability=0 \
    dqn:dqn-released \
    "ff-dqn-stable:ffdqn-released,$stable,gamma=0.95,ff_margin=0.1,learning_rate=0.00001" \
    "untrained-stable:ffdqn-released,$stable,gamma=0.95,ff_update_probability=0" \
    "dqn-stable:dqn-released,$stable,gamma=0.95"
