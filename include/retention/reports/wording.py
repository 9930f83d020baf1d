"""The words of reports: one catalogue per language, wording/en.yml and wording/zh.yml."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class Wording:
    """The words of one language.

    Args:
        language: en or zh.
    """

    def __init__(self, language: str) -> None:
        self.language, self.catalogue = language, _catalogue(language)

    def word(self, name: str, /, **values: object) -> str:
        """A word or sentence of the section `words`."""
        return str(self.catalogue["words"][name]).format(**values)

    def name(self, part: str, code: str) -> str:
        """A name of the program's own; the code itself where it has none."""
        return str(self.catalogue[part].get(code, code))

    def of(self, part: str, name: str, what: str) -> str:
        """What is said of a report, section or sheet; empty where nothing is."""
        return str(self.catalogue[part].get(name, {}).get(what, ""))

    def head(self, section: str, column: str) -> str:
        """The header of a column: the section's own, else that of all."""
        own: Mapping[str, str] = self.catalogue["sections"].get(section, {}).get("columns", {})
        return str(own.get(column) or self.catalogue["columns"][column])

    def finding(self, name: str, values: Mapping[str, str]) -> str:
        """A sentence made from the data."""
        return str(self.catalogue["findings"][name]).format(**values)


@cache
def _catalogue(language: str) -> dict[str, Any]:
    text = files("retention.reports").joinpath("wording", f"{language}.yml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content
