"""The checking process: its life, its death, the file locks it takes and the pages it leaves."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from retention.errors import NotThereError, SettingsError
from retention.landing import load_contracts
from retention.quality import QualityWorker
from retention.quality.checks import Checker, check_landed, check_published
from retention.quality.data_docs import write_data_docs
from retention.quality.worker import CheckerFailedError
from retention.settings import PROJECT_DIR

pytestmark = pytest.mark.slow
AS_OF = date(2024, 6, 30)
ENTITIES = tuple(load_contracts(PROJECT_DIR))
MakeWarehouse = Callable[..., Path]


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QualityWorker]:
    """A worker of this project, for the tests that leave it alive."""
    folder = tmp_path_factory.mktemp("worker")
    with QualityWorker(PROJECT_DIR, folder / "data_docs", folder / "logs" / "quality.log", 1, "1GB") as worker:
        yield worker


def test_a_worker_serves_a_whole_run_and_leaves_no_lock(
    worker: QualityWorker, make_warehouse: MakeWarehouse, tmp_path: Path
) -> None:
    region = "update raw.customers set region = null"
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb", region)
    landed = worker.check_landed(warehouse, AS_OF, ENTITIES)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update marts.customer_rfm set rfm_score = 101")
    published = worker.check_published(warehouse, AS_OF, "UTC")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table marts.customer_rfm")
    assert [one.column_name for one in landed if not one.passed] == ["region"]
    assert [one.column_name for one in published if not one.passed] == ["rfm_score"]


def test_the_pages_of_both_stages_need_no_network(
    checker: Checker, make_warehouse: MakeWarehouse, tmp_path: Path
) -> None:
    faults = "update raw.customers set region = null", "update marts.customer_rfm set rfm_score = 101"
    warehouse, docs = make_warehouse(tmp_path / "warehouse.duckdb", *faults), tmp_path / "data_docs"
    landed = checker.check_landed(warehouse, AS_OF, ENTITIES)
    write_data_docs(docs, "landed", checker.validations, landed)
    published = checker.check_published(warehouse, AS_OF, "UTC")
    for _ in range(2):  # the second writing takes the place of the first
        write_data_docs(docs, "published", checker.validations, published)

    index = (docs / "index.html").read_text(encoding="utf-8")
    assert index.index('class="warning"') < index.index('class="passed"')
    assert "Landed data" in index
    pages = list(docs.rglob("*.html"))
    assert len(pages) == 1 + len(ENTITIES) + len({one.entity for one in published})
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script|<img|(src|href)\s*=\s*[\"']?(https?:)?//", text), page.name
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (page.parent / link).exists(), (page.name, link)
        assert "Traceback" not in text


def test_the_pages_are_there_when_the_worker_has_closed(make_warehouse: MakeWarehouse, tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    with QualityWorker(PROJECT_DIR, tmp_path / "docs", tmp_path / "quality.log") as worker:
        worker.check_landed(warehouse, AS_OF, ["orders"])
    assert (tmp_path / "docs" / "landed" / "orders.html").exists()
    assert (tmp_path / "docs" / "index.html").exists()


def test_a_page_that_cannot_be_written_does_not_undo_the_results(
    worker: QualityWorker, make_warehouse: MakeWarehouse, tmp_path: Path
) -> None:
    warehouse, docs = make_warehouse(tmp_path / "warehouse.duckdb"), worker.data_docs
    shutil.rmtree(docs, ignore_errors=True)
    docs.write_text("a file where the folder should be", encoding="utf-8")
    # Pages are written after the answer, and the next answer comes after the pages.
    assert [worker.check_landed(warehouse, AS_OF, ["products"]) for _ in range(2)]
    docs.unlink()
    assert "NotADirectoryError" in worker.log.read_text(encoding="utf-8")


def test_a_worker_that_dies_is_an_error_that_names_the_log(tmp_path: Path) -> None:
    with QualityWorker(PROJECT_DIR, tmp_path / "docs", tmp_path / "quality.log") as worker:
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(CheckerFailedError, match=r"ended before it answered.*quality\.log"):
            worker.check_landed(Path("warehouse.duckdb"), AS_OF, ["orders"])


def test_a_users_mistake_arrives_as_it_is_and_the_worker_goes_on(
    make_warehouse: MakeWarehouse, worker: QualityWorker, tmp_path: Path
) -> None:
    with pytest.raises(NotThereError, match=r"No warehouse file .*absent\.duckdb"):
        worker.check_landed(tmp_path / "absent.duckdb", AS_OF, ["orders"])
    results = worker.check_landed(make_warehouse(tmp_path / "warehouse.duckdb"), AS_OF, ["orders"])
    assert all(result.passed for result in results)


def test_a_defect_is_one_line_with_the_log_which_holds_the_traceback(worker: QualityWorker, tmp_path: Path) -> None:
    no_warehouse = tmp_path / "no.duckdb"
    no_warehouse.write_bytes(b"this is no database")
    with pytest.raises(CheckerFailedError, match=r"failed: IOException.*quality\.log"):
        worker.check_published(no_warehouse, date(2024, 6, 30), "UTC")
    assert "Traceback" in worker.log.read_text(encoding="utf-8")


def test_a_broken_declaration_is_a_users_mistake(make_warehouse: MakeWarehouse, tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    with pytest.raises(SettingsError, match="No contract in"):
        check_landed(tmp_path, warehouse, AS_OF, ["orders"])
    with pytest.raises(SettingsError, match=r"published\.yaml"):
        check_published(tmp_path, warehouse, AS_OF, "UTC")


def test_an_unused_worker_ends_at_once_when_it_is_closed(tmp_path: Path) -> None:
    worker = QualityWorker(PROJECT_DIR, tmp_path / "docs", tmp_path / "quality.log")
    started = time.monotonic()
    worker.close()
    worker.close()
    assert time.monotonic() - started < 2
    with pytest.raises(CheckerFailedError):
        worker.check_published(Path("warehouse.duckdb"), AS_OF, "UTC")


def test_a_worker_whose_parent_is_gone_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from retention.quality import QualityWorker\n"
        f"worker = QualityWorker(*map(Path, {[str(PROJECT_DIR), str(tmp_path), str(tmp_path / 'log')]}))\n"
        "print(worker.pid, flush=True)\n"
        "import os; os._exit(1)\n"
    )
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    worker = int(parent.stdout)
    for _ in range(300):
        if not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text(encoding="ascii"):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the worker outlived its parent by 30 seconds")
