"""The command `retention explain`."""

from typing import Annotated

import typer
from rich.console import Console

from retention.console import print_json
from retention.errors import SettingsError
from retention.explanation.printing import print_explanation
from retention.explanation.reading import explain_customer, published_names
from retention.languages import LANGUAGES
from retention.options import HomeOption, settings_with

LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Language: en or zh. Default: the setting language.")
]


def language_of(given: str | None, setting: str) -> str:
    """The language to speak.

    Raises:
        SettingsError: there is no such language.
    """
    if given is not None and given not in LANGUAGES:
        raise SettingsError(f"There is no language '{given}'.", f"Use one of {', '.join(LANGUAGES)}.")
    return given or setting


def register(app: typer.Typer, out: Console) -> None:
    """Add the command.

    Args:
        out: where it prints.
    """

    @app.command(epilog="Examples: retention explain 1613 · retention explain 1613 --language zh")
    def explain(
        customer_id: Annotated[str, typer.Argument(help="The customer's ID, as in the landed files.")],
        home: HomeOption = None,
        language: LanguageOption = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Say why a customer has its scores, tiers, stages and labels, and what would move it one tier up."""
        settings = settings_with(home=home)
        speech = language_of(language, settings.language)
        explained = explain_customer(settings.home_path, customer_id, speech)
        if as_json:
            print_json(explained)
        else:
            print_explanation(out, explained, published_names(settings.home_path, speech))
