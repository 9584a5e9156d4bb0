"""libarq's agent in a Gymnasium environment, and libarq's games as a Gymnasium vector environment.

Prints something like:
    CartPole-v1: 1 cell learned for 5000 steps, mean return of the last 100 episodes 39.0
    64 games of libarq/minatar-breakout-v0: 6400 steps, 629 episodes
"""

import gymnasium
import numpy as np

import libarq
import libarq.gymnasium

with gymnasium.make("CartPole-v1") as env:
    training = libarq.train(env, total_steps=5000, rollout=256, epochs=4, td_lambda=0.9, batch=64,
                            exploration_steps=3000, evaluate=False)
    print(f"CartPole-v1: {training.network.cells} cell learned for {training.run.steps} steps, "
          f"mean return of the last 100 episodes {training.run.mean_return:.1f}")

games = gymnasium.make_vec("libarq/minatar-breakout-v0", num_envs=64)
games.reset(seed=1)
games.action_space.seed(1)
episodes = 0
for _ in range(100):
    observations, rewards, terminated, truncated, infos = games.step(games.action_space.sample())
    episodes += np.count_nonzero(terminated | truncated)
print(f"{games.num_envs} games of libarq/minatar-breakout-v0: {100 * games.num_envs} steps, {episodes} episodes")
