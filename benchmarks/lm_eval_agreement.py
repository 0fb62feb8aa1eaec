"""GSM8K scored by lm-eval and by redink: the same model, prompt and limits, item by item.

    python -m benchmarks.lm_eval_agreement --data DIR --lm-eval-python VENV/bin/python
        [--model smollm2-135m] [--problems 200] [--max-tokens 256] [--dtype float32] [--keep DIR]

`DIR` holds `gsm8k_test.jsonl`. lm-eval runs a task written for it over that file (generate_until,
greedy, the model's chat template, no examples) with the two filters of its gsm8k task:
strict-match, the number after the first `####`, and flexible-extract, the last number. redink
runs `evaluate` with the prompt `plain`. How to make lm-eval's environment: top of
`benchmarks/sampling.py`. What the systems answered is kept under `--keep`, and a second call with
the same settings goes on from it.

Each item on which redink's grade differs from a filter's is printed with its reason. The last line
is one JSON object: `items`, `identical_prompts`, `identical_texts`, `strict_agree`,
`flexible_agree` (items with the same score), `correct` (by redink, strict, flexible) and
`unexplained`, the number of differences without a reason.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.sampling import device, lm_eval_works

STRICT = r"#### (\-?[0-9\.\,]+)"
FLEXIBLE = r"(-?[$0-9.,]{2,})|(-?[0-9]+)"
TASK = """
task: redink_gsm8k
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
output_type: generate_until
test_split: test
num_fewshot: 0
doc_to_text: "{{{{question|trim}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
    ignore_case: true
    ignore_punctuation: false
    regexes_to_ignore: [",", "\\\\$", "(?s).*#### ", "\\\\.$"]
generation_kwargs:
  {{until: ["<|im_end|>"], do_sample: false, temperature: 0.0, max_gen_toks: {limit}}}
filter_list:
  - name: strict-match
    filter: [{{function: regex, regex_pattern: '{strict}'}}, {{function: take_first}}]
  - name: flexible-extract
    filter:
      - {{function: regex, group_select: -1, regex_pattern: '{flexible}'}}
      - {{function: take_first}}
"""


def main() -> None:
    """Runs both, prints every difference and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of gsm8k_test.jsonl")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--keep", help="folder of finished answers, reused by the next call")
    parser.add_argument("--lm-eval-python", default=os.environ.get("LM_EVAL_PYTHON"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        Path(options.child).write_text(json.dumps(by_lm_eval(options)))
        return
    if not lm_eval_works(options.lm_eval_python):
        sys.exit(1)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(options.keep or folder)
        kept.mkdir(parents=True, exist_ok=True)
        theirs = run_lm_eval(options, kept / f"lm-eval-{settings_digest(options)}.json")
        ours = by_redink(options, kept / "redink.sqlite")
    print(json.dumps(compare(ours, theirs)))


def settings_digest(options: argparse.Namespace) -> str:
    """A hash of all that lm-eval's answers depend on."""
    from redink.models.resolve import resolve_model
    from redink.models.source import fingerprint

    model = fingerprint(resolve_model(options.model))
    limits = (options.problems, options.max_tokens, options.batch_size, options.dtype)
    data = Path(options.data, "gsm8k_test.jsonl").read_bytes()
    return hashlib.sha256(repr((model, limits, TASK)).encode() + data).hexdigest()[:16]


def run_lm_eval(options: argparse.Namespace, result: Path) -> list[dict[str, Any]]:
    """lm-eval in its own environment; a result that is there already is taken."""
    if result.exists():
        return list(json.loads(result.read_text()))
    command = [options.lm_eval_python, "-m", "benchmarks.lm_eval_agreement"]
    for name in ("data", "model", "problems", "max_tokens", "batch_size", "dtype"):
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    subprocess.run([*command, "--child", str(result)], check=True, stdout=subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(result.read_text())
    return found


def by_lm_eval(options: argparse.Namespace) -> list[dict[str, Any]]:
    """For each problem its prompt, its answer's text, and what each filter read and scored."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    from redink.models.resolve import resolve_model

    file = Path(options.data, "gsm8k_test.jsonl").absolute()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "redink_gsm8k.yaml").write_text(
            TASK.format(file=file, limit=options.max_tokens, strict=STRICT, flexible=FLEXIBLE)
        )
        results = lm_eval.simple_evaluate(
            model=HFLM(
                pretrained=str(resolve_model(options.model).folder),
                dtype=options.dtype,
                batch_size=options.batch_size,
                device=device(),
            ),
            tasks=["redink_gsm8k"],
            task_manager=TaskManager(include_path=folder),
            limit=options.problems,
            apply_chat_template=True,
            log_samples=True,
            bootstrap_iters=0,
        )
    items: dict[int, dict[str, Any]] = {}
    for sample in results["samples"]["redink_gsm8k"]:
        item = items.setdefault(sample["doc_id"], {"text": sample["resps"][0][0]})
        item["prompt"] = _first_argument(sample["arguments"])
        filter_name = "strict" if sample["filter"] == "strict-match" else "flexible"
        item[filter_name] = sample["filtered_resps"][0]
        item[f"{filter_name}_right"] = bool(sample["exact_match"])
    return [items[number] for number in sorted(items)]


def _first_argument(arguments: Any) -> str:
    """The prompt of a logged sample, in either of lm-eval's forms."""
    if isinstance(arguments, dict):
        return str(arguments["gen_args_0"]["arg_0"])
    return str(arguments[0][0])


def by_redink(options: argparse.Namespace, journal: Path) -> list[dict[str, Any]]:
    """The same by redink: prompt, text, what was read, how, and whether it was right."""
    from redink import evaluate, load
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.training.rendering import question_messages

    problems = load("gsm8k", n=options.problems, data=options.data)
    scores = evaluate(
        {"model": options.model},
        {"gsm8k": problems},
        prompt="plain",
        max_tokens=options.max_tokens,
        engine="transformers",
        dtype=options.dtype,
        batch_size=options.batch_size,
        journal=journal,
    )
    tokenizer = load_tokenizer(resolve_model(options.model))
    by_problem = {score.problem_id: score for score in scores}
    items = []
    for problem in problems:
        score = by_problem[problem.id]
        messages = [{"role": m.role, "content": m.content} for m in question_messages(problem)]
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        items.append(
            {
                "prompt": prompt,
                "text": scores.responses[score.response_id].text,
                "read": score.extracted,
                "outcome": score.outcome,
                "right": score.outcome == "correct",
                "gold": problem.answer,
            }
        )
    return items


def compare(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> dict[str, Any]:
    """Prints each difference with its reason and counts them."""
    pairs = list(zip(ours, theirs, strict=True))
    unexplained = 0
    for number, (mine, other) in enumerate(pairs, start=1):
        for kind in ("strict", "flexible"):
            if mine["right"] == other[f"{kind}_right"]:
                continue
            reason = explain(mine, other, kind)
            unexplained += reason is None
            verdict = "right" if mine["right"] else mine["outcome"]
            print(
                f"row {number}, {kind}: redink {verdict} (read {mine['read']!r}), lm-eval "
                f"{'right' if other[f'{kind}_right'] else 'wrong'} (read {other[kind]!r}), "
                f"gold {mine['gold']}: {reason or 'NO REASON FOUND'}"
            )
    count = {
        "identical_prompts": sum(a["prompt"] == b["prompt"] for a, b in pairs),
        "identical_texts": sum(a["text"] == b["text"] for a, b in pairs),
        "strict_agree": sum(a["right"] == b["strict_right"] for a, b in pairs),
        "flexible_agree": sum(a["right"] == b["flexible_right"] for a, b in pairs),
    }
    for name, value in count.items():
        print(f"{name.replace('_', ' '):<20} {value} of {len(pairs)}")
    correct = {
        "redink": sum(a["right"] for a in ours),
        "strict": sum(b["strict_right"] for b in theirs),
        "flexible": sum(b["flexible_right"] for b in theirs),
    }
    print("correct             ", ", ".join(f"{name} {value}" for name, value in correct.items()))
    return {"items": len(pairs)} | count | {"correct": correct, "unexplained": unexplained}


def explain(mine: dict[str, Any], other: dict[str, Any], kind: str) -> str | None:
    """Why the two scores of one item differ; None where no rule here says it."""
    if mine["text"] != other["text"]:
        return "the texts differ"
    read, gold = _number(other[kind]), _number(mine["gold"])
    if kind == "strict" and not re.search(STRICT, mine["text"]):
        return "strict-match reads nothing without `#### ` and a number"
    if read is not None and read == gold and mine["right"]:
        return f"lm-eval compares texts: {other[kind]!r} is the number {mine['gold']}"
    if _number(mine["read"]) != read:
        place = "the first `####`" if kind == "strict" else "the last number of the text"
        return f"lm-eval reads {place}, redink the marked answer"
    if mine["outcome"] == "truncated":
        return "cut off at the limit before an answer was marked: redink does not score a fragment"
    return None


def _number(text: str | None) -> float | None:
    """A number as written in an answer, or None."""
    try:
        return float((text or "").replace(",", "").replace("$", "").rstrip("."))
    except ValueError:
        return None


if __name__ == "__main__":
    main()
