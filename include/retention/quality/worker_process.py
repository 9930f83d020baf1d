"""The process that checks, which `QualityWorker` starts with a project, a Data Docs folder and DuckDB settings.

It reads one JSON request a line from stdin and writes one JSON answer a line to stdout; whatever else a library
prints goes to stderr, the log. Data Docs are built after the answer, off the critical path, and before it ends.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from retention.errors import RetentionError
from retention.quality.checks import Checker
from retention.quality.data_docs import write_data_docs
from retention.quality.results import CheckResult


def main(project_dir: Path, data_docs: Path, limits: Mapping[str, str]) -> int:
    """Answer requests until stdin ends."""
    answers = _claim_stdout()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    checker = Checker(project_dir, limits)
    checker.warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            results = _answer(checker, request)
        except Exception as error:
            traceback.print_exc()
            _send(answers, {"error": _described(error)})
            continue
        _send(answers, {"results": [result.as_dict() for result in results]})
        try:
            write_data_docs(data_docs, request["command"].removeprefix("check_"), checker.validations, results)
        except Exception:
            # The data has been judged; a page that could not be written must not undo that.
            traceback.print_exc()
    return 0


def _claim_stdout() -> TextIO:
    """Keep stdout for answers; what libraries print goes to stderr, which is the log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(checker: Checker, request: Mapping[str, Any]) -> list[CheckResult]:
    warehouse, as_of = Path(request["warehouse"]), date.fromisoformat(request["as_of"])
    if request["command"] == "check_landed":
        return checker.check_landed(warehouse, as_of, request["entities"])
    return checker.check_published(warehouse, as_of, request["timezone"])


def _described(error: Exception) -> dict[str, str]:
    if isinstance(error, RetentionError):
        return {"kind": type(error).__name__, "problem": error.problem, "remedy": error.remedy}
    return {"kind": type(error).__name__}


def _send(answers: TextIO, content: Mapping[str, Any]) -> None:
    answers.write(json.dumps(content, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), dict(limit.split("=", 1) for limit in sys.argv[3:])))
