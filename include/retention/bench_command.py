"""The command `retention bench`: the pipeline measured beside DuckDB itself and beside its peers."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from retention.options import HomeOption, settings_with

BENCH_EPILOG = """
Examples: retention bench --rows 100k --repeats 1 --no-peers · retention bench --rows 1M --rows 10M · retention bench
--history --rows 400k --repeats 1 · retention bench --value · retention bench --page
"""


def register(app: typer.Typer, out: Console) -> None:
    """Add the command to the command line."""

    @app.command(epilog=BENCH_EPILOG)
    def bench(
        rows: Annotated[
            list[str] | None,
            typer.Option("--rows", help="Orders of a made-up company, such as 300k or 10M; repeat it."),
        ] = None,
        large: Annotated[
            bool, typer.Option("--large", help="Also 100M orders, once, under a memory limit of 8 GB.")
        ] = False,
        history: Annotated[
            bool,
            typer.Option(
                "--history",
                help="Instead: the month-end history of every customer, 36 months, under a memory limit of 4 GB. "
                "--rows: its orders, 20 a customer; default 16M: 500,000 customers on average over the months.",
            ),
        ] = False,
        value: Annotated[
            bool,
            typer.Option("--value", help="Instead: the fit of BG/NBD beside its peers. --rows: customers; default 1M."),
        ] = False,
        repeats: Annotated[
            int, typer.Option("--repeats", min=1, help="Rounds; every piece is measured once a round.")
        ] = 3,
        peers: Annotated[
            bool,
            typer.Option("--peers/--no-peers", help="Also pandas, polars, lifetimes, ... (make peers installs them)."),
        ] = True,
        fixed: Annotated[
            bool,
            typer.Option("--fixed/--no-fixed", help="Also what no data changes: 100 orders, the DAG files' import."),
        ] = True,
        results: Annotated[
            Path | None, typer.Option("--out", help="Folder for the records, one JSON per kind and size.")
        ] = None,
        work: Annotated[Path | None, typer.Option("--work", help="Scratch folder. Default: HOME/bench.")] = None,
        keep: Annotated[bool, typer.Option("--keep", help="Keep companies and homes, to look into.")] = False,
        page: Annotated[
            bool, typer.Option("--page", help="Measure nothing: write docs/performance.md from the records.")
        ] = False,
        home: HomeOption = None,
    ) -> None:
        """Measure the pipeline beside DuckDB itself and beside its peers, and print the goals with what was reached.

        A made-up company of each size is loaded, run in full, and run again with the next day's files; between them the
        same files go through DuckDB alone (the floor), through the peers and through dbt alone. Every figure is a whole
        process: wall and processor time, memory of all its processes, bytes on disk. Measure on a machine that does
        nothing else; figures taken while others worked are marked as provisional.
        """
        from retention.benchmark.command import (  # noqa: PLC0415  # no other command needs it
            measure_and_show,
            measure_value_and_show,
            rows_of,
            write_page,
        )

        settings = settings_with(home=home)
        folder = results or settings.project_dir / "benchmarks" / "results"
        if page:
            for written in write_page(settings.project_dir, folder):
                out.print(f"written: {written}", markup=False)
            return
        if value:
            sizes = tuple(rows_of(text) for text in rows or ["1M"])
            measure_value_and_show(settings, out, sizes, repeats, with_peers=peers, results=folder, work=work)
            return
        sizes = tuple(rows_of(text) for text in rows or (["16M"] if history else ["1M", "10M"] if not large else []))
        measure_and_show(
            settings,
            out,
            sizes=() if history else (*sizes, 100_000_000) if large else sizes,
            history_sizes=sizes if history else (),
            repeats=repeats,
            with_peers=peers and not history,
            with_fixed=fixed and not history,
            keep=keep,
            results=folder,
            work=work,
        )
