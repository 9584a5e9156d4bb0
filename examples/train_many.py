"""One network learns from many environments side by side: by id, and from Gymnasium with a process for each.

    python3 train_many.py [STEPS]

Prints something like:
    64 x minatar/breakout: 3125 steps of all in 5.9 s, 7206 episodes
    mean return 5.470 +- 0.191 over 100 episodes
    longest: instance 43, 130 steps, terminated
    2 x CartPole-v1 in processes: mean return 85.400 over 20 episodes
"""

import sys

import gymnasium

import libarq

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
SETTINGS = {"widths": 32, "exploration_steps": STEPS // 4}
CONTROL = {**SETTINGS, "rollout": 512, "epochs": 2, "td_lambda": 0.9, "exploration_steps": STEPS // 20}


class Longest(libarq.Callback):
    """Hears of every episode, whichever of the environments it was played in."""

    episode = None

    def on_episode(self, training, episode):
        if self.episode is None or episode.length > self.episode.length:
            self.episode = episode


def cartpole():
    """Made once in each process; any slow environment in Python does as well."""
    return gymnasium.make("CartPole-v1")


def main():
    longest = Longest()
    games = libarq.Training("minatar/breakout", environments=64, total_steps=STEPS, threads=0,
                            callbacks=[longest], progress=False, **SETTINGS)
    with games:
        games.learn()
        rounds = games.run.steps // games.run.instances
        print(f"64 x {games.name}: {rounds} steps of all in {games.seconds:.1f} s, {len(games.episodes)} episodes")
        print(games.evaluate(episodes=100, compare=False))
        episode = longest.episode
        print(f"longest: instance {episode.instance}, {episode.length} steps, {episode.end}")

    with libarq.train([cartpole] * 2, total_steps=STEPS // 5, evaluation_episodes=20, progress=False,
                      **CONTROL) as processes:
        score = processes.evaluation
        print(f"2 x CartPole-v1 in processes: mean return {score.mean:.3f} over {len(score.returns)} episodes")


if __name__ == "__main__":
    main()
