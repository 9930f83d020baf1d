"""What the dbt project says of itself: its profiles, its result tables and their descriptions."""

import json
from pathlib import Path

import duckdb

from retention.errors import SettingsError
from retention.runs import Home
from retention.sql import file_literal


def known_profiles(project_dir: Path) -> list[str]:
    """Names of the profiles, in the order of seeds/profiles.csv.

    Raises:
        SettingsError: the project folder holds no such file.
    """
    seed = project_dir / "dbt_project" / "seeds" / "profiles.csv"
    if not seed.exists():
        raise SettingsError(f"{seed} is missing.", "Point RETENTION_PROJECT_DIR at the project's folder.")
    rows = duckdb.execute(f"select profile from read_csv({file_literal(seed)}, all_varchar = true)").fetchall()
    return [name for (name,) in rows if name != "all"]


def table_descriptions(home: Home) -> dict[str, dict[str, str]]:
    """Texts of the result tables of the last build, by table: key "" for the table, else the column's name.

    A column's text is the first paragraph of its description; what follows, its codes' names, is for `dbt docs`.
    """
    manifest = json.loads((home.work / ".dbt" / "manifest.json").read_text(encoding="utf-8"))
    return {
        node["name"]: {"": node["description"]}
        | {name: column["description"].split("\n\n")[0].strip() for name, column in node["columns"].items()}
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
