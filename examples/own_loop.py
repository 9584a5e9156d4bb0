"""The program owns the loop: a room whose heater an agent learns to switch. No environment object is involved.

Prints something like:
    steps     1 ..  2000: 17% within 1 degree
    steps 18001 .. 20000: 95% within 1 degree
"""

import numpy as np

import libarq

STEPS, REPORT = 20000, 2000
agent = libarq.Agent(2, 3, preset="fast", total_steps=STEPS, rollout=256, epochs=4, batch=32, learning_rate=0.003,
                     gamma=0.9, exploration_steps=8000)
room = outside = 5.0
good = 0


def look():
    return np.array([room / 30, outside / 30], np.float32)


for step in range(STEPS):
    if step % 100 == 0:
        room, outside = 15.0, 5.0 + step // 100 % 10
        agent.begin(look())
    power = agent.act()
    room += 0.1 * (outside - room) + 1.5 * power
    error = abs(room - 20)
    agent.observe(max(0.0, 1 - error / 10), look(), truncated=step % 100 == 99)
    good += error < 1
    if step + 1 == REPORT or step + 1 == STEPS:
        print(f"steps {step + 2 - REPORT:5d} .. {step + 1:5d}: {100 * good // REPORT}% within 1 degree")
    if (step + 1) % REPORT == 0:
        good = 0
