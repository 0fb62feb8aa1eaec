"""Shares of copied n-grams."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from redink.audit import audit
from redink.audit.copying import CHUNK, NGRAM, shared_ngrams

WORDS = [f"w{n}" for n in range(400)]


def slow_shares(critique, response, reference):
    """The definition, word for word."""

    def ngrams(text):
        words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
        return {tuple(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}

    own, quoted, taken = ngrams(critique), ngrams(response), ngrams(reference)
    return (
        len(own & quoted) / len(own) if own and quoted else None,
        len((own & taken) - quoted) / len(own) if own and taken else None,
    )


ASCII = st.text("ab1 .\n-", max_size=60)


@given(st.lists(st.tuples(ASCII, ASCII, ASCII), max_size=6))
def test_the_shares_are_those_of_the_definition(rows):
    own, responses, references = zip(*rows, strict=True) if rows else ((), (), ())
    found = list(zip(*shared_ngrams(own, responses, references), strict=True))
    assert found == [slow_shares(*row) for row in rows]


def test_rows_are_not_mixed_up():
    random = Random(1)
    rows = []
    for _ in range(300):
        response = random.choices(WORDS, k=60)
        cut = random.randint(0, 60)
        critique = response[:cut] + random.choices(WORDS, k=40)
        rows.append((" ".join(critique), " ".join(response), " ".join(critique[20:])))
    found = list(zip(*shared_ngrams(*zip(*rows, strict=True)), strict=True))
    assert found == [slow_shares(*row) for row in rows]


def test_a_copy_is_named_and_a_quotation_is_not(table):
    solution = " ".join(WORDS[:40])
    own = " ".join(WORDS[100:160])
    quotation = f"{own} {' '.join(WORDS[:12])}"
    found = audit(
        table(
            (
                {"id": "copy", "text": f"{solution.upper()}. Conclusion: wrong"},
                {"text": solution},
                {},
            ),
            ({"id": "quotes", "text": quotation}, {"text": solution}, {}),
            ({"id": "from reference", "text": solution}, {"text": own}, {"solution": solution}),
            ({"id": "short", "text": "Conclusion: wrong"}, {"text": solution}, {}),
        )
    )
    copies = {c.source: c for c in found.copying}
    assert copies["response"].near_copies == ("copy",)
    assert copies["response"].measured == 3
    assert copies["reference solution"].near_copies == ("from reference",)


def test_what_the_response_has_too_is_not_taken_from_the_reference():
    text = " ".join(WORDS[:30])
    assert shared_ngrams([text], [text], [text]) == ([1.0], [0.0])


def test_more_rows_than_fit_at_once_keep_their_order(table):
    solution = " ".join(WORDS[:20])
    rows = [({"text": "nothing " * 9}, {"text": solution}, {})] * (CHUNK + 3)
    rows = [
        ({**said, "id": f"c{n}"}, answered, asked) for n, (said, answered, asked) in enumerate(rows)
    ]
    rows[CHUNK + 1][0]["text"] = solution
    [found] = audit(table(*rows)).copying
    assert found.near_copies == (f"c{CHUNK + 1}",)
    assert found.measured == CHUNK + 3
