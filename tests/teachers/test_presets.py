"""How teachers are asked: presets and prompts of one's own."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import InjectedError, Problem, Response
from redink.teachers.presets import PRESETS, TeacherPrompt

PROBLEM = Problem("p", "What is 2 + 3?", "5678", "2 + 3 = 5678", subject="sums")
RESPONSE = Response(
    "r", "p", "2 + 3 = 6\n\nSo it is 6.", "corrupt", outcome="wrong", answer="6",
    error=InjectedError("digit", 0, "5", "6"),
)  # fmt: skip


def text_of(prompt):
    return "\n".join(message.content for message in prompt.ask(PROBLEM, RESPONSE).messages)


def test_the_default_is_the_papers_prompt_word_for_word():
    system, user = TeacherPrompt.of("cft").ask(PROBLEM, RESPONSE).messages
    assert (system.role, user.role) == ("system", "user")
    assert system.content == (
        "You are a science expert. A student is trying to solve a question, please explain briefly "
        "whether his solution is correct or not. Finally, conclude your judgement with "
        "'Conclusion: right/wrong [END]'."
    )
    assert user.content == "Question: What is 2 + 3?\n\nSolution: 2 + 3 = 6\n\nSo it is 6."


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_shows_the_reference_only_where_its_name_says_so(name):
    prompt = TeacherPrompt.of(name)
    asked = prompt.ask(PROBLEM, RESPONSE)
    shown = name.endswith("+reference")
    assert ("5678" in text_of(prompt)) is shown is asked.saw_reference
    assert ("never mention" in text_of(prompt)) is shown
    assert "Conclusion: right/wrong [END]" in text_of(prompt)
    assert prompt.named(asked) == name
    assert "{" not in text_of(prompt).replace("\\boxed{}", "")


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_says_how_a_response_was_made_or_graded(name):
    for secret in ("corrupt", "digit", "outcome"):
        assert secret not in text_of(TeacherPrompt.of(name))


def test_steps_are_numbered_from_one():
    assert "Step 1: 2 + 3 = 6\nStep 2: So it is 6." in text_of(TeacherPrompt.of("steps"))


def test_a_reference_that_is_not_there_is_named():
    bare = Problem("p7", "What is 2 + 3?", "")
    with pytest.raises(DataError, match="p7 has no reference answer"):
        TeacherPrompt.of("cft+reference").ask(bare, RESPONSE)


def own(tmp_path, text):
    path = tmp_path / "mine.j2"
    path.write_text(text)
    return TeacherPrompt.of("cft", path)


def test_a_template_of_ones_own_is_the_user_message_or_has_two_blocks(tmp_path):
    prompt = own(tmp_path, "Mark this: {{ problem }} / {{ response }}")
    asked = prompt.ask(PROBLEM, RESPONSE)
    assert [m.role for m in asked.messages] == ["user"]
    assert asked.messages[0].content == f"Mark this: {PROBLEM.question} / {RESPONSE.text}"
    assert prompt.named(asked) == "prompt:mine"
    both = own(
        tmp_path,
        "{% block system %}Be strict on {{ problem.subject }}.{% endblock %}"
        "{% block user %}{{ steps | length }} steps{% endblock %}",
    )
    assert text_of(both) == "Be strict on sums.\n2 steps"


def test_a_template_that_looks_at_the_reference_is_marked(tmp_path):
    prompt = own(tmp_path, "{{ problem.question }} {{ problem.solution }} {{ response.text }}")
    assert prompt.named(prompt.ask(PROBLEM, RESPONSE)) == "prompt:mine+reference"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("a\n{{ problem.question", "mine.j2, line 2: "),
        ("a\n\n{{ question }}", "line 3: unknown variable 'question'; use problem, response"),
        ("{{ response.outcome }}", "line 1: .*no attribute 'outcome'"),
        ("a\n{{ response.error }}", "line 2: .*no attribute 'error'"),
        ("{{ response.origin }}", "no attribute 'origin'"),
        ("{{ problem._problem }}", "line 1"),
        ("{{ ().__class__.__bases__ }}", "line 1"),
        (
            "{% block user %}a{% endblock %}\n{% block tail %}b{% endblock %}",
            "unknown block 'tail'",
        ),
        ("{% block system %}a{% endblock %}", "a system block alone"),
        ("{% include 'other.j2' %}", "a prompt is one file"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("  \n", "the user message is empty"),
    ],
)
def test_a_broken_template_is_one_error_naming_file_and_line(tmp_path, template, words):
    with pytest.raises(UsageError, match=words) as error:
        own(tmp_path, template).ask(PROBLEM, RESPONSE)
    assert "mine.j2" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_template_and_an_unknown_preset_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.j2: the prompt cannot be read"):
        TeacherPrompt.of("cft", tmp_path / "gone.j2")
    with pytest.raises(UsageError, match=r"choose cft, cft\+reference"):
        TeacherPrompt.of("strict")


def test_braces_in_data_are_text_and_never_a_template():
    problem = Problem("p", "What is {{ 7 * 7 }}?", "0")
    [_, user] = TeacherPrompt.of("cft").ask(problem, RESPONSE).messages
    assert "{{ 7 * 7 }}" in user.content
