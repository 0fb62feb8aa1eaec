"""Named prompts: how a problem is put to a model.

A prompt is either messages, which the model's own chat template renders, or, for base models
without one, a text of worked examples that the model continues.
"""

from dataclasses import dataclass

from redink.errors import UsageError
from redink.records import Message, Problem

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."
LETTER = (
    "Please reason step by step, and put the letter of the right option within \\boxed{}, "
    "as in \\boxed{C}."
)


@dataclass(frozen=True)
class Shot:
    """A worked example of a few-shot prompt."""

    question: str
    solution: str


@dataclass(frozen=True)
class Prompt:
    """How a problem is put to a model."""

    name: str
    about: str
    user: str = "{question}"
    """What the user says; `{question}` stands for the problem's question."""
    system: str | None = None
    shots: tuple[Shot, ...] = ()
    """Worked examples; a prompt with these is a text to be continued, without chat template."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer, besides the model's own end of turn."""

    @property
    def is_raw(self) -> bool:
        """Whether it is continued as text, for models without a chat template."""
        return bool(self.shots)

    def messages(self, problem: Problem) -> tuple[Message, ...]:
        """The conversation that the model's chat template renders."""
        user = Message("user", self.user.replace("{question}", problem.question.strip()))
        return (Message("system", self.system), user) if self.system else (user,)

    def text(self, problem: Problem) -> str:
        """The text that a base model continues: worked examples, then the question."""
        parts = [f"Question: {shot.question}\nAnswer: {shot.solution}" for shot in self.shots]
        return "\n\n".join([*parts, f"Question: {problem.question.strip()}\nAnswer:"])


_HASH_SHOTS = (
    Shot(
        "A baker fills 6 trays with 12 rolls each and sells 50 of the rolls. How many are left?",
        "The baker makes 6 * 12 = 72 rolls.\n72 - 50 = 22 rolls are left.\n#### 22",
    ),
    Shot(
        "Omar saves $15 a week. After 8 weeks he buys a pair of shoes for $89. How much money does "
        "he have then?",
        "Omar saves 15 * 8 = 120 dollars.\nAfter the shoes he has 120 - 89 = 31 dollars.\n#### 31",
    ),
    Shot(
        "A train has 9 carriages with 64 seats each. Three quarters of the seats are taken. How "
        "many seats are free?",
        "The train has 9 * 64 = 576 seats.\nA quarter is free: 576 / 4 = 144 seats.\n#### 144",
    ),
    Shot(
        "Lena is twice as old as Paul, who is 3 years older than Ines. Ines is 7. How old is Lena?",
        "Paul is 7 + 3 = 10 years old.\nLena is 2 * 10 = 20 years old.\n#### 20",
    ),
)
_BOXED_SHOTS = (
    Shot(
        "What is the sum of the roots of $x^2 - 7x + 10 = 0$?",
        "The quadratic factors as $(x - 2)(x - 5) = 0$, so its roots are 2 and 5. Their sum is "
        "$2 + 5 = 7$. The final answer is $\\boxed{7}$.",
    ),
    Shot(
        "A fair coin is tossed three times. What is the probability of exactly two heads?",
        "Of the $2^3 = 8$ outcomes, $\\binom{3}{2} = 3$ have exactly two heads. The final answer "
        "is $\\boxed{\\frac{3}{8}}$.",
    ),
    Shot(
        "Simplify $\\sqrt{72}$.",
        "Since $72 = 36 \\cdot 2$, we have $\\sqrt{72} = 6\\sqrt{2}$. The final answer is "
        "$\\boxed{6\\sqrt{2}}$.",
    ),
    Shot(
        "For which values of $x$ is $x^2 < 9$? Write the answer as an interval.",
        "The inequality says $|x| < 3$, that is $-3 < x < 3$. The final answer is "
        "$\\boxed{(-3, 3)}$.",
    ),
)
_NEXT_QUESTION = ("\n\nQuestion:", "\nQuestion:")

PROMPTS: dict[str, Prompt] = {
    prompt.name: prompt
    for prompt in (
        Prompt("plain", "the question alone, as in training"),
        Prompt(
            "boxed-cot",
            "the question, then the request to reason and to box the answer",
            user="{question}\n\n" + BOXED,
        ),
        Prompt(
            "choice-cot",
            "a question with options, then the request to reason and to box the letter",
            user="{question}\n\n" + LETTER,
        ),
        Prompt(
            "qwen25-math-cot",
            "Qwen2.5-Math's and the CFT paper's: the request as system message",
            system=BOXED,
        ),
        Prompt(
            "few-shot",
            "four worked word problems, for base models; answers end in #### N",
            shots=_HASH_SHOTS,
            stop=_NEXT_QUESTION,
        ),
        Prompt(
            "few-shot-boxed",
            "four worked competition problems, for base models; answers are boxed",
            shots=_BOXED_SHOTS,
            stop=_NEXT_QUESTION,
        ),
    )
}
"""Every named prompt."""


def prompt_named(name: str) -> Prompt:
    """A prompt by name; raises UsageError naming the prompts there are."""
    if name not in PROMPTS:
        raise UsageError(f"prompt {name!r} is unknown; use one of {', '.join(PROMPTS)}")
    return PROMPTS[name]
