"""The tier review as tasks: opened by the command line, decided by a person on Airflow's page, applied by it again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowSkipException

from retention.airflow_adapter.commands import LOCK_WAIT_SECONDS, RetentionCommand, retention_line
from retention.airflow_adapter.days import quarter_before
from retention.errors import SettingsError
from retention.settings import load_settings

APPROVE, REJECT = "Approve", "Reject"
OPEN_TASK, ASK_TASK, APPLY_TASK = "open_review", "decide", "apply_decision"
ANSWER_WITHIN = timedelta(days=80)
"""How long the question stays: until shortly before the next quarter's review, which begins from what is in force."""

SUBJECT = f"Tier review {{{{ ti.xcom_pull(task_ids='{OPEN_TASK}')['review']['review_id'] }}}}: may these tiers change?"
BODY = f"{{{{ ti.xcom_pull(task_ids='{OPEN_TASK}')['markdown'] }}}}"


class TierReviewOpening(RetentionCommand):
    """Opens the review of the quarter before: `retention review open`.

    Skipped, and all that follows with it, where the profile reviews no scheme or nothing waits for a decision.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line for the param `quarter`, else for the quarter before the run was due."""
        settings = load_settings()
        quarter = context["params"].get("quarter") or quarter_before(context["dag_run"].run_after, settings.zone)
        return retention_line("review", "open", f"--quarter={quarter}", "--json", f"--wait={LOCK_WAIT_SECONDS}")

    def execute(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Open it.

        Returns:
            The review with its counts, and its moves as Markdown.
        """
        lines = self.run_command(context)
        answer: dict[str, Any] = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
        if answer["review"] is None:
            raise AirflowSkipException(answer["said"])
        if not answer["review"]["waiting"]:
            raise AirflowSkipException(f"Nothing waits for a decision. {answer['said']}")
        return answer


class TierReviewQuestion(HITLOperator):  # type: ignore[misc]  # mypy doesn't follow airflow (pyproject.toml)
    """Asks on Airflow's page whether the tiers may change, with the moves and what is at stake.

    Without an answer nothing changes: the tiers in force stay, and the tables show the changes as waiting.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(
            subject=SUBJECT, body=BODY, options=[APPROVE, REJECT], response_timeout=ANSWER_WITHIN, **arguments
        )


class TierReviewDecision(RetentionCommand):
    """Records the answer: `retention review approve|reject`, with the name of who gave it."""

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line from what the tasks before have left.

        Raises:
            SettingsError: the answer is nobody's.
        """
        review = context["ti"].xcom_pull(task_ids=OPEN_TASK)["review"]
        answer = context["ti"].xcom_pull(task_ids=ASK_TASK)
        person = answer.get("responded_by_user") or {}
        name = person.get("name") or person.get("id")
        if not name:
            raise SettingsError("The answer names nobody.", "Decide by hand: retention review approve or reject.")
        return retention_line(
            "review",
            "approve" if answer["chosen_options"] == [APPROVE] else "reject",
            review["review_id"],
            f"--scheme={review['scheme']}",
            f"--approver={name}",
            "--note=answered on Airflow's page",
            f"--wait={LOCK_WAIT_SECONDS}",
        )
