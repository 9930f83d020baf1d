"""The documents hold against the project: links lead somewhere, tables and commands are those that there are."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import typer

from retention import errors
from retention.cli import app
from retention.landing import Contract, land, load_contracts
from retention.runs import Home
from retention.settings import PROJECT_DIR, Settings
from retention.warehouse.project import known_profiles

READMES = ("README.md", "README.zh-CN.md")
EXAMPLE = PROJECT_DIR / "docs" / "guides" / "example" / "orders.csv"
DOCUMENTS = sorted(
    path.relative_to(PROJECT_DIR).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "dags/*.md", "benchmarks/*.md")
    for path in PROJECT_DIR.glob(pattern)
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ROW_OF_TABLE = re.compile(r"^\|[^|`]*\| `(\w+)` \|", re.MULTILINE)
PUBLISHED = sorted(path.stem for path in (PROJECT_DIR / "dbt_project" / "models" / "marts").glob("*/*.sql"))


def read(document: str) -> str:
    """The text of a document of the project."""
    return (PROJECT_DIR / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """A document without its code, where brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", BLOCK.sub("", read(document)))


def commands(document: str) -> list[str]:
    """The lines of a document's code that a reader types, without the remarks behind them."""
    lines = "\n".join(BLOCK.findall(read(document))).splitlines()
    typed = (line.split("  #")[0].split("   #")[0].rstrip() for line in lines)
    return [line for line in typed if re.match(r"(make|mkdir|cp|duckdb|export|\.venv/bin/\w+) ", line)]


def retention_calls(document: str) -> Iterator[list[str]]:
    """Every call of the command line in a document, in a code block or in running text."""
    for call in re.findall(r"(?:\.venv/bin/|`)retention ([a-z][^`\n#]*)", read(document)):
        yield call.split()


def anchors(document: Path) -> set[str]:
    """The anchors that a page of GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return load_contracts(PROJECT_DIR)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_to_a_file(document: str) -> None:
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (PROJECT_DIR / document).parent / path if path else PROJECT_DIR / document
        assert place.exists(), f"{document}: {target}"
        assert not anchor or anchor in anchors(place), f"{document}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_a_place_on_somebodys_machine(document: str) -> None:
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users)/", read(document))


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_lists_every_published_table_and_no_other(readme: str) -> None:
    assert sorted(ROW_OF_TABLE.findall(read(readme))) == PUBLISHED


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_shows_as_many_tables_as_there_are(readme: str) -> None:
    assert re.findall(r"\(schema marts, (\d+) tables\)", read(readme)) == [str(len(PUBLISHED))]


def test_metrics_name_every_published_table_of_figures() -> None:
    master_data = {"dim_products", "dim_dates", "dim_labels", "fct_order_items", "fct_touches"}  # they hold no figure
    missing = [table for table in PUBLISHED if table not in master_data and f"`{table}" not in read("docs/metrics.md")]
    assert missing == []


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = map(commands, READMES)
    assert english == chinese
    assert len(english) > 5


def test_both_readmes_show_the_same_output_of_make_run() -> None:
    english, chinese = ([block for block in BLOCK.findall(read(readme)) if "As of" in block] for readme in READMES)
    assert english == chinese


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_and_option_named_exists(document: str) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group, since there are several
    for name, *arguments in retention_calls(document):
        assert name in known, f"{document}: retention {name}"
        command = known[name]
        if hasattr(command, "commands") and arguments:
            assert arguments[0].split("|")[0] in command.commands, f"{document}: retention {name} {arguments[0]}"
            command = command.commands[arguments[0].split("|")[0]]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = {argument for argument in arguments if argument.startswith("--")} - options - {"--help"}
        assert not unknown, f"{document}: retention {name} {unknown}"


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_gives_every_exit_code(readme: str) -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.RetentionError)} | {0}
    rows = re.findall(r"^\| (\d+) \| [^|]+\| \| (\d+)? ?\|", read(readme), re.MULTILINE)
    assert {int(code) for row in rows for code in row if code} == codes


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_every_setting(readme: str) -> None:
    internal = {"project_dir"}  # for tests and containers
    missing = [name for name in Settings.model_fields if name not in internal and f"`{name}`" not in read(readme)]
    assert missing == []


def test_the_guide_gives_every_contract_as_it_is(contracts: dict[str, Contract]) -> None:
    for entity, contract in contracts.items():
        required = (f"**{c.name}**" if c.key_position else c.name for c in contract.columns if c.required)
        optional = (c.name + ("†" if c.is_personal else "") for c in contract.columns if not c.required)
        row = f"| {entity} | {', '.join(required)} | {', '.join(optional)} | {contract.refresh_cycle_days:g} |"
        assert row in read("docs/guides/own-data.md")


def test_the_guide_names_every_seed() -> None:
    seeds = {path.name for path in (PROJECT_DIR / "dbt_project" / "seeds").glob("*.csv")}
    assert set(re.findall(r"^\| `(\w+\.csv)` \|", read("docs/guides/rules.md"), re.MULTILINE)) == seeds


def test_the_changelog_names_every_profile() -> None:
    assert [name for name in known_profiles(PROJECT_DIR) if f"`{name}`" not in read("CHANGELOG.md")] == []


def test_every_decision_is_listed_once_and_in_order() -> None:
    folder = PROJECT_DIR / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("0*.md"))
    assert re.findall(r"^\| \[\d+\]\((.+?)\) \|", read("docs/decisions/README.md"), re.MULTILINE) == records
    for name in records:
        assert (folder / name).read_text(encoding="utf-8").startswith(f"# {int(name[:4])}. "), name
    assert all(int(earlier[:4]) < int(later[:4]) for earlier, later in pairwise(records))


@pytest.mark.parametrize("readme", READMES)
def test_the_example_sets_aside_the_rows_that_the_readme_shows(
    readme: str, contracts: dict[str, Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "landing" / "orders"
    folder.mkdir(parents=True)
    (folder / EXAMPLE.name).write_bytes(EXAMPLE.read_bytes())
    lines: list[str] = []
    land(Home(tmp_path / "home"), folder.parent, contracts, timezone="Asia/Shanghai", progress=lines.append)
    assert all(line in read(readme) for line in lines)
    files = f"{tmp_path}/home/raw/orders/load=*/quarantine.parquet"
    rows = duckdb.sql(f"select line_no, reason, column_name from read_parquet('{files}')").fetchall()
    assert rows
    for line_no, reason, column in rows:
        assert re.search(rf"^\| {line_no} \| {reason}[^|]*\| {column} \|", read(readme), re.MULTILINE)
