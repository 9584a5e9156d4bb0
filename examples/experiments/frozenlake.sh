#!/bin/sh
# One ARQ cell on FrozenLake 4x4 beside the truth, without ice and on it. Fails unless every policy is optimal.
# usage: frozenlake.sh [quick]   FROZENLAKE: the program frozenlake; ARQ_PLUGIN_PATH: the games
set -eu
frozenlake=${FROZENLAKE:-frozenlake}
out=${OUT:-frozenlake}
if [ "${1:-}" = quick ]; then
    "$frozenlake" "$out-still" false 20000 1000 1
    exec "$frozenlake" "$out-slippery" true 1000000 3000 1
fi
"$frozenlake" "$out-still" false 20000 3000 3
exec "$frozenlake" "$out-slippery" true 1000000 5000 3 batch=256
