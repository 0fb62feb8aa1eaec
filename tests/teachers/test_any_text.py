"""The teacher reads any text without failing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from redink.records import Problem, Response
from redink.teachers import SymbolicTeacher

LINES = st.lists(
    st.one_of(
        st.text(alphabet="0123456789+-*/=().,%$ x#<>", max_size=25),
        st.tuples(
            st.integers(-99, 99),
            st.sampled_from("+-*/"),
            st.integers(-99, 99),
            st.integers(-99, 99),
        ).map(lambda t: f"{t[0]} {t[1]} {t[2]} = {t[3]}"),
    ),
    max_size=6,
).map("\n".join)


@settings(deadline=None, max_examples=300)
@given(LINES, LINES, st.integers(-99, 99), st.sampled_from(["full", "brief"]))
def test_every_response_gets_a_critique(solution, text, answer, style):
    problem = Problem("p", "There are 3 and 12. How many?", str(answer), solution)
    critique = SymbolicTeacher(style).critique(problem, Response("r", "p", text, "respond"))
    assert critique.text
    if critique.verdict is not None:
        assert critique.text.endswith(f"#### {answer}\nConclusion: {critique.verdict}")
    if critique.first_error is not None:
        steps = [line for line in text.split("\n") if line.strip()]
        assert 0 <= critique.first_error < len(steps)
