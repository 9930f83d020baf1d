"""The Java that Spark runs on: JAVA_HOME's or the one on PATH, as Spark itself looks for it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from retention.errors import SettingsError

OLDEST = 17
VERSION = re.compile(r'version "(?:1\.)?(\d+)')
REMEDY = (
    "Install a Java runtime (Debian and Ubuntu: apt-get install default-jre-headless), or point JAVA_HOME at one, "
    "or run with --target duckdb, which needs none."
)


def find_java() -> Path:
    """Find a Java that Spark can run on.

    The environment is asked here, not in the settings: JAVA_HOME is no option of ours.

    Returns:
        What JAVA_HOME should be.

    Raises:
        SettingsError: there is none, or only older ones.
    """
    home, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    programs = [Path(home) / "bin" / "java"] if home else []
    programs += [Path(on_path).resolve()] if on_path else []
    found = [(program, version) for program in programs if (version := java_version(program)) is not None]
    for program, version in found:
        if version >= OLDEST:
            return program.parent.parent
    if found:
        program, version = found[0]
        raise SettingsError(f"Spark needs Java {OLDEST} or later; {program} is Java {version}.", REMEDY)
    raise SettingsError(f"Spark needs Java {OLDEST} or later; none was found in JAVA_HOME or on PATH.", REMEDY)


def java_version(program: Path) -> int | None:
    """The main version of a Java (8, 17, ...), None when it cannot be started."""
    try:
        said = subprocess.run([str(program), "-version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    match = VERSION.search(said.stderr)
    return int(match.group(1)) if match else None
