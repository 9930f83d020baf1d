"""`sources.yml` as a list of whatever stands in it, for those who check it and for the schedule, which reads a part."""

from pathlib import Path
from typing import Any

import yaml

from retention.errors import SettingsError

GUIDE = "docs/guides/sources.md describes every key."


def declared_sources(path: Path) -> list[Any]:
    """Read the list under the key `sources`; without the file it is empty.

    Raises:
        SettingsError: no YAML, or no such list. What the file holds is not repeated: it might be a secret.
    """
    if not path.exists():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SettingsError(f"{path}{f', line {mark.line + 1}' if mark else ''}: no valid YAML.", GUIDE) from None
    items = content.get("sources") if isinstance(content, dict) else None
    if not isinstance(items, list) or len(content) != 1:
        raise SettingsError(f"{path}: must hold one key, 'sources', with a list.", GUIDE)
    return items
