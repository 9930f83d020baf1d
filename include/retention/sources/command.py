"""The commands `retention source …`, `retention extract` and `retention sample`."""

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from retention.console import Progress, print_rows
from retention.errors import RetentionError, SourceError
from retention.landing import Contract, load_contracts
from retention.landing.extracts import sealed_extracts
from retention.landing.staging import WITHHELD
from retention.options import HomeOption, LandingOption, settings_with
from retention.runs import Home
from retention.settings import Settings
from retention.sources.catalogue import Source, choose, read_sources
from retention.sources.samples import SAMPLES, write_sample

SHOWN_ROWS = 5

SourcesOption = Annotated[Path | None, typer.Option("--sources", help="Declaration of the sources.")]
EntityOption = Annotated[list[str] | None, typer.Option("--entity", help="Only this entity; repeat it.")]

source_app = typer.Typer(no_args_is_help=True, help="Databases, files and services that the data comes from.")


def register(app: typer.Typer, out: Console, err: Console) -> None:
    """Add the commands."""

    @app.command(epilog="Example: retention sample cdnow --landing data/cdnow-landing")
    def sample(
        name: Annotated[str, typer.Argument(help=f"One of {', '.join(SAMPLES)}.")],
        landing: LandingOption = None,
        home: HomeOption = None,
    ) -> None:
        """Write the landing files of a sample company from an installed data package."""
        report = write_sample(name, settings_with(home=home, landing=landing).landing_dir, out.print)
        for caveat in report.caveats:
            out.print(f"note: {caveat}")

    app.add_typer(source_app, name="source")

    @source_app.command(name="list", epilog="Example: retention source list")
    def list_sources(
        home: HomeOption = None,
        sources: SourcesOption = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Show what each source delivers, up to where it is loaded, and what waits for landing."""
        settings, found = _read(home, sources)
        rows = [row for source in choose(found, [], settings.sources) for row in _described(source, settings.home_path)]
        if as_json:
            sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        else:
            print_rows(out, f"sources of {settings.sources}", rows)

    @source_app.command(name="test", epilog="Example: retention source test crm")
    def test_source(
        name: Annotated[str, typer.Argument(help="The source, as sources.yml names it.")],
        home: HomeOption = None,
        sources: SourcesOption = None,
        entity: EntityOption = None,
    ) -> None:
        """Ask a source whether it answers, what it would load, and for five rows of each entity.

        Personal columns are shown as 'withheld'.
        """
        settings, found = _read(home, sources)
        [source] = choose(found, [name], settings.sources)
        _test(out, source, settings.home_path, entity or [])

    @app.command(epilog="Examples: retention extract · retention extract crm --entity orders")
    def extract(
        names: Annotated[list[str] | None, typer.Argument(help="Sources. Default: all of sources.yml.")] = None,
        home: HomeOption = None,
        sources: SourcesOption = None,
        entity: EntityOption = None,
        anew: Annotated[
            bool, typer.Option("--anew", help="Take extracts away that wait for landing, and ask for their rows again.")
        ] = False,
        full: Annotated[
            bool, typer.Option("--full", help="Ask for all rows, not only those since the cursor.")
        ] = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every page.")] = False,
    ) -> None:
        """Fetch what sources have since the last load. The next run, or retention load, takes it in."""
        settings, found = _read(home, sources)
        wanted = choose(found, names or [], settings.sources)
        if not names:
            wanted = [source for source in wanted if not entity or set(entity) & set(source.feeds)]
        failed = _extract_all(out, err, wanted, settings.home_path, entity or [], anew, full, verbose)
        if len(failed) == 1 and len(wanted) == 1:
            raise failed[0]
        if failed:
            raise SourceError(
                f"{len(failed)} of {len(wanted)} sources failed.", "What the others delivered waits for landing."
            )


def _read(home: Path | None, path: Path | None) -> tuple[Settings, list[Source]]:
    settings = settings_with(home=home, sources=path)
    contracts = load_contracts(settings.project_dir)
    return settings, read_sources(settings.sources, contracts, settings.timezone)


def _described(source: Source, home: Home) -> Iterable[dict[str, Any]]:
    from retention.sources.extraction import finished_at, stored_cursor  # noqa: PLC0415  # pyarrow takes a third of a second

    finished = finished_at(home, source.name)
    for entity, feed in source.feeds.items():
        yield {
            "source": source.name,
            "kind": source.declared.kind,
            "entity": entity,
            "schedule": source.declared.schedule,
            "cursor": feed.cursor,
            "loaded_up_to": stored_cursor(home, feed),
            "waiting": len(sealed_extracts(home, source.name, entity)),
            "last_extracted": finished.get(entity),
        }


def _test(out: Console, source: Source, home: Home, entities: list[str]) -> None:
    from retention.sources.extraction import chosen_feeds, next_start  # noqa: PLC0415  # as above
    from retention.sources.extractor import Estimates  # noqa: PLC0415  # it imports pyarrow, too

    feeds = chosen_feeds(source, entities)
    remedy = "Check address, network and secret of the source."
    redactor = source.redactor()
    with redactor.guard(source.name, remedy):
        extractor = source.open()
        out.print(f"{source.name} answers: {redactor.clean(extractor.answer())}", markup=False)
    for feed in feeds:
        with redactor.guard(feed.label, remedy):
            since = next_start(home, feed)
            much = f", {extractor.estimate(feed, since)}" if isinstance(extractor, Estimates) else ""
            asked = f"since {feed.cursor} {since}" if since else "all rows"
            out.print(f"\n{feed.label}: would load {asked}{much}", markup=False)
            rows = extractor.preview(feed, SHOWN_ROWS).slice(0, SHOWN_ROWS).to_pylist()
            print_rows(out, f"{feed.contract.entity}, mapped", [_masked(row, feed.contract) for row in rows])


def _of(source: Source, entities: list[str], sources: int) -> list[str]:
    """The entities to extract; of several sources, each is asked for those that it has."""
    return entities if sources == 1 else [entity for entity in entities if entity in source.feeds]


def _masked(row: dict[str, Any], contract: Contract) -> dict[str, Any]:
    personal = {column.name for column in contract.personal}
    return {name: WITHHELD if name in personal and value is not None else value for name, value in row.items()}


def _extract_all(
    out: Console,
    err: Console,
    sources: list[Source],
    home: Home,
    entities: list[str],
    anew: bool,
    full: bool,
    verbose: bool,
) -> list[RetentionError]:
    """Extract one source after the other; one that fails does not keep the next from its turn."""
    from retention.sources.extraction import How, extract_source  # noqa: PLC0415  # as above

    failed: list[RetentionError] = []
    with Progress(out, verbose) as progress:
        how = How(anew, full, progress.say, progress.tick)
        for source in sources:
            started = time.monotonic()
            try:
                for outcome in extract_source(source, home, _of(source, entities, len(sources)), how):
                    progress.say(f"{outcome.label}: {outcome.line}")
                out.print(f"{source.name}: {time.monotonic() - started:.1f} s", markup=False)
            except RetentionError as error:
                failed.append(error)
                if len(sources) > 1:
                    err.print(f"error: {error}", markup=False)
    return failed
