"""What a failed build tells of dbt's long messages."""

import pytest

from retention.warehouse.dbt import cause_of, failure_line

OF_JAVA = """Runtime Error in model fct_orders (models/marts/core/fct_orders.sql)
  An error occurred while calling o53.sql.
  : java.util.concurrent.ExecutionException: Boxed Exception
  \tat scala.concurrent.impl.Promise$.resolve(Promise.scala:99)
  \tat java.base/java.lang.Thread.run(Thread.java:840)
  Caused by: java.lang.InternalError: java.lang.NoSuchMethodException
  \tat java.base/java.lang.invoke.MethodHandleStatics.newInternalError(MethodHandleStatics.java:155)
  \t... 1 more
  Caused by: java.lang.VirtualMachineError: Out of space in CodeCache for method handle intrinsic
  \t... 156 more
"""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Compilation Error in model a\n  No bands.\n  \n  > in macro band_rows (x.sql)",
            "Compilation Error in model a No bands.",
        ),
        (
            OF_JAVA,
            "Runtime Error in model fct_orders (models/marts/core/fct_orders.sql)"
            " An error occurred while calling o53.sql."
            " : java.util.concurrent.ExecutionException: Boxed Exception"
            " Caused by: java.lang.VirtualMachineError: Out of space in CodeCache for method handle intrinsic",
        ),
    ],
)
def test_a_message_keeps_its_cause_and_loses_its_trail(message: str, told: str) -> None:
    assert cause_of(message) == told


def test_a_row_that_our_own_rules_refuse_is_told_without_the_model_that_read_it() -> None:
    told = "seeds/tier_rules.csv, line 2: rule T1.X (scheme s, rank 1): metric 'x' is unknown."
    place = "Compilation Error in model int_profile (models/intermediate/int_profile.sql)"
    assert failure_line("int_profile", f"{place} {told}") == told
    assert failure_line("int_profile", f"{place} 'x' is undefined") == f"int_profile: {place} 'x' is undefined"
