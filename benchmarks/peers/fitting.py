"""What every peer that fits BG/NBD is asked, and how it answers.

    python benchmarks/peers/<peer>_fit.py CUSTOMERS_PARQUET

One row a customer: customer_id, frequency, recency and age in weeks. A peer prints one line of JSON: its versions,
seconds per phase without imports, and the parameters.
"""

import json
import sys
from importlib.metadata import version
from time import monotonic

import pandas as pd


class Fitting:
    """The customers, and the seconds spent so far."""

    def __init__(self) -> None:
        begun = monotonic()
        self.customers = pd.read_parquet(sys.argv[1])
        self.started = monotonic()
        self.phases = {"read": round(self.started - begun, 3)}

    def answer(self, packages: list[str], **parameters: float) -> None:
        """Print the answer."""
        self.phases["fit"] = round(monotonic() - self.started, 3)
        versions = {package: version(package) for package in packages}
        figures = {name: float(value) for name, value in parameters.items()}
        seconds = round(sum(self.phases.values()), 3)
        print(json.dumps({"versions": versions, "seconds": seconds, "phases": self.phases, "parameters": figures}))
