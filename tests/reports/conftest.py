"""One release with its reports and its workbook, read by all tests of the folder."""

import pytest
from tests.reports.company import write_release

from retention.reports.declared import KINDS
from retention.reports.workbook import write_report_workbook
from retention.reports.writing import write_report
from retention.runs import Home


@pytest.fixture(scope="package")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose published release is that of the small company, with all that is written of it."""
    home = Home(tmp_path_factory.mktemp("reported") / "home")
    write_release(home)
    write_report_workbook(home)
    for kind in KINDS:
        write_report(home, kind)
    return home
