"""One company of each trade, made once."""

from datetime import date

import pytest
from tests.simulation.simulated import Simulated, simulate

from retention.simulation import Company, Flaws

END = date(2025, 6, 30)


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """3,000 persons over 15 months, the last three days day by day."""
    return simulate(Company(3_000, 15, seed=5, end=END, daily=3), tmp_path_factory.mktemp("retail"))


@pytest.fixture(scope="session")
def b2b(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """1,200 companies over 18 months."""
    company = Company(1_200, 18, seed=6, end=END, flavour="b2b", flaws=Flaws(bad=0.002))
    return simulate(company, tmp_path_factory.mktemp("b2b"))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """20,000 persons without late orders, so that every order is in the files: for laws of large numbers."""
    company = Company(20_000, 18, seed=8, end=END, flaws=Flaws(late=0, bad=0))
    return simulate(company, tmp_path_factory.mktemp("large"))


@pytest.fixture(params=["retail", "b2b"])
def company(request: pytest.FixtureRequest) -> Simulated:
    """Both trades in turn."""
    made: Simulated = request.getfixturevalue(request.param)
    return made
