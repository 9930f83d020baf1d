"""Rows of alert rules that are wrong, in the form of BROKEN_RULES."""

from tests.rules.broken_rules import APPEND

BROKEN_ALERTS: dict[str, tuple[str, str, str, str]] = {
    "alert_of_no_metric": (
        "alert_rules",
        "customer,purchase_drop_rate,90,",
        "customer,purchase_drop,90,",
        "line 3: metric 'purchase_drop' is unknown. Did you mean purchase_drop_rate?",
    ),
    "alert_without_a_window": (
        "alert_rules",
        "customer,complaints,30,",
        "customer,complaints,,",
        "line 9: rule W4.complaint asks complaints, which is of a window, and has no lookback_days.",
    ),
    "alert_without_a_threshold": (
        "alert_rules",
        "complaints,30,,,,,2,2,",
        "complaints,30,,,,,,2,",
        "line 9: rule W4.complaint has no threshold. Write the figure at which it opens an alert.",
    ),
    "alert_that_closes_before_it_opens": (
        "alert_rules",
        "low_rating_share,30,5,,2,,0.20,0.15,",
        "low_rating_share,30,5,,2,,0.20,0.25,",
        "line 11: close_threshold 0.25 of rule W4.attitude is above its threshold 0.20, so that an alert would close",
    ),
    "alert_that_is_critical_at_once": (
        "alert_rules",
        "purchase_drop_rate,90,3,181,,,0.30,0.15,0.60,",
        "purchase_drop_rate,90,3,181,,,0.30,0.15,0.20,",
        "line 3: critical_threshold 0.20 of rule W2 is below its threshold 0.30. Write a graver figure,",
    ),
    "alert_at_a_percentage": (
        "alert_rules",
        "purchase_drop_rate,90,3,181,,,0.30,0.15,0.60,",
        "purchase_drop_rate,90,3,181,,,50,30,75,",
        "line 3: threshold 50 of rule W2 is none that purchase_drop_rate can have. Write a number from 0 to 1: 0.3 for",
    ),
    "alert_that_closes_at_a_percentage": (
        "alert_rules",
        "purchase_drop_rate,90,3,181,,,0.30,0.15,0.60,",
        "purchase_drop_rate,90,3,181,,,50,30,75,",
        "line 3: close_threshold 30 of rule W2 is none that purchase_drop_rate can have.",
    ),
    "alert_that_is_critical_at_a_percentage": (
        "alert_rules",
        "churn_rate_daily,,,,,,,,0.15",
        "churn_rate_daily,,,,,,,,15",
        "line 4: critical_threshold 15 of rule W3 is none that churn_rate_daily can have. Write a number from 0 to 1",
    ),
    "alert_below_nothing": (
        "alert_rules",
        "satisfaction_drop,90,1,,,,0.25,0.25,",
        "satisfaction_drop,90,1,,,,0.25,-0.25,",
        "line 8: close_threshold -0.25 of rule W4.satisfaction_drop is none that satisfaction_drop can have.",
    ),
    "alert_of_no_complaint": (
        "alert_rules",
        "complaints,30,,,,,2,2,3",
        "complaints,30,,,,,0,0,3",
        "line 9: threshold 0 of rule W4.complaint is reached by complaints where nothing happened. Write a number",
    ),
    "alert_that_never_closes": (
        "alert_rules",
        "complaints,30,,,,,2,2,3",
        "complaints,30,,,,,2,0,3",
        "line 9: close_threshold 0 of rule W4.complaint is reached by complaints where nothing happened.",
    ),
    "alert_on_tickets_of_the_whole_business": (
        "alert_rules",
        "W5.ticket_overdue,deadline,customer,",
        "W5.ticket_overdue,deadline,business,",
        "line 15: level business of rule W5.ticket_overdue is not that of ticket_overdue_days, which is asked of a "
        "ticket. Write customer.",
    ),
    "alert_without_a_bound": (
        "alert_rules",
        "slow_response_share,7,10,,1440,",
        "slow_response_share,7,10,,,",
        "line 10: rule W4.response_speed asks slow_response_share and has no value_bound. Write the bound of one",
    ),
    "alert_of_an_unknown_severity": (
        "alert_rules",
        "0.50,0.50,,notice,",
        "0.50,0.50,,note,",
        "line 6: severity 'note' is unknown. Write critical or warning or notice.",
    ),
    "alert_that_repeats_the_alarm_of_the_board": (
        "alert_rules",
        "churn_rate_daily,,,,,,,,0.15",
        "churn_rate_daily,,,,,,0.10,,0.15",
        "line 4: threshold '0.10' of rule W3 does nothing: churn_rate_daily does not use it; its alarm is alarm_at of "
        "board_metrics.csv. Leave threshold empty.",
    ),
    "alert_of_the_board_with_a_least_count": (
        "alert_rules",
        "churn_rate_daily,,,,,,,,0.15",
        "churn_rate_daily,,50,,,,,,0.15",
        "line 4: min_count '50' of rule W3 does nothing: churn_rate_daily does not use it; parameter target_min_count",
    ),
    "alert_on_the_board_that_is_critical_below_its_alarm": (
        "alert_rules",
        "churn_rate_daily,,,,,,,,0.15",
        "churn_rate_daily,,,,,,,,0.05",
        "line 4: critical_threshold 0.05 of rule W3 is below alarm_at 0.10 of board_metrics.csv, line 3. Write a",
    ),
    "alert_without_an_alarm_on_the_board": (
        "board_metrics",
        "churn_rate_daily,retention,at_most,0.05,0.10,",
        "churn_rate_daily,retention,at_most,0.05,,",
        "line 3: churn_rate_daily has no alarm_at, at which rule W3 of alert_rules.csv opens. Write one, or set",
    ),
    "alert_of_days_that_closes_by_a_figure": (
        "alert_rules",
        "ticket_overdue_days,,,,,,0,,3",
        "ticket_overdue_days,,,,,,0,0,3",
        "line 15: close_threshold '0' of rule W5.ticket_overdue does nothing: ticket_overdue_days does not use it. "
        "Leave close_threshold empty.",
    ),
    "board_kept_for_less_than_its_alerts": (
        "profile_parameters",
        APPEND,
        "retail,board_history_days,60,days,K1,Two months\n",
        "line {line}: board_history_days is 60 and alert_closed_days 30: alerts on metrics of the board, which last a "
        "month at most, would get another ID every day. Write 61 or more for board_history_days.",
    ),
    "alert_with_an_action_that_nobody_has_named": (
        "alert_rules",
        "true,send_offer,",
        "true,send_offers,",
        "line 5: alert_action 'send_offers' has no name in labels.csv. Add the row: alert_action,send_offers,",
    ),
    "region_whose_owner_nobody_has_named": (
        "region_owners",
        "all,east,regional_manager_east,",
        "all,east,regional_manger_east,",
        "line 5: owner_role 'regional_manger_east' has no name in labels.csv. Add the row: owner_role,",
    ),
    "region_with_two_owners": (
        "region_owners",
        "all,west,",
        "all,east,",
        "line 6: line 5 has the same (profile, region): all, east. Delete one of them.",
    ),
    "region_without_an_owner": (
        "region_owners",
        "all,*,regional_manager,",
        "all,*,,",
        "line 2: column owner_role is empty. Fill it in.",
    ),
}
