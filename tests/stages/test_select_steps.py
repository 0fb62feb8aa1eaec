"""`select` as a whole: duplicates, test questions, mixtures, lengths, the order of the steps."""

import json
import random

import pytest

from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.selection import removals, show_removals
from redink.stages.select import select
from redink.tables import Table, critique_table, drop_counts, problem_table, response_table

TESTED = (
    "A baker fills 7 trays with 18 buns each and sells 95 buns before noon. "
    "How many buns are still there in the afternoon?"
)
COPY = TESTED.replace("7 trays", "9 trays").replace("95", "60")
OTHERS = [
    "A bus with 40 seats stops five times. At each stop 3 people get on. How many seats are free?",
    "The sum of two numbers is 31 and their difference is 5. What is the larger of the two?",
    "Ines reads 12 pages every evening. After how many evenings has she read a book of 300 pages?",
]


def problems(*questions):
    return problem_table([Problem(f"p{i}", q, "1") for i, q in enumerate(questions)])


def responses(per_problem=4, count=3):
    asked = {f"p{i}": Problem(f"p{i}", OTHERS[i], "1", source=f"s{i}") for i in range(count)}
    words = random.Random(7)
    rows = [
        Response(
            f"r{i}{k}",
            f"p{i}",
            " ".join(str(words.randrange(1000)) for _ in range(5 + 3 * k)),
            "load",
            model=f"m{k % 2}",
            outcome="correct" if k % 4 else "wrong",
        )
        for i in range(count)
        for k in range(per_problem)
    ]
    return response_table(rows, asked)


def marked(table):
    rows = [
        Critique(f"c{r.id}", r.id, f"About {r.text}: fine.", "right", teacher="t") for r in table
    ]
    return critique_table(rows, table.responses, table.problems)


def test_repeated_questions_go_with_the_row_that_they_repeat():
    table = problems(OTHERS[0], OTHERS[1], OTHERS[0].lower().replace(",", ""))
    kept = select(table, deduplicate="exact")
    assert [row.id for row in kept] == ["p0", "p1"]
    (removal,) = removals(kept)
    assert (removal.id, removal.twin.of, removal.twin.id) == ("p2", "rows", "p0")
    assert removal.twin.rule == "same text"


def test_near_copies_go_and_survive_reading_back_with_both_texts(tmp_path):
    table = problems(OTHERS[2], OTHERS[2].replace("Ines", "Olga"), OTHERS[1])
    kept = select(table, deduplicate="near", deduplicate_at=0.7)
    kept.write(tmp_path / "kept")
    (removal,) = removals(Table.read(tmp_path / "kept"))
    assert removal.reason == "near copy of an earlier row"
    assert (removal.twin.text, removal.twin.twin_text) == (table[1].question, table[0].question)
    assert 0.7 <= removal.twin.ratio < 1
    assert select(table, deduplicate="near", deduplicate_at=0.95).dropped == ()


def test_the_same_solution_of_two_problems_is_no_copy_and_of_one_problem_it_is():
    asked = problems(*OTHERS[:2]).problems
    text = "First I add both numbers, then I halve the sum, so the answer is 18."
    rows = [
        Response("r1", "p0", text, "load"),
        Response("r2", "p1", text, "load"),
        Response("r3", "p0", text + " ", "respond"),
    ]
    for how in ("exact", "near"):
        kept = select(response_table(rows, asked), deduplicate=how)
        assert [row.id for row in kept] == ["r1", "r2"]


def test_critiques_are_copies_only_where_their_responses_are():
    asked = problems(OTHERS[0]).problems
    answers = {
        "r1": Response(
            "r1", "p0", "Three times five makes fifteen, and 25 seats are free.", "load"
        ),
        "r2": Response("r2", "p0", "There are forty seats so nobody stands at all.", "load"),
    }
    rows = [
        Critique("c1", "r1", "All is well.", "right"),
        Critique("c2", "r2", "All is well.", "right"),
        Critique("c3", "r1", "All is well!", "right"),
    ]
    kept = select(critique_table(rows, answers, asked), deduplicate="near")
    assert [row.id for row in kept] == ["c1", "c2"]


def test_rows_of_a_copied_problem_go_where_questions_are_compared():
    asked = problems(OTHERS[0], OTHERS[0] + " ", OTHERS[1]).problems
    rows = [Response(f"r{i}", f"p{i % 3}", f"Answer {i}.", "load") for i in range(6)]
    kept = select(response_table(rows, asked), deduplicate="exact", deduplicate_on="question")
    assert [row.problem_id for row in kept] == ["p0", "p2", "p0", "p2"]
    assert {removal.twin.id for removal in removals(kept)} == {"p0"}


@pytest.fixture
def benchmark_folder(tmp_path):
    row = {"question": TESTED, "answer": "7 * 18 = 126\n126 - 95 = 31\n#### 31"}
    (tmp_path / "gsm8k_test.jsonl").write_text(json.dumps(row) + "\n")
    return str(tmp_path)


def test_copies_of_a_benchmark_go_and_are_listed_with_both_texts(benchmark_folder):
    table = problems(OTHERS[0], COPY)
    kept = select(table, decontaminate=["gsm8k"], data=benchmark_folder)
    assert [row.id for row in kept] == ["p0"]
    assert drop_counts(kept.dropped) == {"like gsm8k": 1}
    shown = show_removals(kept)
    assert COPY in shown
    assert TESTED in shown
    assert "p1 is like gsm8k:p" in shown
    assert "near copy" in shown


def test_all_rows_of_a_test_problem_go_whatever_their_kind():
    table = responses(2, 2)
    seen = problem_table([Problem("t", OTHERS[1].replace("31", "57"), "9")])
    for rows in (table, marked(table)):
        kept = select(rows, against={"heldout": seen})
        assert set(kept.problems) == {"p0"}
        assert drop_counts(kept.dropped) == {"like heldout": 2}
    assert drop_counts(select(table, against=seen).dropped) == {"like against 1": 2}


def test_unknown_benchmarks_and_generators_are_refused():
    with pytest.raises(UsageError, match="gsm9k"):
        select(problems(*OTHERS), decontaminate="gsm9k")
    with pytest.raises(UsageError, match="against"):
        select(problems(*OTHERS), decontaminate="gym:chain_sum")


def test_a_mixture_takes_its_shares_and_names_what_goes():
    table = responses(8, 3)
    kept = select(table, mixture={"by": "outcome", "shares": {"correct": 1, "wrong": 2}})
    assert [row.outcome for row in kept].count("wrong") == 6
    assert [row.outcome for row in kept].count("correct") == 3
    assert drop_counts(kept.dropped) == {"outcome correct: beyond its share": 15}
    by_source = select(table, mixture={"by": "source", "shares": {"s0": 1, "s2": 1}}, n=10)
    assert drop_counts(by_source.dropped)["source s1: not in the mixture"] == 8
    assert len(by_source) == 10


def test_balance_takes_equal_numbers_of_each():
    kept = select(responses(8, 3), balance="outcome")
    assert [row.outcome for row in kept].count("wrong") == len(kept) / 2 == 6
    assert len(select(responses(5, 3), balance="model")) == 12


def test_a_mixture_does_not_depend_on_the_order_of_the_rows():
    table = responses(8, 3)
    rows = list(table)
    random.Random(3).shuffle(rows)
    shuffled = response_table(rows, table.problems)
    ids = [{row.id for row in select(t, balance="outcome", seed=4)} for t in (table, shuffled)]
    assert ids[0] == ids[1]
    assert ids[0] != {row.id for row in select(table, balance="outcome", seed=5)}


def test_a_mixture_with_longest_takes_the_longest_of_each_value():
    kept = select(responses(8, 1), balance="outcome", take="longest")
    assert {row.id for row in kept} == {"r00", "r04", "r06", "r07"}


def test_mixtures_of_what_rows_lack_are_refused():
    with pytest.raises(UsageError, match="balance: these rows have no outcome"):
        select(problems(*OTHERS), balance="outcome")
    with pytest.raises(UsageError, match="mixture: 'colour' is unknown"):
        select(problems(*OTHERS), mixture={"by": "colour", "shares": {"red": 1}})
    with pytest.raises(DataError, match="at most 6"):
        select(responses(4, 3), balance="outcome", n=12)


def test_the_paper_rule_drops_the_edges_and_takes_the_longest_twice():
    table = marked(responses(8, 3))
    lengths = sorted(len(row.text) for row in table)
    eight = select(table, trim=[3, 2], take="longest", n=8)
    assert sorted(len(row.text) for row in eight) == lengths[-10:-2]
    five = select(eight, take="longest", n=5)
    assert sorted(len(row.text) for row in five) == lengths[-7:-2]
    assert set(drop_counts(eight.dropped)) == {
        "among the 3 shortest", "among the 2 longest", "not among the 8 longest",
    }  # fmt: skip


def test_the_length_of_another_text_can_count():
    table = marked(responses(3, 3))
    kept = select(table, length_of="question", take="shortest", n=3)
    shortest = min(table.problems.values(), key=lambda problem: len(problem.question))
    assert set(kept.problems) == {shortest.id}
    with pytest.raises(UsageError, match="length_of: these rows have no critique"):
        select(responses(), length_of="critique", min_chars=1)


def test_caps_keep_the_preferred_rows_of_each_problem():
    table = responses(4, 3)
    assert [row.id for row in select(table, per_problem=1)] == ["r00", "r10", "r20"]
    longest = select(table, per_problem=1, take="longest")
    assert [row.id for row in longest] == ["r03", "r13", "r23"]


def test_spreading_takes_as_many_problems_as_it_can():
    table = responses(4, 3)
    assert {row.problem_id for row in select(table, n=3)} == {"p0"}
    assert {row.problem_id for row in select(table, n=3, spread=True)} == {"p0", "p1", "p2"}


def test_steps_run_in_their_order_and_every_row_is_accounted_for():
    table = responses(6, 3)
    kept = select(
        table,
        n=2,
        balance="outcome",
        per_problem=4,
        trim=[1, 1],
        against=problem_table([Problem("t", OTHERS[0], "2")]),
        deduplicate="near",
        max_chars=70,
    )
    names = [name for name, _ in kept.provenance["steps"]]
    assert names == [
        "given", "conditions", "exact duplicates", "near duplicates", "decontamination", "trim",
        "cap", "mixture",
    ]  # fmt: skip
    counts = [count for _, count in kept.provenance["steps"]]
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (len(table), len(kept)) == (18, 2)
    assert {row.id for row in kept} | {d.id for d in kept.dropped} == {row.id for row in table}
    assert len(kept.dropped) == 16


@pytest.mark.parametrize(
    ("setting", "value"),
    [("deduplicate_at", 0), ("decontaminate_at", 1.5), ("per_problem", 0), ("n", 0)],
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(UsageError, match=setting):
        select(responses(), **{setting: value})


def test_nothing_is_dropped_where_nothing_is_asked():
    table = responses()
    assert select(table).rows == table.rows
    assert select(response_table([], {}), deduplicate="near", take="middle", n=3).rows == ()
