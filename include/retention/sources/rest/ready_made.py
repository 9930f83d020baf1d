"""Ready-made declarations: `preset: jiandaoyun` and its few options become a whole declaration.

A preset is a file of `presets/`. Its `source` and `entity` are declarations in which `{option}` stands for what the
user gives; `variants` hold what differs by an option (the objects of a CRM). What the user declares wins.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("presets")
MERGED = ("columns", "constants", "values", "headers")
"""Keys of which the user's entries are added to the preset's, rather than replace them."""


def names() -> list[str]:
    """The presets that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def expand(declared: Any) -> Any:
    """Put a preset's declaration in the place of its name and options; without a preset, change nothing.

    Raises:
        ValueError: no such preset, or an option is missing.
    """
    if not isinstance(declared, Mapping) or "preset" not in declared:
        return declared
    given = dict(declared)
    preset = _read(given.pop("preset"))
    options = _take_options(given, preset["options"]["source"], "the source")
    entities = [_expand_entity(entity, preset, options) for entity in given.pop("entities", [])]
    return _merge(_fill(preset["source"], options), given) | {"entities": entities}


@cache
def _read(name: object) -> dict[str, Any]:
    if name not in names():
        raise ValueError(f"there is no preset {name!r}; choose one of: {', '.join(names())}")
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return content


def _expand_entity(declared: Any, preset: Mapping[str, Any], source_options: Mapping[str, Any]) -> Any:
    if not isinstance(declared, Mapping):
        return declared
    given = dict(declared)
    options = {**source_options, **_take_options(given, preset["options"]["entity"], "each entity")}
    template = preset["entity"]
    for option, variants in preset.get("variants", {}).items():
        if options[option] not in variants:
            raise ValueError(f"{option}: choose one of: {', '.join(variants)}")
        template = _merge(template, variants[options[option]])
    whole = _merge(template, given)
    if whole.get("cursor") is None:  # all rows every time, when the user says `cursor: null`
        whole = {key: value for key, value in whole.items() if key not in ("since", "incremental")}
    if "fields_below" in preset:
        options["fields"] = sorted(set(_fields(whole, preset["fields_below"])))
        options["fields_text"] = ",".join(options["fields"])
    filled: dict[str, Any] = _fill(whole, options)
    return filled


def _take_options(given: dict[str, Any], options: Mapping[str, Any], whose: str) -> dict[str, Any]:
    """Take a preset's options out of what the user declares."""
    missing = [name for name, default in options.items() if default is None and name not in given]
    if missing:
        raise ValueError(f"the preset needs {' and '.join(missing)} of {whose}")
    return {name: given.pop(name, default) for name, default in options.items()}


def _fields(entity: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Which fields of a record are read: the names below `prefix` in columns and cursor."""
    cursor = entity.get("cursor") or {}
    for path in (*entity.get("columns", {}).values(), cursor.get("column", "")):
        if isinstance(path, str) and path.startswith(prefix):
            yield path.removeprefix(prefix).split(".")[0].split("[")[0]


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for key in MERGED:
        if isinstance(below.get(key), Mapping) and isinstance(above.get(key), Mapping):
            merged[key] = {**below[key], **above[key]}
    return merged


def _fill(template: Any, options: Mapping[str, Any]) -> Any:
    """Replace every `{option}`; a text that is nothing but one takes the option's own type."""
    if isinstance(template, Mapping):
        return {key: _fill(value, options) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, options) for value in template]
    if not isinstance(template, str):
        return template
    for name, value in options.items():
        if template == f"{{{name}}}":
            return value
        template = template.replace(f"{{{name}}}", str(value))
    return template
