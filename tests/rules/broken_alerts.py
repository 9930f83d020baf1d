"""Rows of alert rules that are wrong, in the form of BROKEN_RULES."""

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
        "churn_rate_daily,,,,,,0.10,0.10,",
        "churn_rate_daily,,,,,,,0.10,",
        "line 4: rule W3 has no threshold. Write the figure at which it opens an alert.",
    ),
    "alert_that_closes_before_it_opens": (
        "alert_rules",
        "low_rating_share,30,5,,2,,0.20,0.15,",
        "low_rating_share,30,5,,2,,0.20,0.25,",
        "line 11: close_threshold 0.25 of rule W4.attitude is above its threshold 0.20, so that an alert would close",
    ),
    "alert_that_is_critical_at_once": (
        "alert_rules",
        "purchase_drop_rate,90,3,181,,,0.30,0.30,0.60,",
        "purchase_drop_rate,90,3,181,,,0.30,0.30,0.20,",
        "line 3: critical_threshold 0.20 of rule W2 is below its threshold 0.30. Write a graver figure,",
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
