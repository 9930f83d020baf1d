"""An extract that grows page by page, and can die at any moment.

`.tmp-half/` in the feed's folder holds the pages as they came and `state.json`, which is replaced after each page:
a page that the state does not count was written by a run that died, and is asked for again. Once the last page is
there, the pages become one file, and one rename makes the extract.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from retention.landing.commit import PARQUET
from retention.landing.extracts import Extract, make_feed_folder, seal
from retention.runs import Home, write_json
from retention.sources.extractor import Extractor, Feed, Page
from retention.sql import file_literal, literal

HALF = ".tmp-half"
STATE = "state.json"
ROWS = "rows.parquet"


@dataclass(frozen=True)
class Asked:
    """What an extract asks for. One that died goes on only when the same is asked.

    Attributes:
        declaration: hash of what `sources.yml` says of the feed.
        follows: the load or extract before it.
        since: cursor value from which rows are asked for, overlap taken off; None: all rows.
        before: the cursor where the feed stood.
    """

    declaration: str
    follows: str | None
    cursor_column: str | None
    since: str | None
    before: str | None


@dataclass(frozen=True)
class State:
    """What is written down."""

    asked: Asked
    pages: int = 0
    rows: int = 0
    cursor: str | None = None
    resume: str | None = None
    ended: bool = False


class Half:
    """The half extract of a feed."""

    def __init__(self, home: Home, feed: Feed) -> None:
        self.home, self.feed = home, feed
        self.folder = make_feed_folder(home, feed.source, feed.contract.entity) / HALF
        self.state = self._read()

    def begin(self, asked: Asked) -> bool:
        """Go on where a run that died has stopped, or begin afresh.

        Returns:
            Whether it goes on.
        """
        state = self.state
        if state and state.asked == asked and state.pages and (state.resume or state.ended):
            return True
        self.discard()
        self.folder.mkdir(mode=0o700)
        self.state = State(asked)
        self._save()
        return False

    def fill(self, extractor: Extractor, tick: Callable[[str], None]) -> None:
        """Ask for the pages that are missing and write each down."""
        state = self._state()
        if state.ended:
            return
        for page in extractor.pages(self.feed, state.asked.since, state.resume):
            self._add(page)
            tick(f"{self.feed.label}: {self._state().rows:,} rows")
        last = self._state()
        if not last.ended:  # a source without any row yields no page
            self.state = State(last.asked, last.pages, last.rows, last.cursor, None, ended=True)
            self._save()

    def seal(self, uri: str) -> Extract | None:
        """Make the extract, or nothing of no rows."""
        state = self._state()
        if not state.rows:
            self.discard()
            return None
        self._join()
        for page in self.folder.glob("page-*"):
            page.unlink()
        asked, self.state = state.asked, None
        facts = {
            "follows": asked.follows,
            "cursor_column": asked.cursor_column,
            "cursor_from": asked.since,
            "cursor_to": state.cursor or asked.before,
        }
        return seal(
            self.home,
            self.folder,
            {
                "source": self.feed.source,
                "entity": self.feed.contract.entity,
                "file": ROWS,
                "form": "parquet",
                "columns": {},
                "uri": uri,
                "facts": facts,
            },
        )

    def discard(self) -> None:
        """Take it away."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.state = None

    def _state(self) -> State:
        if self.state is None:
            raise RuntimeError("the half extract was not begun")
        return self.state

    def _add(self, page: Page) -> None:
        state = self._state()
        number = state.pages + 1
        if page.rows.num_rows:
            path = self._page(number)
            pq.write_table(_plain(page.rows), path, compression="lz4", use_dictionary=False)  # a quarter of the time
            _sync(path)
        self.state = State(
            state.asked,
            number,
            state.rows + page.rows.num_rows,
            page.cursor or state.cursor,
            page.resume,
            ended=page.resume is None,
        )
        self._save()

    def _join(self) -> None:
        """Put the pages together as one file, in their order.

        A run that died behind the join has left the file and perhaps only some of the pages: then the file is whole.
        """
        rows = self.folder / ROWS
        if rows.exists():
            return
        pages = [path for number in range(1, self._state().pages + 1) if (path := self._page(number)).exists()]
        if len(pages) == 1:
            pages[0].rename(rows)
            return
        beside = self.folder / ".rows.new"
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
            connection.execute(f"set temp_directory = {literal(self.folder)}")
            connection.execute("set enable_progress_bar = false")
            listed = ", ".join(file_literal(path) for path in pages)
            connection.execute(
                f"copy (from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)) "
                f"to {literal(beside)} ({PARQUET})"
            )
        _sync(beside)
        beside.rename(rows)

    def _page(self, number: int) -> Path:
        return self.folder / f"page-{number:06d}.parquet"

    def _save(self) -> None:
        write_json(self.folder / STATE, asdict(self._state()))

    def _read(self) -> State | None:
        try:
            content = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            return State(**content | {"asked": Asked(**content["asked"])})
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or of an older program
            return None


def _plain(rows: pa.Table) -> pa.Table:
    """A column of nulls alone has no type yet: it is text."""
    for at, name in enumerate(rows.column_names):
        if pa.types.is_null(rows.schema.field(at).type):
            rows = rows.set_column(at, name, rows.column(at).cast(pa.string()))
    return rows


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
