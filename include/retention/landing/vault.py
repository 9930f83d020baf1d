"""The vault: personal values and the key of their hashes, in a folder that only its owner can open.

Raw keeps what matching needs: HMAC-SHA256 of a value's normal form (retention.landing.matching). Without the key nobody
can try out phone numbers against it.
"""

import os
import secrets
import shutil
from pathlib import Path

import duckdb

from retention.errors import SettingsError
from retention.runs import Home

KEY_BYTES = 32
BLOCK_BYTES = 64  # block size of SHA-256
SCRATCH = ".scratch-"


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can open."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def scratch_folder(home: Home) -> Path:
    """Make the folder for what must touch the disk while files are read; it may hold personal values."""
    private_folder(home.vault)
    return private_folder(home.vault / f"{SCRATCH}{os.getpid()}")


def sweep_scratch(home: Home) -> None:
    """Remove what runs that died have left."""
    for left in home.vault.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)


def hash_key(home: Home) -> bytes:
    """Read the key of the hashes, or make it in a home that has none yet.

    Raises:
        SettingsError: the key is damaged, or lost while raw already holds hashes made with it.
    """
    path = private_folder(home.vault) / "hash.key"
    if not path.exists():
        if any(home.raw.glob("*/load=*")):
            raise SettingsError(
                f"{path} is missing, and raw holds hashes made with it.",
                "Restore it from the backup; with a new key no customer would match their earlier rows.",
            )
        beside = path.with_name(".hash.key.new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} holds {len(key)} bytes, not {KEY_BYTES}.", "Restore it from the backup.")
    return key


def set_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Hand the key to the connection as two variables, so that it stands in no other statement's text."""
    padded = key.ljust(BLOCK_BYTES, b"\0")
    for name, pad in (("hmac_inner", 0x36), ("hmac_outer", 0x5C)):
        connection.execute(f"set variable {name} = unhex('{bytes(byte ^ pad for byte in padded).hex()}')")


def hmac_sql(text: str) -> str:
    """SQL of the HMAC-SHA256 (hex) of a text expression; null stays null."""
    inner = f"unhex(sha256(getvariable('hmac_inner')::blob || encode({text})))"
    return f"sha256(getvariable('hmac_outer')::blob || {inner})"


def make_private(folder: Path) -> None:
    """Leave a load's vault folder to its owner alone."""
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(0o600)
