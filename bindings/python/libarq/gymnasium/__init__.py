"""libarq and Gymnasium, both ways.

Importing this module registers every built-in game, as "libarq/minatar-breakout-v0", for gymnasium.make() and
gymnasium.make_vec(); "libarq.gymnasium:libarq/minatar-breakout-v0" does the import by itself. The other way,
from_gymnasium() makes a libarq.Environment of a Gymnasium one; libarq.train(env) does so unasked.
"""

from .adapter import from_gymnasium
from .registration import gymnasium_id, register
from .single import GameEnv
from .vector import GameVectorEnv

__all__ = ["GameEnv", "GameVectorEnv", "from_gymnasium", "gymnasium_id", "register"]

register()
