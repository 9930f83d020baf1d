"""What each kind of source does: say that it is there, show a few rows, and hand over the rows since a cursor.

A source knows nothing of the home, of contracts' checks or of loads: it yields pages, and `extraction` writes them
down. So a page that was written is never asked for again, and a source of a new kind needs these three methods only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from retention.errors import SourceError
from retention.landing.contracts import Contract

if TYPE_CHECKING:  # a third of a second that the command line does not spend for nothing
    import pyarrow as pa

__all__ = ["Estimates", "Extractor", "Feed", "GivesFiles", "Page", "RemoteFile", "SourceError"]


@dataclass(frozen=True)
class Feed:
    """One entity as one source delivers it.

    Attributes:
        source: name of the source.
        columns: contract column → where the source has it: a column's name, or a path in a JSON record.
        cursor: column or path of the source by which its rows are asked for; None: all of them every time.
        overlap_seconds: how far behind the stored cursor an extract begins, for rows that were committed late.
        overlap_steps: the same where the cursor is a number.
    """

    source: str
    contract: Contract
    columns: Mapping[str, str]
    cursor: str | None = None
    overlap_seconds: float = 0
    overlap_steps: int = 0

    @property
    def label(self) -> str:
        """How messages name it: `crm/orders`."""
        return f"{self.source}/{self.contract.entity}"


@dataclass(frozen=True)
class Page:
    """Some rows of a feed.

    Attributes:
        rows: columns named by the contract; text, or a type that DuckDB can turn into the contract's.
        cursor: the highest cursor value in the rows of the extract so far, as text that sorts and that the source
            understands; None without any.
        resume: what the source is to be given to go on behind this page; None when it was the last. Empty: more
            come, but whoever dies here begins afresh.
    """

    rows: "pa.Table"
    cursor: str | None
    resume: str | None


class Extractor(Protocol):
    """A source that was opened. Messages never hold a secret."""

    def answer(self) -> str:
        """Ask the source whether it is there.

        Returns:
            One line on what answered, such as 'PostgreSQL 18.1, database crm'.

        Raises:
            SourceError: it is not.
        """
        ...

    def preview(self, feed: Feed, rows: int) -> "pa.Table":
        """Fetch the first rows of a feed, columns named by the contract.

        Raises:
            SourceError: the source refuses, or a mapped column is not there.
        """
        ...

    def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
        """Yield the rows of a feed, page by page.

        Args:
            since: cursor value from which rows are wanted, the overlap already taken off; None: from the beginning.
            resume: of the last page that an extract which died had written down; None: begin.

        Raises:
            SourceError: the source refuses, or a mapped column is not there.
        """
        ...


@runtime_checkable
class Estimates(Protocol):
    """An extractor that can tell cheaply how much would come."""

    def estimate(self, feed: Feed, since: str | None) -> str:
        """Say how many rows would come, such as 'about 12,000 rows'.

        Raises:
            SourceError: the source refuses.
        """
        ...


@dataclass(frozen=True)
class RemoteFile:
    """A file that a source holds.

    Attributes:
        uri: its address, without a secret.
        version: what changes when it changes: its tag, or size and time.
        unsettled: why it is left for the next run; None: it is whole.
    """

    uri: str
    path: str
    version: str
    size: int
    unsettled: str | None

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.path.rsplit("/", 1)[-1]


@runtime_checkable
class GivesFiles(Protocol):
    """An extractor of files as they are: landing reads them by its own readers."""

    def files(self, feed: Feed) -> list[RemoteFile]:
        """List the files of a feed, by name.

        Raises:
            SourceError: the source refuses.
        """
        ...

    def fetch(self, feed: Feed, file: RemoteFile, target: Path) -> bool:
        """Copy a file.

        Returns:
            Whether it is whole: false when it changed in the meantime.

        Raises:
            SourceError: the source refuses.
        """
        ...
