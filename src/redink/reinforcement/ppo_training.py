"""The steps of a training by PPO, and what they need to go on after a kill."""

import time
from collections.abc import Sequence
from typing import Any, TypeVar

from transformers import TrainerControl, TrainerState

from redink.errors import ModelError
from redink.progress import Progress
from redink.records import Json
from redink.reinforcement.collecting import Collector, Sample, together
from redink.reinforcement.experience import EnginesView, Seen, cut, lessons
from redink.reinforcement.importance import require_near
from redink.reinforcement.kept_steps import StepKeeper
from redink.reinforcement.order import ProblemOrder
from redink.reinforcement.ppo_checkpoint import load_state, save_state
from redink.reinforcement.ppo_figures import numbers, require_finite, show, told
from redink.reinforcement.ppo_learner import PPOLearner
from redink.reinforcement.ppo_task import PPOTask
from redink.reinforcement.rollouts import LoggedRollout, RolloutLog, figures_of, logged
from redink.reinforcement.samplers import open_sampler
from redink.reinforcement.validation import PolicyValidation
from redink.rewards import replaced
from redink.training.batches import largest_micro_batch
from redink.training.callbacks import CheckpointCallback
from redink.training.checkpoints import Checkpoint, newest_checkpoint
from redink.training.group import agreed, is_first, place, process_count
from redink.training.lora import merged_copy
from redink.training.result import CHECKPOINTS
from redink.training.tracking import tracking_of

T = TypeVar("T")


class PPOTraining:
    """A training's models, logs and clocks.

    Args:
        task: the training.
    """

    def __init__(self, task: PPOTask) -> None:
        ppo, method = task.algorithm, task.method
        self.task, self.ppo = task, ppo
        self.tokenizer = task.tokenizer
        policy = method.prepared(method.load(task.student), ppo.seed)
        self.sampler = open_sampler(
            policy,
            self.tokenizer,
            task.student,
            task.drawing,
            task.sampler,
            batch_size=task.settings.get("batch_size") or 64,
            exact=method.precision == "fp32",
        )
        self.tracking = tracking_of(task.out)
        self.learner = PPOLearner(
            policy, ppo, task.drawing.temperature, method.precision, self.tracking
        )
        self.order = ProblemOrder(task.problems, ppo.seed)
        self.collector = Collector(
            self.sampler,
            task.reward,
            self.order,
            problems=ppo.problems_per_step,
            samples=ppo.samples,
        )
        self.log = RolloutLog(task.out)
        self.state = TrainerState(max_steps=ppo.steps, is_world_process_zero=is_first())
        self.control = TrainerControl()
        self.watcher = self._watcher()
        self.keeper = self._keeper()
        self.saver = self._saver(0.0)
        self.steps: list[Json] = []
        """The lines of `steps.jsonl`, in the first process."""

    @property
    def done(self) -> int:
        """Steps that are done."""
        return int(self.state.global_step)

    def close(self) -> None:
        """Ends what draws."""
        self.sampler.close()

    def begin(self) -> None:
        """Goes back to the last checkpoint, or to the beginning."""
        task, folder = self.task, self.task.out / CHECKPOINTS
        found: Checkpoint | None = agreed(lambda: newest_checkpoint(folder, task.key))
        if found is not None:
            task.say(f"going on from step {found.step}")
            load_state(self.learner, self.order, found.folder)
            self.sampler.refresh(self.learner.policy)
            self.state.global_step = found.step
            self.saver = self._saver(found.facts["seconds"])
        if is_first():
            self.steps = self.log.rewind(self.done)
        self._tell("on_train_begin")

    def run(self, bar: Progress) -> None:
        """Takes every step that is left."""
        with told(self.learner.accelerator, self.tracking, self.task.settings):
            self._run(bar)

    def _run(self, bar: Progress) -> None:
        bar.begin(self.done)
        bar.curve = [line["reward"] for line in self.steps if line["reward"] is not None]
        for number in range(self.done + 1, self.ppo.steps + 1):
            figures = self._step(number)
            self.learner.accelerator.log(numbers(figures), step=number)
            show(bar, figures)
            self.state.global_step = number
            self._tell("on_step_end")
            if self.control.should_save:
                self.control.should_save = False
                if is_first():
                    folder = self.task.out / CHECKPOINTS / f"checkpoint-{number}"
                    save_state(self.learner, self.order, folder)
                self._tell("on_save")

    def _step(self, number: int) -> Json:
        """One batch of rollouts and the updates on it; returns its line of `steps.jsonl`.

        Besides `figures_of` and `PPOLearner.update` it tells `sampler_gap` (mean over rollouts of
        how far a token's mean log-probability by the copy that drew it is from the policy's, in
        nats) and `seconds_by_part`.
        """
        began = time.monotonic()
        collected = self.collector.collect(number)
        rewards = self._rewards(number, collected.samples)
        seen, raw, learned = self._learn(collected.samples, rewards)
        found = self._lines(number, collected.samples, rewards, seen, raw)
        rows = [line for line, _ in found]
        figures = figures_of(number, rows, time.monotonic() - began) | learned
        figures["sampler_gap"] = _mean([gap for _, gap in found])
        parts = {"sampling": collected.sampling_seconds, "marking": collected.marking_seconds}
        parts["training"] = time.monotonic() - began - sum(parts.values())
        figures["seconds_by_part"] = {name: round(value, 3) for name, value in parts.items()}
        require_finite(number, figures)
        require_near(figures)
        if is_first():
            self.log.append(rows, figures)
            self.steps.append(figures)
        return figures

    def _learn(
        self, samples: Sequence[Sample], rewards: Sequence[float | None]
    ) -> tuple[list[Seen], list[list[float]], Json]:
        """The updates on this process's share of the rollouts.

        Returns what the models said of each of them, their advantages, the updates' figures.
        """
        mine, sequences = _share(samples), sum(reward is not None for reward in rewards)
        batches = cut([one.drawn for one in mine], self._pad_id, self._limit, self._device)
        seen = self.learner.judge(batches)
        drawn_by = self._engines_view(mine)
        taught, raw = lessons(batches, seen, _share(rewards), sequences, self.ppo, drawn_by)
        learned = self.learner.update(taught)
        self.sampler.refresh(self.learner.policy)
        return seen, raw, learned

    def _engines_view(self, mine: Sequence[Sample]) -> EnginesView | None:
        """What drew says of this process's rollouts, where tokens are weighed by it."""
        cap = self.task.sampler.cap
        return None if cap is None else EnginesView([one.drawn.logprobs for one in mine], cap)

    def _rewards(self, number: int, samples: Sequence[Sample]) -> list[float | None]:
        """What each rollout is worth, a penalty in its place where one replaces it."""
        reward, marked = self.task.reward, [sample.marked for sample in samples]
        totals = [mark.total for mark in marked]
        rewards = replaced(totals, marked, reward.penalty, reward.penalty_form)
        if all(value is None for value in rewards):
            raise ModelError(
                f"step {number}: none of its rollouts could be marked, so there is nothing to "
                "learn; check the problems' reference answers and the reward"
            )
        return rewards

    def _lines(
        self,
        number: int,
        samples: Sequence[Sample],
        rewards: Sequence[float | None],
        seen: Sequence[Seen],
        raw: Sequence[Sequence[float]],
    ) -> list[tuple[LoggedRollout, float]]:
        """The log's lines, those of all processes, each with how far the copy was off.

        An advantage there is its tokens' mean before whitening.
        """
        name, places = self.task.student.name, _share(range(len(samples)))
        mine = [
            logged(
                samples[index].drawn,
                samples[index].marked,
                number,
                name,
                advantage=None if rewards[index] is None else _mean(gained),
                kl=_mean(said.divergence),
                entropy=_mean(said.entropies),
            )
            for index, said, gained in zip(places, seen, raw, strict=True)
        ]
        gaps = [
            abs(_mean(said.logprobs) - _mean(samples[index].drawn.logprobs))
            for index, said in zip(places, seen, strict=True)
        ]
        everyones = together(list(zip(places, mine, gaps, strict=True)))
        found = {index: (line, gap) for index, line, gap in everyones}
        return [found[index] for index in range(len(samples))]

    @property
    def _device(self) -> Any:
        return self.learner.policy.device

    @property
    def _pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def _limit(self) -> int:
        """Padded tokens of a micro-batch at most."""
        given = self.task.settings.get("micro_batch")
        return int(given or largest_micro_batch(self._device.type))

    def _watcher(self) -> PolicyValidation | None:
        """Validates the policy and keeps the best weights, the value head's with them."""
        task = self.task
        if task.validation is None:
            return None
        watcher = PolicyValidation(
            self.sampler, task.validation, self.tokenizer, self.ppo.steps, task.out, task.key
        )
        watcher.whole = lambda model: model.policy
        return watcher

    def _keeper(self) -> StepKeeper:
        """Keeps the models of steps on the way, where any are wanted."""
        task = self.task
        kept = task.settings.get("keep_steps") or ()
        keeper = StepKeeper(kept, self.tokenizer, task.out, task.key)
        keeper.whole = lambda model: merged_copy(model.policy)
        return keeper

    def _saver(self, seconds: float) -> CheckpointCallback:
        """Says when a checkpoint is due."""
        settings = self.task.settings
        every = settings.get("checkpoint_seconds") or 60.0
        folder = self.task.out / CHECKPOINTS
        steps = settings.get("checkpoint_steps")
        return CheckpointCallback(folder, self.task.key, every, steps, seconds)

    def _tell(self, event: str) -> None:
        """Tells who keeps checkpoints and who validates of what transformers' trainer would."""
        watchers: list[Any] = [self.saver, *([self.watcher] if self.watcher else [])]
        if event in ("on_train_begin", "on_step_end"):
            watchers.insert(0, self.keeper)
        for each in watchers:
            getattr(each, event)(None, self.state, self.control, model=self.learner.model)


def _share(items: Sequence[T]) -> Sequence[T]:
    """This process's part of a step's rollouts, or of what goes with them."""
    return items[place() :: process_count()]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
