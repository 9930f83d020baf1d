"""Strategy approval as tasks: what is open is listed by the command line, decided by a person, recorded by it again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException

from retention.airflow_adapter.commands import LOCK_WAIT_SECONDS, RetentionCommand, retention_line
from retention.errors import SettingsError
from retention.settings import load_settings

APPROVE, REJECT, LATER = "Approve", "Reject", "Later"
VERBS = {APPROVE: "approve", REJECT: "reject"}
GROUP = "proposal"
ASK_TASK = f"{GROUP}.decide"
ANSWER_WITHIN = timedelta(hours=23, minutes=30)
"""How long a question stands: until shortly before the next day's run asks again what is still open."""

SUBJECT = "Change of strategy {{ task.proposal['change_id'] }}: may it be made?"
BODY = "{{ task.proposal['markdown'] }}"
SHOWN = ("change_id", "version", "markdown")


class OpenProposals(RetentionCommand):
    """Lists what nobody has decided on: `retention strategy list`. Skipped, with all that follows, where nothing is."""

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line."""
        del context
        return retention_line("strategy", "list", "--status=open", "--json")

    def execute(self, context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """List it.

        Returns:
            Of each proposal what is asked and what it is decided on by.
        """
        lines = self.run_command(context)
        found = json.loads(next(line for line in reversed(lines) if line.startswith("[")))
        if not found:
            raise AirflowSkipException("No change of strategy waits for a decision.")
        return [{name: one[name] for name in SHOWN} for one in found]


class StrategyQuestion(HITLOperator):  # type: ignore[misc]  # mypy doesn't follow airflow (pyproject.toml)
    """Asks on Airflow's page whether a change may be made, with room for a comment.

    Without an answer it is put off: the next day asks again.

    Args:
        proposal: a row of `OpenProposals`.
    """

    template_fields = ("proposal", *HITLOperator.template_fields)  # what is rendered first stands in the others

    def __init__(self, *, proposal: Any, **arguments: Any) -> None:
        users = [name.strip() for name in load_settings().approvers.split(",") if name.strip()]
        super().__init__(
            subject=SUBJECT,
            body=BODY,
            options=[APPROVE, REJECT, LATER],
            defaults=[LATER],
            params={"comment": Param("", type=["null", "string"], description="Why; it is kept with the decision")},
            assigned_users=[{"id": name, "name": name} for name in users] or None,
            response_timeout=ANSWER_WITHIN,
            **arguments,
        )
        self.proposal = proposal


class _Answered(RetentionCommand):
    """What follows an answer to one proposal."""

    template_fields = ("proposal",)

    def __init__(self, *, proposal: Any, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.proposal = proposal

    def answer(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """What the person said."""
        task = context["ti"]
        found: dict[str, Any] = task.xcom_pull(task_ids=ASK_TASK, map_indexes=task.map_index)
        return found

    def chosen(self, context: Mapping[str, Any]) -> str:
        """The option that was chosen; putting it off where none was."""
        return str((self.answer(context)["chosen_options"] or [LATER])[0])


class StrategyDecision(_Answered):
    """Records the answer: `retention strategy approve|reject`, with the name and the comment of who gave it."""

    def execute(self, context: Mapping[str, Any]) -> None:
        """Record it; skipped where it was put off."""
        if self.chosen(context) == LATER:
            raise AirflowSkipException("It was put off; it is asked again with the next run.")
        self.run_command(context)

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line.

        Raises:
            SettingsError: the answer is nobody's.
        """
        answer = self.answer(context)
        person = answer.get("responded_by_user") or {}
        name = person.get("name") or person.get("id")
        if not name:
            raise SettingsError("The answer names nobody.", "Decide by hand: retention strategy approve or reject.")
        comment = (answer.get("params_input") or {}).get("comment")
        return retention_line(
            "strategy",
            VERBS[self.chosen(context)],
            self.proposal["change_id"],
            f"--by={name}",
            f"--version={self.proposal['version']}",
            *([f"--comment={comment}"] if comment else []),
            f"--wait={LOCK_WAIT_SECONDS}",
        )


class StrategySheet(_Answered):
    """Writes the signed sheet of an approved change: `retention strategy sheet`. A rejection stops here."""

    def execute(self, context: Mapping[str, Any]) -> None:
        """Write it; skipped where the change was not approved."""
        if self.chosen(context) != APPROVE:
            raise AirflowSkipException("It was not approved: nothing goes on.")
        self.run_command(context)

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line."""
        del context
        return retention_line("strategy", "sheet", self.proposal["change_id"])
