"""Writes a report beside the releases: `HOME/reports/<kind>/<as-of>/report-{en,zh}.{html,md}`."""

from datetime import date
from pathlib import Path

from retention.errors import SettingsError
from retention.languages import LANGUAGES
from retention.reports.declared import KINDS
from retention.reports.parts import Report
from retention.reports.release import open_release
from retention.reports.rendering import Answers, as_markdown, as_page
from retention.runs import Home


def write_report(home: Home, kind: str, as_of: date | None = None) -> Path:
    """Write a report of a release in both languages. The same release gives the same bytes.

    Args:
        as_of: of this day's release, or of its month's closing, which comes first where a period that is over is
            told of; None: of the published one.

    Returns:
        Its folder; what an earlier call wrote there is replaced.

    Raises:
        NotThereError: there is no such release, or it is of an older program.
        SettingsError: there is no such report.
    """
    if kind not in KINDS:
        raise SettingsError(f"There is no report '{kind}'.", f"Use one of {', '.join(KINDS)}.")
    with open_release(home, as_of, is_of_period=KINDS[kind].is_of_period) as release:
        answers = Answers(KINDS[kind], release)
        contents = [answers.content(language) for language in LANGUAGES]
        folder = home.reports / kind / str(release.as_of)
    folder.mkdir(parents=True, exist_ok=True)
    for content in contents:
        write_text(folder / f"report-{content.language}.html", as_page(content))
        write_text(folder / f"report-{content.language}.md", as_markdown(content))
    return folder


def write_pages(home: Home, report: Report, folder: Path, week: date) -> None:
    """Write a week's report as pages, in both languages, into its folder."""
    with open_release(home, week=week) as release:
        answers = Answers(report, release)
        for language in LANGUAGES:
            write_text(folder / f"report-{language}.html", as_page(answers.content(language)))


def write_text(path: Path, text: str) -> None:
    """Write a file beside its place and rename it there, so that no reader sees half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
