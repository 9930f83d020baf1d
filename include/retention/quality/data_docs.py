"""Data Docs: Great Expectations' own rendering of every suite's result, in pages that open without a network.

Great Expectations' page frame loads eleven scripts and style sheets from public servers and shows an empty index
without them. Here its sections stand in a frame of ours: no script, one style sheet beside the pages.
"""

import html
import importlib
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from retention.quality.engine import load_great_expectations
from retention.quality.results import CheckResult

STAGES = {"landed": "Landed data", "published": "Published tables"}
RESULTS = "results.json"
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
SUITE_LINK = re.compile(r"<a\s[^>]*href=\"(?:\.\./){2,}[^\"]*\"[^>]*>(.*?)</a>", re.DOTALL)
POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'"
STYLE = """\
body { margin: 0 auto; max-width: 70rem; padding: 1rem 2rem 3rem; font: 15px/1.5 system-ui, sans-serif; }
body { color: #1c2733; } a { color: #0b5cad; } h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
h5 { font-size: 1.05rem; margin: 0; } h6 { font-size: .95rem; margin: .5rem 0 0; } .h6 { font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #dde3e9; }
td { overflow-wrap: anywhere; } .alert { background: #eef2f6; padding: .6rem .8rem; margin-top: 1.5rem; }
.badge { background: #e3e9ef; border-radius: 3px; padding: 0 .3em; }
p.m-0 > a[data-toggle], .collapse { display: none; }
.passed, .text-success { color: #1a7f4b; } .critical, .text-danger { color: #b3261e; } .warning { color: #8a5a00; }
i.fas::before { font-style: normal; content: "\\2713"; }
i.fa-times::before, i.text-danger::before { content: "\\2717"; }
pre, code { white-space: pre-wrap; font-size: .85rem; }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #e3e8ee; } a { color: #7db8f5; } .alert, .badge { background: #232c36; }
  th, td { border-color: #33404d; } .passed, .text-success { color: #5fd39a; } .warning { color: #e5b454; }
  .critical, .text-danger { color: #ff8a80; }
}
"""


def write_data_docs(folder: Path, stage: str, validations: Iterable[Any], results: Sequence[CheckResult]) -> Path:
    """Write the pages of one stage in place of its older ones, and the index of both stages.

    Args:
        folder: the Data Docs folder of the home.
        stage: 'landed' or 'published'.
        validations: Great Expectations' results, one a suite.
        results: the same as check results, for the index.

    Returns:
        The index page.
    """
    beside, place = folder / f".{stage}.new", folder / stage
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for validation in validations:
        entity = str(validation.meta["active_batch_definition"]["data_asset_name"])
        page = _page(f"{STAGES[stage]}: {entity}", _sections(validation), up="../")
        (beside / f"{entity}.html").write_text(page, encoding="utf-8")
    records = json.dumps([result.as_dict() for result in results], indent=2, ensure_ascii=False)
    (beside / RESULTS).write_text(records + "\n", encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    beside.rename(place)
    return _write_index(folder)


def _sections(validation: Any) -> str:
    """Great Expectations' rendering of a suite's result, without its frame and scripts."""
    load_great_expectations()
    renderer: Any = importlib.import_module("great_expectations.render.renderer")
    document = renderer.ValidationResultsPageRenderer().render(validation)
    view = _view()
    sections = [
        view.render({"section": section.to_json_dict(), "section_loop": {"index": number}})
        for number, section in enumerate(document.sections, start=1)
    ]
    # The frame that a suite's name links to is not written: the suites stand in expectations/suites.
    return SUITE_LINK.sub(r"\1", SCRIPT.sub("", "\n".join(sections)))


@lru_cache(maxsize=1)
def _view() -> Any:
    """One for all pages: each of them compiles its templates anew, which takes longer than the pages."""
    return importlib.import_module("great_expectations.render.view").DefaultJinjaSectionView()


def _write_index(folder: Path) -> Path:
    """Write the front page: every check of both stages, failed ones first."""
    (folder / "style.css").write_text(STYLE, encoding="utf-8")
    parts = []
    for stage, title in STAGES.items():
        source = folder / stage / RESULTS
        if source.exists():
            records = [CheckResult.from_dict(one) for one in json.loads(source.read_text(encoding="utf-8"))]
            parts.append(_stage_table(stage, title, records))
    index = folder / "index.html"
    beside = folder / ".index.html.new"
    beside.write_text(_page("Data quality", "\n".join(parts)), encoding="utf-8")
    beside.replace(index)
    return index


def _stage_table(stage: str, title: str, results: Sequence[CheckResult]) -> str:
    failed = [result for result in results if not result.passed]
    ordered = [*sorted(failed, key=lambda result: result.severity), *(one for one in results if one.passed)]
    at = f"{max(result.checked_at for result in results):%Y-%m-%d %H:%M}" if results else "no suite"
    rows = "\n".join(_row(stage, result) for result in ordered)
    return (
        f"<h2>{title}</h2><p>{len(results)} checks, {len(failed)} failed. {at}.</p>"
        "<table><thead><tr><th>Result</th><th>Entity</th><th>Check</th><th>Column</th><th>Found</th><th>Asked for</th>"
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(stage: str, result: CheckResult) -> str:
    state = "passed" if result.passed else result.severity
    cells = (result.check_name, result.column_name, result.observed, result.threshold)
    entity = html.escape(result.entity)
    return (
        f'<tr><td class="{state}">{state}</td><td><a href="{stage}/{entity}.html">{entity}</a></td>'
        + "".join(f"<td>{html.escape(cell or '')}</td>" for cell in cells)
        + "</tr>"
    )


def _page(title: str, body: str, up: str = "") -> str:
    back = f'<p><a href="{up}index.html">All checks</a></p>' if up else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="{up}style.css"></head>\n'
        f"<body>{back}<h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )
