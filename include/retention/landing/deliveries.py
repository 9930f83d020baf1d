"""Finding what was delivered: which files lie under the landing folder, for which entity, in which form."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retention.errors import LoadRefusedError, NotThereError
from retention.landing.contracts import CONTRACTS, SUFFIX, Contract
from retention.landing.extracts import FILES, Extract

FORMS = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".xlsx": "xlsx"}
READ = "csv, csv.gz, parquet, jsonl and xlsx"
NEAR = 0.75  # similarity from which a name is offered as what was meant


@dataclass(frozen=True)
class Delivery:
    """One file in the landing folder, or one extract of a source.

    Attributes:
        form: csv, parquet, jsonl or xlsx.
        columns: contract column → column of the file, where the names differ.
        extract: the extract that it is; None for a file in the landing folder.
    """

    path: Path
    contract: Contract
    form: str
    columns: Mapping[str, str] = field(default_factory=dict)
    extract: Extract | None = None

    @property
    def label(self) -> str:
        """How messages name it: `orders/2024-05.csv`, `crm/orders`, `exports/orders/2024-05.csv`."""
        if self.extract is None:
            return f"{self.contract.entity}/{self.path.name}"
        name = f"{self.extract.source}/{self.contract.entity}"
        return f"{name}/{self.extract.uri.rsplit('/', 1)[-1]}" if self.extract.facts.get("version") else name

    @property
    def source(self) -> str:
        """The source's name in the ledger."""
        return self.extract.source if self.extract else FILES

    @property
    def uri(self) -> str:
        """Where it came from, in the ledger; it holds no secret."""
        return self.extract.uri if self.extract else self.path.resolve().as_uri()

    def name_of(self, column: str) -> str:
        """What the file calls a contract column, made comparable."""
        return self.columns.get(column, column).strip().lower()

    @property
    def is_gzip(self) -> bool:
        return self.path.name.lower().endswith(".gz")

    def refuse(self, problem: str, remedy: str) -> LoadRefusedError:
        """Make the one line that the user reads."""
        if self.extract:
            again = f"retention extract {self.extract.source} --entity {self.extract.entity} --anew"
            remedy = f"{remedy} Mend it at the source, then extract again: {again}."
        return LoadRefusedError(f"{self.label}: {problem}.", remedy)


@dataclass(frozen=True)
class Found:
    """What the landing folder holds: files to read, what is refused at sight, and entities with any file."""

    deliveries: tuple[Delivery, ...]
    refused: tuple[LoadRefusedError, ...]
    entities: frozenset[str]


def find_deliveries(landing: Path, contracts: Mapping[str, Contract]) -> Found:
    """List the files of each entity, by entity and then by name.

    Names that begin with '.', '_' or '~' are left alone: editors and people park files under them.

    Raises:
        NotThereError: there is no such folder.
    """
    if not landing.is_dir():
        raise NotThereError(
            f"No landing folder {landing}.",
            "Create it with one sub-folder per entity (orders/, customers/, ...), or name another with --landing.",
        )
    deliveries: list[Delivery] = []
    refused: list[LoadRefusedError] = []
    entities: set[str] = set()
    for entry in _visible(landing):
        if not entry.is_dir():
            if form_of(entry):
                refused.append(_stray_file(entry, contracts))
        elif entry.name not in contracts:
            refused.append(_unknown_folder(entry, contracts))
        else:
            for path in _visible(entry):
                delivery = Delivery(path, contracts[entry.name], form_of(path) or "")
                problem = _unreadable(delivery)
                entities.add(entry.name)
                refused.append(problem) if problem else deliveries.append(delivery)
    return Found(tuple(deliveries), tuple(refused), frozenset(entities))


def check_header(delivery: Delivery, names: list[str]) -> dict[str, int]:
    """Match the names of a file with the contract's columns, without regard to case and blanks around them.

    Returns:
        Position in the file by contract column.

    Raises:
        LoadRefusedError: a name stands there twice, or a required column is missing. Names that are near to no
            contract column are not shown: in a file without a header line they would be values.
    """
    contract, tidy = delivery.contract, [name.strip().lower() for name in names]
    called = {column.name: delivery.name_of(column.name) for column in contract.columns}
    for name in called.values():
        if tidy.count(name) > 1:
            raise delivery.refuse(
                f"column '{name}' stands there {tidy.count(name)} times",
                "Keep one of them; which one is right can't be guessed.",
            )
    wanted = dict.fromkeys([*contract.required, *delivery.columns])
    missing = [called[name] for name in wanted if called[name] not in tidy]
    if missing:
        raise delivery.refuse(*_missing_columns(contract, missing, tidy, set(called.values())))
    return {name: tidy.index(there) for name, there in called.items() if there in tidy}


def _missing_columns(contract: Contract, missing: list[str], tidy: list[str], known: set[str]) -> tuple[str, str]:
    listed = ", ".join(f"'{name}'" for name in missing)
    others = [name for name in tidy if name not in known]
    near = {name: difflib.get_close_matches(name, others, n=1, cutoff=NEAR) for name in missing}
    meant = [f"'{found[0]}' may be meant as '{name}'" for name, found in near.items() if found]
    contract_file = CONTRACTS / f"{contract.entity}{SUFFIX}"
    remedy = f"Add or rename it in the file's header; the columns are described in {contract_file}."
    if len(missing) == len(contract.required) and not meant:
        remedy = f"Check that the file begins with a header line; the columns are described in {contract_file}."
    hint = f" ({'; '.join(meant)})" if meant else ""
    noun = "columns" if len(missing) > 1 else "column"
    return f"required {noun} {listed} missing{hint}", remedy


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.name[0] not in "._~")


def form_of(path: Path) -> str | None:
    """How a file of this name is read; None: it is not."""
    name = path.name.lower()
    return next((form for suffix, form in FORMS.items() if name.endswith(suffix)), None)


def _unreadable(delivery: Delivery) -> LoadRefusedError | None:
    if not delivery.form:
        return delivery.refuse(
            f"files of this kind are not read ({READ} are)",
            "Save it in one of these forms, or move it out of the landing folder.",
        )
    try:
        with delivery.path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        return delivery.refuse(
            f"the file can't be opened ({error.strerror})", "Check that it is a file and that you may read it."
        )
    if empty:
        return delivery.refuse("the file is empty (0 bytes)", "Deliver it again, or remove it.")
    return None


def _unknown_folder(folder: Path, contracts: Mapping[str, Contract]) -> LoadRefusedError:
    near = difflib.get_close_matches(folder.name.lower(), contracts, n=1, cutoff=0.6)
    hint = f" Rename it to {near[0]}/ if that is meant." if near else ""
    return LoadRefusedError(
        f"{folder.name}/: no contract describes this entity (known: {', '.join(contracts)}).",
        f"Rename it to _{folder.name}/ to have it left alone.{hint}",
    )


def _stray_file(path: Path, contracts: Mapping[str, Contract]) -> LoadRefusedError:
    near = difflib.get_close_matches(path.name.split(".")[0].lower(), contracts, n=1, cutoff=0.6)
    place = f"{near[0]}/" if near else "the folder of its entity, such as orders/"
    return LoadRefusedError(f"{path.name}: the file lies beside the entity folders.", f"Move it into {place}.")
