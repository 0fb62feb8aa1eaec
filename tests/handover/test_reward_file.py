"""reward.py as OpenRLHF loads and calls it: in a process of its own, from its threads."""

import json
import subprocess
import sys

import pytest
from transformers import AutoTokenizer

from redink.rewards import Reward, Rollout
from tests.handover.world import handed_over, sums

AS_OPENRLHF = """
import asyncio, importlib.util, json, sys
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location("reward_func", folder + "/reward.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
third = {"transformers", "trl", "datasets", "pyarrow", "pydantic", "yaml", "orjson", "rich",
         "aiohttp", "accelerate", "peft", "typer", "torch", "numpy", "sympy", "math_verify"}
needed = sorted(third & {name.partition(".")[0] for name in sys.modules})
calls = json.load(open(folder + "/calls.json"))

async def marked(call):
    return await asyncio.to_thread(module.reward_func, *[[text] for text in call])

async def all_marked():
    return await asyncio.gather(*map(marked, calls))

found = asyncio.run(all_marked())
import torch
print(json.dumps({
    "needed": needed,
    "rewards": [torch.tensor([one["rewards"]]).item() for one in found],
    "scores": [one["scores"][0].item() for one in found],
    "logs": [one["extra_logs"] for one in found],
}))
"""
SOLVED = "{left} + 4 = {right}\n#### {right}"
LOOP = "It is the sum of both, and I add them. " * 8
PARTS = {"correct": 1.0, "partial": 0.1, "format": 0.25}


def answers(problem):
    right = int(problem.answer)
    return [
        SOLVED.format(left=right - 4, right=right),
        SOLVED.format(left=right - 4, right=right + 1),
        f"So the sum is $\\boxed{{\\frac{{{2 * right}}}{{2}}}}$.",
        f"So it is $\\boxed{{{right + 3}}}$.",
        "I do not know.",
        LOOP + f"\n#### {right}",
        "",
    ]


@pytest.fixture(scope="module")
def run(tiny_student, tmp_path_factory):
    """The queries that OpenRLHF would make of its own files, and what reward.py says of them."""
    folder = tmp_path_factory.mktemp("handed") / "over"
    handed_over(tiny_student, folder, {"reward": PARTS, "penalty_form": "add"}, drop=("reference",))
    rows = [json.loads(line) for line in (folder / "prompts.jsonl").open()]
    tokenizer = AutoTokenizer.from_pretrained(tiny_student)
    problems = sums().problems
    calls, rollouts = [], []
    for row in {row["label"]: row for row in rows}.values():
        problem = problems[json.loads(row["label"])["problem"]]
        prompt = tokenizer(text=row["prompt"], add_special_tokens=False)["input_ids"]
        for place, text in enumerate(answers(problem)):
            finish = "length" if place == 3 else "stop"
            end = [tokenizer.eos_token_id] if finish == "stop" else []
            ids = [*prompt, *tokenizer(text, add_special_tokens=False)["input_ids"], *end]
            query = tokenizer.decode(ids, skip_special_tokens=False)
            calls.append([query, row["prompt"], row["label"]])
            rollouts.append(Rollout(problem, text, 0, finish))
    (folder / "calls.json").write_text(json.dumps(calls))
    done = subprocess.run(
        [sys.executable, "-c", AS_OPENRLHF, str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout), rollouts, folder


def test_its_rewards_are_redinks_own(run):
    found, rollouts, _ = run
    with Reward(PARTS, penalty_form="add") as reward:
        own = reward.mark(rollouts)
    assert len(found["rewards"]) == len(own) >= 7 * 8
    assert found["rewards"] == pytest.approx([one.total for one in own])
    assert found["scores"] == [float(one.outcome == "correct") for one in own]
    assert [bool(logs["degenerate"]) for logs in found["logs"]] == [bool(one.faults) for one in own]


def test_right_and_wrong_answers_are_told_apart(run):
    found, _, _ = run
    assert found["rewards"][:7] == pytest.approx([1.25, 0.35, 1.25, -0.65, 0.0, 0.25, 0.0])


def test_it_needs_none_of_redinks_heavy_libraries(run):
    assert run[0]["needed"] == []


def test_its_rollouts_are_kept_beside_what_is_trained(run):
    found, rollouts, folder = run
    (path,) = (folder / "trained" / "rollouts").iterdir()
    lines = [json.loads(line) for line in path.open()]
    assert sorted(line["text"] for line in lines) == sorted(one.text for one in rollouts)
    assert sorted(line["reward"] for line in lines) == pytest.approx(sorted(found["rewards"]))
