"""Alerts in the hands of people: what stands, why, what it was worth, and what they decide about it (W)."""

from retention.alerts.deciding import ACTIONS, AlertDesk, Decided
from retention.alerts.reading import Wanted, export_alerts, list_alerts, list_backtest, show_alert

__all__ = [
    "ACTIONS",
    "AlertDesk",
    "Decided",
    "Wanted",
    "export_alerts",
    "list_alerts",
    "list_backtest",
    "show_alert",
]
