"""The verb `pose`: problems to problems, a share of them as the task to judge a response."""

from redink.records import Problem, Response
from redink.rewards import with_critique_tasks
from redink.rewards.tasks import REQUEST
from redink.tables import Table, problem_table


def pose(
    problems: Table[Problem],
    *,
    responses: Table[Response],
    share: float = 0.2,
    wrong: float = 0.5,
    request: str = REQUEST,
    seed: int = 0,
) -> Table[Problem]:
    """Puts critique tasks in the places of a share of the problems.

    The mixture of Critique-Coder (arXiv 2509.22824), for `reinforce`: such a task shows a graded
    response and asks whether it is right; the reward's part `verdict` marks the answer.

    Args:
        problems: what a policy is to be trained on.
        responses: graded ones to these problems, as `corrupt` and `respond` make them; other ones
            and undecided ones are passed over.
        share: of the problems that become tasks; 20 % was best there.
        wrong: share of the tasks whose response is wrong, as near as the responses allow.
        request: the line below the question that asks for the verdict; empty for a student that
            was trained on critiques.
        seed: of the choice of problems and responses.

    Returns as many problems, in their order. Raises UsageError for a share that is none, DataError
    where too few problems have a graded response.
    """
    rows = with_critique_tasks(
        problems.rows,
        responses.responses.values(),
        share=share,
        wrong=wrong,
        seed=seed,
        request=request,
    )
    return problem_table(rows)
