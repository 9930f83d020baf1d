"""Why a customer stands where it stands: the inputs, the thresholds they met, and what would move it one tier up."""

from retention.explanation.printing import print_explanation
from retention.explanation.reading import explain_customer

__all__ = ["explain_customer", "print_explanation"]
