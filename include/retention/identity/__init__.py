"""Who is who: what people decide about customer profiles, and what the published tables say of one."""

from retention.identity.decisions import Decided, Desk, merge, split, withdraw_decisions
from retention.identity.show import merged_into, show_customer

__all__ = ["Decided", "Desk", "merge", "merged_into", "show_customer", "split", "withdraw_decisions"]
