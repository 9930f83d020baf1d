"""Checks of the data in words: their names, and what they found and asked for.

The check itself writes what it found as one English line. Of the lines that the program's checks write the figures are
taken out and told as anywhere else; a line of another form is marked as the check's own words.
"""

import re
from collections.abc import Callable
from typing import Any

from retention.reports.wording import Wording

OF_MONTH = re.compile(r"month_(\d{4}-\d{2})_reconciled")
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e-?\d+)?"
BOUND = rf"(?:>=|<=|=|>|<) (?:{NUMBER}|\d{{4}}-\d{{2}}-\d{{2}})"
FORMS = {
    "check_rows": r"(?P<count>\d+) rows",
    "check_outside": r"(?P<count>\d+) outside",
    "check_before": r"(?P<count>\d+) before it",
    "check_all": r"all of them",
    "check_none": r"none",
    "check_columns": r"(?P<count>\d+) columns of the contract",
    "check_synthetic": r"(?P<count>\d+) of (?P<whole>\d+) files are synthetic",
    "check_months": r"(?P<count>\d+) of (?P<whole>\d+) months",
    "check_months_unbooked": r"(?P<count>\d+) of (?P<whole>\d+) months, (?P<gaps>\d+) not booked",
    "check_every_month": rf"every month within (?P<share>{NUMBER}) of finance's revenue",
    "check_computed": rf"(?P<amount>{NUMBER}) computed, (?P<difference>{NUMBER}) against finance",
    "check_booked": rf"(?P<amount>{NUMBER}) booked, within (?P<share>{NUMBER}) of it",
    "check_share_of_rows": rf"(?P<share>{NUMBER}) \((?P<count>\d+) of (?P<whole>\d+) rows\)",
    "check_band": rf"(?P<share>{NUMBER}) \(band (?P<count>\d+)\)",
    "check_profile": rf"(?P<bound>{BOUND}); retention profile suggest",
}
"""Lines that checks write, by the word that tells each."""
PLAIN = re.compile(rf"(?P<sign>(?:>=|<=|=|>|<) )?(?P<figure>{NUMBER}|\d{{4}}-\d{{2}}-\d{{2}})")
BETWEEN = re.compile(rf"({BOUND}) and ({BOUND})")
SIGNS = {">=": "≥ ", "<=": "≤ ", "=": "= ", ">": "> ", "<": "< "}
SHARES = ("share ", "expect_column_values_to_not_be_null")
"""How expectations begin whose figures are shares."""


def of_shares(expectation: Any) -> bool:
    """Whether a check's figures are shares."""
    return str(expectation).startswith(SHARES)


def check_named(wording: Wording, code: str) -> str:
    """The name of a check."""
    month = OF_MONTH.fullmatch(code)
    if month:
        return wording.word("check_of_month", name=wording.name("checks", "month_reconciled"), month=month[1])
    return wording.name("checks", code)


def check_told(wording: Wording, text: str, *, is_share: bool) -> str:
    """What a check found or asked for.

    Args:
        is_share: whether a lone figure is a share.
    """
    plain = PLAIN.fullmatch(text)
    if plain:
        return _bound(plain, is_share=is_share)
    between = BETWEEN.fullmatch(text)
    if between:
        return wording.word("comma").join(check_told(wording, one, is_share=is_share) for one in between.groups())
    for word, form in FORMS.items():
        found = re.fullmatch(form, text)
        if found:
            told = {name: TOLD[name](value) for name, value in found.groupdict().items()}
            return wording.word(word, **told)
    return wording.word("check_own_words", text=text)


def _bound(found: re.Match[str], *, is_share: bool) -> str:
    sign, figure = found["sign"], found["figure"]
    return (SIGNS[sign.strip()] if sign else "") + (_share(figure) if is_share else _figure(figure))


def _figure(text: str) -> str:
    """A figure with separators, its digits as the check wrote them; a day as it is."""
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        return text
    whole, point, digits = text.lstrip("+-").partition(".")
    return (text[0] if text[0] in "+-" else "") + f"{int(whole):,}" + point + digits


def _share(text: str) -> str:
    share = float(text)
    # So many digits that a share beside its bound does not read as reaching it.
    return f"{share:.2%}" if round(share, 2) != share else f"{share:.0%}"


def _share_bound(text: str) -> str:
    found = PLAIN.fullmatch(text)
    return _bound(found, is_share=True) if found else text


TOLD: dict[str, Callable[[str], str]] = {
    "count": _figure, "whole": _figure, "gaps": _figure, "amount": _figure, "difference": _figure, "share": _share,
    "bound": _share_bound,
}  # fmt: skip
"""How the figures of a line are told, by their names."""
