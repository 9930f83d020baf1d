"""The languages that people are told things in."""

from retention.errors import SettingsError

LANGUAGES = ("en", "zh")


def check_language(language: str) -> None:
    """Refuse a language that there are no words in.

    Raises:
        SettingsError: there is no such language.
    """
    if language not in LANGUAGES:
        raise SettingsError(f"There is no language '{language}'.", f"Use one of {', '.join(LANGUAGES)}.")
