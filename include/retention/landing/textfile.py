"""Text files as they come: what they hold, how they are encoded, and copies that DuckDB can read without loss.

DuckDB 1.5 reads CSV in parallel and resumes after a stray quote at some later line: of 2,000,000 lines with one
stray quote 16,040 vanished without a word (measured). So every read is checked against the number of lines in
the file, and a file whose quoting is broken is read from a mended copy in which each broken line is marked.
"""

import codecs
import gzip
import hashlib
import json
import mmap
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from retention.landing.deliveries import Delivery

CHUNK = 1 << 22
HEAD = 1 << 16
ENCODINGS = ("utf-8", "gb18030")
MARK = "\x1e"  # begins the stand-in of a broken line
UNDECODED = re.compile("[\udc80-\udcff\x01]")


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes of a text tells.

    Attributes:
        lines: physical lines, blank ones included.
        head: the first bytes.
        has_control: a byte 0x01 occurs, which this program uses as a delimiter that no text has.
    """

    lines: int
    head: bytes
    has_quote: bool
    has_control: bool


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def open_text(delivery: Delivery) -> Iterator[BinaryIO]:
    """Open the bytes of a text file, unpacked.

    Raises:
        LoadRefusedError: the gzip file is damaged.
    """
    try:
        if delivery.is_gzip:
            with gzip.open(delivery.path) as packed:
                yield packed  # type: ignore[misc]  # GzipFile reads like a binary file
        else:
            with delivery.path.open("rb") as plain:
                yield plain
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise delivery.refuse("the gzip file is damaged or cut short", "Deliver it again.") from error


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Read a file piece by piece."""
    while piece := file.read(CHUNK):
        yield piece


def survey(delivery: Delivery) -> Survey:
    """Count lines and look for quotes, at memory speed.

    Raises:
        LoadRefusedError: the text is empty or UTF-16, or the gzip file is damaged.
    """
    lines, head, last, has_quote, has_control = 0, b"", b"\n", False, False
    with open_text(delivery) as file:
        for piece in chunks(file):
            head = head or piece[:HEAD]
            lines += piece.count(b"\n")
            has_quote = has_quote or b'"' in piece
            has_control = has_control or b"\x01" in piece
            last = piece[-1:]
    if not head:
        raise delivery.refuse("the file is empty", "Deliver it again, or remove it.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:CHUNK]:
        raise delivery.refuse("the text is neither UTF-8 nor GB18030 (it looks like UTF-16)", "Save it as UTF-8.")
    return Survey(lines + (last != b"\n"), head, has_quote, has_control)


def head_is_utf8(head: bytes) -> bool:
    """Whether the first bytes decode as UTF-8; a character cut at their end is no matter."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def find_encoding(delivery: Delivery, lines: int) -> str:
    """Tell UTF-8 from GB18030 by reading the whole text in both: the one with fewer undecodable places is it.

    Raises:
        LoadRefusedError: in both, more places are undecodable than the contract lets lines be bad.
    """
    errors = {name: _undecodable(delivery, name) for name in ENCODINGS}
    best = min(ENCODINGS, key=lambda name: errors[name])
    if errors[best] > delivery.contract.max_bad_share * lines:
        raise delivery.refuse(
            f"the text is neither UTF-8 nor GB18030 ({errors['utf-8']} places are no UTF-8)", "Save it as UTF-8."
        )
    return best


def _undecodable(delivery: Delivery, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    count = 0
    with open_text(delivery) as file:
        for piece in chunks(file):
            count += decoder.decode(piece).count("\ufffd")
    return count + decoder.decode(b"", final=True).count("\ufffd")


def to_utf8(delivery: Delivery, encoding: str, target: Path, undecoded: str | None = None) -> Path:
    """Write the text as UTF-8. Undecodable bytes stay as they are, or become `undecoded`."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    with open_text(delivery) as source, target.open("wb") as copy:
        for piece in chunks(source):
            text = decoder.decode(piece)
            if undecoded is not None:
                text = UNDECODED.sub(undecoded, text)
            copy.write(text.encode("utf-8", "surrogateescape"))
        copy.write(decoder.decode(b"", final=True).encode("utf-8", "surrogateescape"))
    return target


def blank_lines(delivery: Delivery) -> int:
    """Count lines that hold nothing at all."""
    count, before = 0, b"\n"
    with open_text(delivery) as file:
        for piece in chunks(file):
            text = (before + piece).replace(b"\r\n", b"\n")
            count += len(re.findall(rb"\n(?=\n)", text))
            before = text[-1:] if not piece.endswith(b"\r") else text[-2:]
    return count


def mend(source: Path, target: Path, fields: int, delimiter: str) -> Path:
    """Copy a CSV text with one line end throughout, without blank lines, each line of broken quoting marked.

    A record may run over several lines only where its quotes close and its fields are as many as the header's;
    otherwise its first line alone is broken and reading goes on at the next. The stand-in of a broken line has
    a field too many, so that DuckDB sets it aside with its place in the file.

    Returns:
        A JSON-lines file of the broken lines: number in the order of the file, raw text.
    """
    records = re.compile(_records(fields, re.escape(delimiter.encode())))
    broken = target.with_suffix(".broken")
    with (
        source.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        target.open("wb") as copy,
        broken.open("w", encoding="utf-8") as aside,
    ):
        at, number, size = 0, 0, len(data)
        while at < size:
            match = records.match(data, at)
            if match and match.end() > at:
                copy.write(match.group().replace(b"\r\n", b"\n"))
                at = match.end()
                continue
            end = data.find(b"\n", at) + 1 or size
            line = data[at:end].strip(b"\r\n")
            if line:
                copy.write(f"{MARK}{number}{delimiter * fields}x\n".encode())
                aside.write(json.dumps({"number": number, "raw": line.decode("utf-8", "replace")}) + "\n")
                number += 1
            at = end
    return broken


def _records(fields: int, delimiter: bytes) -> bytes:
    r"""Pattern of up to 20,000 well-formed records, blank lines excluded. Possessive throughout: linear in time."""
    plain = rb'[^"' + delimiter + rb'\r\n ][^' + delimiter + rb'\r\n]*+'  # fmt: skip
    one_line = rb' *+(?:' + plain + rb'|"(?:[^"\r\n]++|"")*+" *+)?+'  # fmt: skip
    any_lines = rb' *+(?:' + plain + rb'|"(?:[^"]{1,4096}+|""){0,64}+" *+)?+'  # fmt: skip
    end = rb"(?:\r?\n|\Z)"
    single = one_line + rb"(?:" + delimiter + one_line + rb")*+" + end
    several = any_lines + rb"(?:" + delimiter + any_lines + rb"){%d}+" % (fields - 1) + end
    return rb"(?:(?!\r?\n|\Z)(?:" + single + rb"|" + several + rb")){0,20000}+"
