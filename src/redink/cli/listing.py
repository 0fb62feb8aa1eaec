"""`redink recipes`: what can be run, and what a recipe can say."""

import inspect
import sys

import yaml
from rich.console import Console
from rich.table import Table as Grid

from redink.recipe import builtin_recipes, read_recipe
from redink.stages.registry import VERBS


def list_recipes() -> None:
    """One line for each built-in recipe."""
    grid = Grid("recipe", "what it does", box=None, header_style="bold")
    for name, text in builtin_recipes().items():
        about = " ".join(str(yaml.safe_load(text).get("about", "")).split())
        grid.add_row(name, about)
    Console().print(grid)
    print("\nRun one with: redink run NAME    Copy one with: redink recipes --show NAME > my.yaml")


def show_recipe(name: str) -> None:
    """A recipe's YAML as it stands, comments and all."""
    read_recipe(name)
    sys.stdout.write(builtin_recipes()[name])


def list_verbs() -> None:
    """Each verb with its inputs, its settings and their defaults."""
    for verb in VERBS.values():
        print(f"{verb.name}: {verb.summary}")
        for name, slot in verb.inputs.items():
            need = "" if slot.required else ", optional"
            print(f"    {name}: stage{'s' if slot.many else ''} ({'/'.join(slot.accepts)}{need})")
        for name, parameter in verb.settings.items():
            default = parameter.default
            shown = "required" if default is inspect.Parameter.empty else f"default {default!r}"
            print(f"    {name}: {shown}")
        print()
