"""Rows of the board's metrics that are wrong."""

BROKEN_BOARD: dict[str, tuple[str, str, str, str]] = {
    "metric_that_the_board_does_not_know": (
        "board_metrics",
        "all,return_rate,",
        "all,retrun_rate,",
        "line 9: metric 'retrun_rate' is unknown. Did you mean return_rate?",
    ),
    "board_metric_without_a_direction": (
        "board_metrics",
        "repurchase_rate,retention,at_least",
        "repurchase_rate,retention,atleast",
        "line 5: direction 'atleast' is unknown. Write at_least or at_most.",
    ),
    "board_metric_in_percents": (
        "board_metrics",
        "service,at_least,0.95,0.90",
        "service,at_least,95,0.90",
        "line 15: target 95 (rule C2) is none that resolution_rate can have. Write a number from 0 to 1.",
    ),
    "alarm_for_who_meets_the_board": (
        "board_metrics",
        "at_most,0.08,0.15",
        "at_most,0.08,0.05",
        "line 9: alarm_at 0.05 of return_rate (rule W4) is better than its target 0.08 (at_most), so that who meets",
    ),
    "window_that_the_name_denies": (
        "board_metrics",
        "revenue_30d,value,at_least,,,30",
        "revenue_30d,value,at_least,,,31",
        "line 7: window_days 31 is not what the name of revenue_30d says. Write 30.",
    ),
    "window_of_what_stands": (
        "board_metrics",
        "active_customers,retention,at_least,,,,",
        "active_customers,retention,at_least,,,30,",
        "line 6: active_customers is what stands at the end of a day and has no window. Leave window_days empty.",
    ),
    "no_window": (
        "board_metrics",
        "csat_score,experience,at_least,0.90,0.85,30",
        "csat_score,experience,at_least,0.90,0.85,",
        "line 12: csat_score has no window. Write its days, from 1 on, as window_days.",
    ),
    "place_before_the_first": (
        "board_metrics",
        "operations,15,P4",
        "operations,0,P4",
        "line 16: position 0 is no place. Write a whole number from 1 on.",
    ),
    "part_of_the_board_without_a_name": (
        "board_metrics",
        "average_order_value,value,",
        "average_order_value,money,",
        "line 8: board_category 'money' has no name in labels.csv.",
    ),
    "board_metric_of_no_department": (
        "board_metrics",
        "at_least,,,30,sales,",
        "at_least,,,30,nobody,",
        "line 8: owner_role 'nobody' has no name in labels.csv.",
    ),
}
"""As in broken_rules."""
