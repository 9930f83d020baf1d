"""What makes two spellings of one telephone number, e-mail address, registration number or name equal.

The usual spellings are told by a pattern and brought to their normal form in SQL. The others are collected, each text
once, normalised one after the other in Python (a telephone number by the library `phonenumbers`, which takes 50 µs and
more), and joined back as a table. A value that can be nobody's has no normal form, and so no hash.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb

from retention.errors import SettingsError
from retention.landing.contracts import Column, Contract
from retention.landing.staging import Source
from retention.sql import literal, quoted

ALGORITHM = "2"  # 1: telephone numbers by their digits alone, registration numbers with their punctuation
COUNTED = ("phone", "email", "registration")  # kinds whose unusable values are counted; a name may be anything
MIN_REGISTRATION = 6  # characters of the shortest registration number taken for one

# Numbers that people type to get past a form: eight times one digit at the end, or digits in a row.
JUNK_TAILS = (*(str(digit) * 8 for digit in range(10)), "12345678", "01234567", "87654321")
JUNK = ("+8613800138000", "+8613900139000")  # service numbers that stand in many examples

# A region's mobile numbers as a text may hold them without doubt: every one has the same E.164 form by the library
# (tests/landing/test_matching.py). Others, and all numbers of other regions, go through the library.
PLAIN_PHONES = {
    "CN": r"(?:(?:\+|00)?86[ -]?)?1(?:(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8])[ -]?\d{4}[ -]?\d{4})",
}
MOBILE_DIGITS = {"CN": ("+86", 11)}  # calling code, digits of a mobile number
PLAIN_EMAIL = r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+"
PLAIN_REGISTRATION = "[ -~]+"
PLAIN_NAME = r"[ -~\x{4E00}-\x{9FFF}]+"  # ideographs that have no other form

EXTENSION = re.compile(r"(分机|內線|内线|转|轉|ext|EXT|Ext|#).*$", re.DOTALL)
SEVERAL = re.compile(r"[/,;|、，；]")


@dataclass(frozen=True)
class NormalForms:
    """How the values of `staged` become comparable.

    Attributes:
        expressions: by column, SQL of the normal form; null for a value that is nobody's.
        joins: what `staged` is joined with for them.
        unusable: by column, good rows whose value has no normal form; columns without any are left out.
    """

    expressions: Mapping[str, str] = field(default_factory=dict)
    joins: str = ""
    unusable: Mapping[str, int] = field(default_factory=dict)


def algorithm(region: str) -> str:
    """The name of the algorithm that made the hashes of a load; hashes of another are not comparable."""
    return f"{ALGORITHM}:{region}"


def check_region(region: str) -> None:
    """Make sure that telephone numbers of a region are known.

    Raises:
        SettingsError: the library knows no such region.
    """
    import phonenumbers  # noqa: PLC0415  # takes 60 ms, and a load without telephone numbers does not need it

    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(
            f"RETENTION_DEFAULT_REGION is {region!r}: no telephone numbers are known of such a region.",
            "Use a country's two letters, such as CN, HK, US or DE.",
        )


def lay_normal_forms(
    connection: duckdb.DuckDBPyConnection, contract: Contract, source: Source, region: str
) -> NormalForms:
    """Normalise what `staged` holds and raw gets a hash of.

    Args:
        region: whose telephone numbers are written without a calling code, such as CN.

    Raises:
        SettingsError: no telephone numbers are known of the region.
    """
    columns = [column for column in contract.personal if column.normaliser and column.name in source.present]
    expressions, joins = {}, []
    for column in columns:
        join = _lay_rare_forms(connection, column, region)
        joins += [join] if join else []
        expressions[column.name] = _normal_sql(column, region, is_joined=bool(join))
    joined = " ".join(joins)
    return NormalForms(expressions, joined, _count_unusable(connection, columns, expressions, joined))


def plain_pattern(normaliser: str, region: str) -> str | None:
    """The pattern (RE2) of the texts that SQL normalises; None: there are none."""
    if normaliser == "phone":
        return PLAIN_PHONES.get(region)
    return {"email": PLAIN_EMAIL, "registration": PLAIN_REGISTRATION, "name": PLAIN_NAME}[normaliser]


def plain_form_sql(text: str, normaliser: str, region: str) -> str:
    """SQL of the normal form of a text of the plain pattern."""
    if normaliser == "phone":
        code, digits = MOBILE_DIGITS[region]
        number = f"right(regexp_replace({text}, '[^0-9]', '', 'g'), {digits:d})"
        junk_tails, junk = (", ".join(map(literal, words)) for words in (JUNK_TAILS, JUNK))
        whole = f"{literal(code)} || {number}"
        return f"case when right({number}, 8) not in ({junk_tails}) and {whole} not in ({junk}) then {whole} end"
    if normaliser == "email":
        return f"lower({text})"
    if normaliser == "registration":
        letters = f"upper(regexp_replace({text}, '[^A-Za-z0-9]', '', 'g'))"
        return (
            f"case when length({letters}) >= {MIN_REGISTRATION} "
            f"and replace({letters}, {letters}[1], '') <> '' then {letters} end"
        )
    return rf"nullif(lower(regexp_replace({text}, '[^\p{{L}}\p{{N}}]', '', 'g')), '')"


def normal_form(text: str, normaliser: str, region: str) -> str | None:
    """The normal form of any text; None when it is nobody's."""
    if normaliser == "phone":
        return _normal_phone(text, region)
    spelt = unicodedata.normalize("NFKC", text).strip()
    if normaliser == "email":
        address = "".join(spelt.split()).lower()
        return address if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address) else None
    # Letters, digits and the marks that some scripts write their vowels with.
    kept = "".join(sign for sign in spelt if unicodedata.category(sign)[0] in "LNM")
    if normaliser == "name":
        return kept.lower() or None
    letters = kept.upper()
    return letters if len(letters) >= MIN_REGISTRATION and len(set(letters)) > 1 else None


def _normal_phone(text: str, region: str) -> str | None:
    """E.164 of the first number in a text, without its extension."""
    import phonenumbers  # noqa: PLC0415  # as above

    number = SEVERAL.split(EXTENSION.sub("", unicodedata.normalize("NFKC", text)))[0]
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    whole: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None if whole.endswith(JUNK_TAILS) or whole in JUNK else whole


def _lay_rare_forms(connection: duckdb.DuckDBPyConnection, column: Column, region: str) -> str:
    """Lay the table of the texts that no pattern covers, each once; SQL of the join with it, empty without any."""
    normaliser, name = str(column.normaliser), quoted(column.name)
    pattern = plain_pattern(normaliser, region)
    rare = f"not regexp_full_match({name}, {literal(pattern)})" if pattern else "true"
    texts = connection.execute(
        f"select distinct {name} as text from staged where _fault is null and {name} is not null and {rare}"
    ).to_arrow_table()
    if not texts.num_rows:
        return ""
    if normaliser == "phone":
        check_region(region)
    table = quoted(f"normal_{column.name}")
    connection.register(
        "rare_texts", _with_normal_forms(texts, partial(normal_form, normaliser=normaliser, region=region))
    )
    connection.execute(f"create or replace table {table} as select text, normal from rare_texts")
    connection.unregister("rare_texts")
    return f"left join {table} on staged.{name} = {table}.text"


def _with_normal_forms(texts: Any, normalise: Callable[[str], str | None]) -> Any:
    """An Arrow table of texts with their normal forms beside them."""
    import pyarrow  # noqa: PLC0415  # only spellings off the pattern need it

    normal = [normalise(text) for text in texts["text"].to_pylist()]
    return texts.append_column("normal", pyarrow.array(normal, pyarrow.string()))


def _normal_sql(column: Column, region: str, *, is_joined: bool) -> str:
    """SQL of a column's normal form over `staged` and what it is joined with."""
    normaliser, text = str(column.normaliser), f"staged.{quoted(column.name)}"
    pattern = plain_pattern(normaliser, region)
    rare = f"{quoted(f'normal_{column.name}')}.normal" if is_joined else "null"
    if pattern is None:
        return rare
    plain = plain_form_sql(text, normaliser, region)
    return f"case when regexp_full_match({text}, {literal(pattern)}) then {plain} else {rare} end"


def _count_unusable(
    connection: duckdb.DuckDBPyConnection, columns: list[Column], expressions: Mapping[str, str], joins: str
) -> dict[str, int]:
    counted = [column for column in columns if column.normaliser in COUNTED]
    if not counted:
        return {}
    counts = ", ".join(
        f"count(*) filter (where staged.{quoted(column.name)} is not null and {expressions[column.name]} is null)"
        for column in counted
    )
    numbers = connection.execute(f"select {counts} from staged {joins} where _fault is null").fetchone() or ()
    return {column.name: number for column, number in zip(counted, numbers, strict=True) if number}
