"""What a run costs before it has any data to speak of: 100 orders, beside a bare `dbt build` of the same project.

Both are timed as whole processes, in turn, on the same machine and the same landed rows. Two situations are told
apart, since dbt parses a project it has not seen: `first` (a new home, a new dbt target) and `next` (the day after).
The bare build leaves nothing out; the product's build leaves out the unit tests and adds landing, Great Expectations,
audit and release.

    python benchmarks/fixed_cost.py [--repeats 5]
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results" / "fixed_cost.json"
GOAL_SECONDS = 20.0
GOAL_RATIO = 2.0
ORDERS = """
    select
        'order-' || range as order_id,
        'customer-' || range % 20 as customer_id,
        timestamp '2023-01-01 10:00:00' + to_days(cast(range * 7 % 700 as integer)) as ordered_at,
        cast(10 + range * 37 % 500 as decimal(18, 2)) as amount
    from range(100)
"""


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of a whole process. A command that fails stops the benchmark, with what it printed."""
    started = time.monotonic()
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.monotonic() - started


def product(folder: Path, home: Path) -> float:
    """One `retention run` of the landed orders."""
    command = [sys.executable, "-m", "retention.cli", "run", "--landing", str(folder / "landing"), "--home", str(home)]
    return timed([*command, "--profile", "retail"], {})


def bare(folder: Path, warehouse: Path, target: Path) -> float:
    """One `dbt build` of the project on a warehouse that holds the same landed orders."""
    command = [sys.executable, "-m", "dbt.cli.main", "build", "--project-dir", str(PROJECT / "dbt_project")]
    places = ["--profiles-dir", str(PROJECT / "dbt_project"), "--target-path", str(target), "--log-path", str(folder)]
    return timed([*command, *places], {"RETENTION_WAREHOUSE": str(warehouse)})


def measure(repeats: int) -> dict[str, list[dict[str, float]]]:
    """Times of both, in turn.

    Returns:
        By situation a list of pairs: seconds of the product and of the bare build.
    """
    pairs: dict[str, list[dict[str, float]]] = {"first": [], "next": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "landing" / "orders").mkdir(parents=True)
        duckdb.sql(ORDERS).write_csv(str(folder / "landing" / "orders" / "orders.csv"))
        warehouse = _landed_warehouse(folder)
        for at in range(repeats):
            home, target = folder / f"home{at}", folder / f"target{at}"
            for situation, rows in pairs.items():
                pair = {"product": product(folder, home), "bare": bare(folder, warehouse, target)}
                rows.append(pair)
                print(f"{situation:<6} product {pair['product']:6.1f} s   bare {pair['bare']:6.1f} s", flush=True)
            shutil.rmtree(home)
    return pairs


def _landed_warehouse(folder: Path) -> Path:
    """A warehouse with the raw schema of a run, made by the product, for the bare build to work on."""
    home = folder / "prepared"
    product(folder, home)
    warehouse = folder / "warehouse.duckdb"
    shutil.copyfile(home / "published" / "warehouse.duckdb", warehouse)
    return warehouse


def summarise(pairs: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Minimum, median and maximum of the product's seconds, and of its ratio to the bare build pair by pair."""
    summary = {}
    for situation, rows in pairs.items():
        seconds = [row["product"] for row in rows]
        ratios = [row["product"] / row["bare"] for row in rows]
        summary[situation] = {
            f"{name}_{figure}": round(function(values), 2)
            for name, values in (("seconds", seconds), ("ratio", ratios))
            for figure, function in (("min", min), ("median", statistics.median), ("max", max))
        }
    return summary


def main() -> None:
    """Measure, print beside the goals, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="pairs of each situation")
    pairs = measure(parser.parse_args().repeats)
    summary = summarise(pairs)
    for situation, figures in summary.items():
        met = figures["seconds_median"] <= GOAL_SECONDS and figures["ratio_median"] <= GOAL_RATIO
        print(
            f"{situation}: {figures['seconds_median']} s (goal {GOAL_SECONDS:.0f}), {figures['ratio_median']} of "
            f"a bare dbt build (goal {GOAL_RATIO:.0f}; min {figures['ratio_min']}, max {figures['ratio_max']}): "
            f"{'met' if met else 'MISSED'}"
        )
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "peak_child_memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "goal_seconds": GOAL_SECONDS,
        "goal_ratio": GOAL_RATIO,
        "summary": summary,
        "pairs": pairs,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
