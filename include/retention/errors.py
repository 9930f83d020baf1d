"""The errors a user can meet. Each says what happened and what to do; the command line prints it as one line.

Exit codes: 0 done, 1 a defect of ours, 2 wrong usage or settings, 3 a load was refused, 4 a check failed,
5 the build failed, 6 publication failed, 7 another writer holds the lock, 8 what was asked for is not there,
9 a source does not answer, 10 a notice did not reach its recipient.
"""


class RetentionError(Exception):
    """A failure with a remedy.

    Args:
        problem: what is wrong, naming the file, column, rule or table.
        remedy: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class SettingsError(RetentionError):
    """An option, an environment variable or a settings file is wrong."""

    exit_code = 2


class LoadRefusedError(RetentionError):
    """A landing file breaks its contract; nothing of it was loaded."""

    exit_code = 3


class CheckFailedError(RetentionError):
    """A critical check failed; the last good release stays in place."""

    exit_code = 4


class BuildFailedError(RetentionError):
    """dbt could not build the candidate."""

    exit_code = 5


class PublicationError(RetentionError):
    """A candidate cannot be released, or a release cannot be restored."""

    exit_code = 6


class LockBusyError(RetentionError):
    """Another process is writing in the same home."""

    exit_code = 7


class SourceError(RetentionError):
    """A source does not answer, refuses, or gives what its declaration does not describe. A retry may help."""

    exit_code = 9


class SendingError(RetentionError):
    """A notice did not reach its recipient, or nobody knows whether it did."""

    exit_code = 10


class NotThereError(RetentionError):
    """The customer, run or release that was asked for does not exist."""

    exit_code = 8
