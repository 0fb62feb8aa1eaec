"""Rewards: what a sampled answer is worth, part by part, and whether it is an answer at all."""

from redink.rewards.degenerate import FAULTS, faults
from redink.rewards.marked import Marked
from redink.rewards.parts import ANSWER_FORMS, AnswerForm, answer_form_of
from redink.rewards.penalty import PENALTY_FORMS, PenaltyForm, replaced
from redink.rewards.reward import Reward
from redink.rewards.rollout import Finish, Rollout
from redink.rewards.rules import FaultRules, fault_rules
from redink.rewards.settings import NEEDED, PARTS, Part, check_reward
from redink.rewards.tasks import critique_task, is_critique_task, with_critique_tasks

__all__ = [
    "ANSWER_FORMS",
    "FAULTS",
    "NEEDED",
    "PARTS",
    "PENALTY_FORMS",
    "AnswerForm",
    "FaultRules",
    "Finish",
    "Marked",
    "Part",
    "PenaltyForm",
    "Reward",
    "Rollout",
    "answer_form_of",
    "check_reward",
    "critique_task",
    "fault_rules",
    "faults",
    "is_critique_task",
    "replaced",
    "with_critique_tasks",
]
