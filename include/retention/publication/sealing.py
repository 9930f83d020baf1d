"""Files that must not change: their hash, and pushing them to the disk as read-only."""

import hashlib
import os
from pathlib import Path

READ_ONLY = 0o444


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> None:
    """Push every file below a folder to the disk and make it read-only."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(READ_ONLY)


def sync_folder(path: Path) -> None:
    """Push a folder's list of files to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
