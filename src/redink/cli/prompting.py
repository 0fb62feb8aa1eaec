"""`redink evaluate --show-prompt`: what a model is really given."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from redink.evaluation.presets import preset_named
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.models.template import prompt_text
from redink.recipe import check_recipe
from redink.stages.evaluate import evaluation_prompt


def show_prompts(raw: Mapping[str, Any]) -> None:
    """Prints, for each model and benchmark, the first problem's prompt as the model reads it."""
    recipe = check_recipe(raw, "evaluate", "evaluate")
    settings = recipe.stage("scores").settings
    preset = preset_named(settings["preset"]) if settings["preset"] else None
    console = Console()
    for model in raw["stages"]["scores"]["models"]:
        tokenizer = load_tokenizer(resolve_model(model))
        for name in raw["stages"]["scores"]["benchmarks"]:
            stage = recipe.stage(name)
            problems = stage.verb.function(**stage.settings)
            prompt = evaluation_prompt(preset.prompt if preset else settings["prompt"], problems)
            if prompt.is_raw:
                text = prompt.text(problems[0])
            else:
                text = prompt_text(prompt.messages(problems[0]), tokenizer)
            console.print(Text(f"{model} on {name}, prompt {prompt.name}", style="bold"))
            console.print(Text(str(text)), soft_wrap=True)
            stops = preset.sampling.stop if preset else tuple(settings["stop"])
            shown = " ".join(repr(stop) for stop in (*stops, *prompt.stop))
            console.print(Text(f"stops: the end of the turn{' ' + shown if shown else ''}\n"))
    if preset:
        print(f"preset {preset.name}: {preset.about}")
        for departure in preset.departures:
            print(f"- departs: {departure}")
