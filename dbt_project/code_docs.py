"""The codes' names in `dbt docs`: models/codes.md, made from seeds/labels.csv, so that both can't disagree.

    python -m dbt_project.code_docs

One block per code set, `codes_<code_set>`: a table of its codes with English name, Chinese name and meaning. The tiers
of all schemes share one block, `codes_tiers`, since a tier's column holds those of every scheme. A column refers to its
block in a paragraph of its own, behind what the column means: that first paragraph alone becomes the comment of the
published column.
"""

from __future__ import annotations

import csv
from pathlib import Path

PROJECT = Path(__file__).parent
LABELS = PROJECT / "seeds" / "labels.csv"
CODES = PROJECT / "models" / "codes.md"
HEADINGS = ("code", "English", "中文", "meaning")
NOTE = "<!-- Made from seeds/labels.csv by python -m dbt_project.code_docs; edit that file. -->"


def code_docs(labels: Path = LABELS) -> str:
    """The text of models/codes.md for the rows of a labels.csv."""
    with labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sets: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        cells = (row["code"], row["name_en"], row["name_zh"], row["description"])
        sets.setdefault(row["code_set"], []).append(cells)
    blocks = [block(f"codes_{name}", HEADINGS, codes) for name, codes in sorted(sets.items())]
    schemes = [code for code, *_ in sets["scheme"]]
    tiers = [(scheme, *cells) for scheme in schemes for cells in sets[scheme]]
    return "\n".join([NOTE, "", *blocks, block("codes_tiers", ("scheme", *HEADINGS), tiers)])


def block(name: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A dbt docs block that holds one markdown table."""
    lines = [table_line(headings), table_line(("---",) * len(headings)), *map(table_line, rows)]
    return "\n".join([f"{{% docs {name} %}}", *lines, "{% enddocs %}", ""])


def table_line(cells: tuple[str, ...]) -> str:
    """A row of a markdown table; a bar within a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    CODES.write_text(code_docs(), encoding="utf-8")
