"""How good a critic is: does it find the first error, and are the refinements after it right?"""

from redink.critics.estimate import CriticEstimate, estimate_critics
from redink.critics.evaluation import CriticRow, evaluate_critic
from redink.critics.figures import CriticFigures, critic_figures
from redink.critics.judgement import Judgement
from redink.critics.loop import LoopFigures, closed_loop
from redink.critics.marked_set import MarkedSet, marked_set
from redink.critics.settings import CriticSettings

__all__ = [
    "CriticEstimate",
    "CriticFigures",
    "CriticRow",
    "CriticSettings",
    "Judgement",
    "LoopFigures",
    "MarkedSet",
    "closed_loop",
    "critic_figures",
    "estimate_critics",
    "evaluate_critic",
    "marked_set",
]
