"""An environment in Python: a corridor of 12 fields with a prize at its end. It is checked, trained on and evaluated.

Prints something like:
    broken promises: []
    the way of 11 steps takes 11.0
"""

import numpy as np

import libarq


class Corridor:
    spec = libarq.EnvironmentSpec(libarq.ObservationSpec.discrete(12), libarq.Discrete(2), time_limit=200)

    def reset(self, seed):
        self.field, self.steps = 0, 0
        return self.field

    def step(self, action):
        if self.field == 11 or self.steps == 200:
            raise RuntimeError("the episode has ended: reset comes next")
        self.field = max(0, self.field + (1 if action == 1 else -1))
        self.steps += 1
        arrived = self.field == 11
        return self.field, float(arrived), arrived, not arrived and self.steps == 200


print("broken promises:", libarq.check_environment(Corridor))
training = libarq.train(Corridor(), preset="fast", total_steps=12000, rollout=64, epochs=4, batch=64,
                        exploration_steps=4000, gamma=0.9, evaluation_epsilon=0.0, evaluation_episodes=10)
print(f"the way of 11 steps takes {np.mean(training.evaluation.lengths):.1f}")
