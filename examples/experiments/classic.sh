#!/bin/sh
# AD, ARQ and DQN on classic control with one schedule. Rewards of -1 make every Q of Acrobot and MountainCar negative,
# which ARQ's standard deviation cannot be: arq-mean has the mean of y for Q.
# usage: classic.sh [quick]      CURVES: the program curves; ARQ_PLUGIN_PATH: the games
set -eu
curves=${CURVES:-curves}
out=${OUT:-classic}
schedule=widths=64+48,heads=4,learning_rate=0.0005,batch=64,train_period=2,learning_starts=1000,target_period=200
schedule=$schedule,exploration_steps=10000,replay_capacity=50000
steps=50000
seeds=3
if [ "${1:-}" = quick ]; then
    steps=1500
    seeds=1
fi
dense=$(echo "$schedule" | sed 's/heads=4,//')
for game in cartpole acrobot mountaincar; do
    "$curves" "$out-$game" "classic/$game" 0 "$steps" "$seeds" \
        "ad:replay-fast,network=ad,recurrent=true,top_down=true,$schedule" \
        "arq:replay-fast,network=arq,recurrent=true,top_down=true,$schedule" \
        "arq-mean:replay-fast,network=arq,goodness=mean,recurrent=true,top_down=true,$schedule" "dqn:replay-fast,network=dqn,$dense"
done
