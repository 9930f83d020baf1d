"""SQLMesh around the same SQL: it reads the dbt project and makes every model and audit of it, `plan` applied.

    python benchmarks/peers/sqlmesh_project.py DBT_PROJECT WAREHOUSE FOLDER

It works on a copy of the project in FOLDER, with what SQLMesh 0.236 asks for besides: a start day, a number of
threads that is no template, and its own state in a file of its own. WAREHOUSE is a copy that it may write.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from time import monotonic

CONFIG = """
from pathlib import Path

from sqlmesh.dbt.loader import sqlmesh_config

config = sqlmesh_config(Path(__file__).parent)
"""


def main() -> None:
    """Prepare the copy, apply the plan, print its seconds."""
    project, warehouse, folder = (Path(argument) for argument in sys.argv[1:])
    place = folder / "dbt_project"
    shutil.copytree(project, place, ignore=shutil.ignore_patterns("target", "logs"))
    (place / "config.py").write_text(CONFIG, encoding="utf-8")
    profile, settings = place / "profiles.yml", place / "dbt_project.yml"
    threads = os.environ.get("RETENTION_THREADS", "2")
    profile.write_text(re.sub(r"threads: .*", f"threads: {threads}", profile.read_text("utf-8")), encoding="utf-8")
    started = '\nmodels:\n  +start: "2023-01-01"\n'
    settings.write_text(settings.read_text("utf-8").replace("\nmodels:\n", started), encoding="utf-8")
    command = [Path(sys.executable).with_name("sqlmesh"), "plan", "--auto-apply", "--no-prompts", "--skip-tests"]
    began = monotonic()
    environment = os.environ | {"RETENTION_WAREHOUSE": str(warehouse), "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit((done.stdout + done.stderr)[-2000:])
    seconds = round(monotonic() - began, 3)
    print(json.dumps({"seconds": seconds, "versions": {"sqlmesh": version("sqlmesh")}}))


main()
