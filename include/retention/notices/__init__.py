"""Notices: what is new among the alerts of the published release, told once to whoever owns it."""

from retention.notices.declaration import Notices, Recipient, read_notices
from retention.notices.ledger import Ledger, Sending
from retention.notices.telling import Done, notify, send_again, send_to_all, tell_operators

__all__ = [
    "Done",
    "Ledger",
    "Notices",
    "Recipient",
    "Sending",
    "notify",
    "read_notices",
    "send_again",
    "send_to_all",
    "tell_operators",
]
