"""Every degenerate text of a written set is found; no normal solution is marked."""

import os
from dataclasses import replace

import pytest

from redink.errors import UsageError
from redink.rewards import FaultRules, fault_rules, faults
from redink.stages.chain import chain
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.stages.load import load
from tests.rewards.degenerate_texts import (
    GARBLED,
    LIMIT,
    LONG,
    OPENING,
    OVER_LENGTH,
    QUESTION,
    REPETITION,
)

NORMAL = OPENING + "\n#### 116"


def found(text, finish="stop", question=QUESTION, **others):
    return faults(text, len(text.split()), finish, question=question, **others)


@pytest.mark.parametrize("name", REPETITION)
def test_repetition_is_found(name):
    assert "repetition" in found(REPETITION[name])


@pytest.mark.parametrize("name", GARBLED)
def test_garbled_text_is_found(name):
    assert found(GARBLED[name]) == ("garbled",)


@pytest.mark.parametrize("name", OVER_LENGTH)
def test_a_text_cut_off_at_the_limit_is_over_long_and_nothing_else(name):
    text = OVER_LENGTH[name]
    assert faults(text, LIMIT, "length", question=QUESTION) == ("over_length",)
    assert found(text) == ()
    assert found(text, max_tokens=3) == ("over_length",)
    assert found(text, "length", rules=FaultRules(over_length=False)) == ()


@pytest.mark.parametrize(
    ("generator", "options"),
    [
        ("gsm_symbolic", {}),
        ("chain_sum", {}),
        ("chain_sum", {"min_terms": 8, "max_terms": 30, "max_digits": 2}),
        ("leg_counting", {}),
        ("leg_counting", {"min_animals": 10, "max_animals": 20}),
        ("simple_equations", {}),
    ],
)
def test_no_worked_solution_of_a_generator_is_marked(generator, options):
    problems = load(f"gym:{generator}", n=150, seed=5, split="test", options=options)
    marked = {p.solution: found(p.solution, question=p.question) for p in problems}
    assert len(marked) >= 140
    assert {text: names for text, names in marked.items() if names} == {}


@pytest.mark.parametrize(("benchmark", "split"), [("gsm8k", "train"), ("math-500", None)])
def test_no_reference_solution_of_a_benchmark_is_marked(benchmark, split):
    if not os.environ.get("REDINK_DATA"):
        pytest.skip("REDINK_DATA is not set")
    problems = load(benchmark, split=split, n=500)
    assert len(problems) == 500
    texts = [(p.solution, found(p.solution, question=p.question)) for p in problems]
    assert [(text, names) for text, names in texts if names] == []


def test_a_normal_answer_and_an_empty_one_have_no_fault():
    assert found(NORMAL) == ()
    assert found("") == ()


def test_a_product_of_equal_factors_is_no_repetition():
    factors = " \\times ".join(["2"] * 12)
    assert found(f"We compute $2^{{12}} = {factors} = 4096$.\n#### 4096") == ()
    assert found("0 + 0 = 0\n" * 10 + "#### 0") == ()


def test_what_the_question_has_is_no_fault():
    chinese = "每只母鸡一周下 5 个蛋, 14 只母鸡下多少个蛋?"
    assert found("14 * 5 = 70 个蛋。\n#### 70", question=chinese) == ()
    odd = "Decode \ufffd and <|im_end|> and }{)(*&^%$#@!~`;:<>?/ please."
    assert found("They are \ufffd, <|im_end|> and }{)(*&^%$#@!~`;:<>?/ here.", question=odd) == ()
    assert found("They are \ufffd, <|im_end|> and }{)(*&^%$#@!~`;:<>?/ here.") == ("garbled",)


def test_an_answer_may_be_in_the_questions_language():
    text = "Das sind 70 Eier, und er verkauft nicht alle, aber das ist egal.\n#### 116"
    german = "Ein Bauer hat 14 Hennen. Wie viel verdient er mit den Eiern in der Woche?"
    assert found(text, question=german) == ()
    assert found(text) == ("garbled",)


def test_listed_languages_are_no_fault():
    rules = FaultRules(languages=("en", "zh", "de"))
    for name in ("Chinese in English", "Chinese punctuation", "German in English"):
        assert found(GARBLED[name], rules=rules) == ()
    assert found(GARBLED["Cyrillic in English"], rules=rules) == ("garbled",)


def test_mathematics_is_everybodys():
    text = "Let α ≤ β and ∑ᵢ xᵢ² = ½, 𝐱 ∈ ℝ, ℵ₀, 90°, µ = 5 Ω, naïve café.\n#### ½"
    assert found(text) == ()


def test_half_a_character_at_a_cut_is_not_garbled():
    assert found(OPENING + " \ufffd", "length") == ("over_length",)
    assert found(OPENING + " \ufffd") == ("garbled",)


def test_perplexity_is_a_fault_only_where_a_limit_is_set():
    rules = FaultRules(perplexity=20.0)
    assert found(NORMAL, logprob=-3.1, rules=rules) == ("perplexity",)
    assert found(NORMAL, logprob=-2.9, rules=rules) == ()
    assert found(NORMAL, logprob=None, rules=rules) == ()
    assert found(NORMAL, logprob=-9.0) == ()


def test_the_window_rule_counts_places_as_treerl_does():
    only = replace(FaultRules(), ngram_share=1.0, loop_times=10_000)
    window = "x" * 40 + "y" * 40
    rest = [f" {number} " for number in range(20)]
    twenty = "".join(window + part for part in rest)
    nineteen = "".join(window + part for part in rest[:19])
    assert found(twenty, rules=only) == ("repetition", "garbled")
    assert found(nineteen, rules=only) == ("garbled",)


def test_thresholds_are_settings():
    twice = LONG * 2
    assert found(twice) == ()
    assert found(twice, rules=fault_rules({"ngram_share": 0.4})) == ("repetition",)
    assert found(OPENING, rules=fault_rules({"languages": ["en"], "loop_times": 2})) == ()
    with pytest.raises(UsageError, match="loops"):
        fault_rules({"loops": 3})
    with pytest.raises(UsageError, match="'xx'"):
        fault_rules({"languages": ["xx"]})
    with pytest.raises(UsageError, match="perplexity"):
        fault_rules({"perplexity": 0.5})
    with pytest.raises(UsageError, match="loop_unit: 0"):
        fault_rules({"loop_unit": 0})
    with pytest.raises(UsageError, match="window: '80'"):
        fault_rules({"window": "80"})


def test_a_long_text_is_judged_in_a_moment():
    import time

    text = " ".join(f"Step {number}: {number} * 7 = {number * 7}." for number in range(4000))
    began = time.process_time()
    found(text)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("generator", ["gsm_symbolic", "chain_sum"])
def test_no_chain_of_attempts_is_marked(generator):
    problems = load(f"gym:{generator}", n=60, seed=8)
    drafts = corrupt(problems, wrong=1.0, per_problem=4, seed=1)
    chains = chain(critique(drafts), attempts=(3, 3), seed=2)
    marked = {
        one.text: found(one.text, question=chains.problems[one.problem_id].question)
        for one in chains
    }
    assert len(marked) >= 20
    assert {text: names for text, names in marked.items() if names} == {}
