"""What `redink preflight` tells of a `reinforce` stage: its rollouts and what they take."""

from typing import TYPE_CHECKING, Any

from redink.cli.preflighting_scorers import Find

if TYPE_CHECKING:
    from redink.plan import Plan, PlannedStage
    from redink.reinforcement.outlook import PolicyOutlook


def policy_report(plan: "Plan", planned: "PlannedStage", find: Find) -> "PolicyOutlook | str":
    """What a reinforce stage will take, or why that cannot be known yet.

    Args:
        plan: of the recipe.
        planned: the stage.
        find: gives tables.

    Raises UsageError for settings that make no sense, and where there is no problem.
    """
    from redink.cli.estimating import root_model
    from redink.errors import UsageError
    from redink.models.loading import load_tokenizer
    from redink.models.resolve import resolve_model
    from redink.reinforcement.drawing import Drawing
    from redink.reinforcement.outlook import policy_outlook
    from redink.reinforcement.policy import policy_of

    problems: dict[str, Any] = {}
    for name in planned.stage.inputs["problems"]:
        table = find(name)
        if isinstance(table, str):
            return f"its problems rest on {table}"
        problems |= table.problems
    if not problems:
        raise UsageError("there are no problems to draw rollouts for; give it some")
    settings = {k: v for k, v in planned.stage.settings.items() if v is not None}
    policy, student = policy_of(settings), resolve_model(root_model(plan, planned))
    return policy_outlook(
        student,
        load_tokenizer(student),
        list(problems.values()),
        policy.settings,
        Drawing(max_tokens=policy.max_tokens, prompt=policy.prompt),
        settings,
        planned.folder,
        validation="validation" in planned.stage.inputs,
    )
