"""The reports: of which findings and tables each consists, in the order in which they are read."""

from retention.reports import board_sections as board
from retention.reports import churn_sections as churn
from retention.reports import company_sections as company
from retention.reports import contact_sections as contacts
from retention.reports.parts import Report

REPORTS = (
    Report(
        "daily",
        (board.ABNORMAL, board.MISSED, board.ALERTS_OPENED, board.CHECKS),
        (board.BOARD, board.ALERT_COUNTS, board.COMPANY_WARNINGS, board.WARNINGS, board.GROUPED_WARNINGS,
         board.UNMEASURED, board.FAILED_CHECKS),
    ),
    Report(
        "churn-brief",
        (churn.LOST_IN_WEEK, churn.MAIN_REASON, churn.RISEN_REASON, churn.UNEXPLAINED, churn.AT_RISK),
        (churn.REASONS, churn.TREND, churn.LOST, churn.NEXT),
    ),
    Report(
        "execution",
        (contacts.DONE_IN_MONTH, contacts.FURTHEST_BEHIND, contacts.OVERDUE_NOW, contacts.CADENCE_KEPT),
        (contacts.BY_TIER, contacts.BY_CHANNEL, contacts.BY_EXECUTOR, contacts.CADENCE, contacts.OVERDUE_BY_OWNER,
         contacts.OVERDUE),
    ),
    Report(
        "touches",
        (contacts.DONE_IN_WEEK, contacts.FEEDBACK, contacts.LEFT_OUT, contacts.OVERDUE_NOW),
        (contacts.WEEK_BY_CHANNEL, contacts.WEEK_BY_THEME, contacts.EXCLUSIONS, contacts.CAMPAIGNS,
         contacts.DUE_NEXT),
    ),
    Report(
        "monthly",
        (company.HEALTH_NOW, company.WORST_TARGETS, company.CHURN_NOW, company.REVENUE_NOW, company.moved(1)),
        (company.HEALTH_DIMENSIONS, company.HEALTH, company.TARGET_GAPS, company.TIERS, company.tier_moves(1),
         company.RETENTION, company.CHURN, company.CHURN_MONTHS, company.MOVEMENTS),
        is_of_period=True,
    ),
    Report(
        "quarterly",
        (company.moved(3), company.TARGETS_MET, company.WORST_TARGETS, company.on_the_way("short_term"),
         company.DEPARTING),
        (company.TIERS, company.tier_moves(3), company.REVIEWS, company.TARGETS, company.plans("short_term"),
         company.RESOURCES, company.RESOURCE_PROPOSALS),
        is_of_period=True,
    ),
    Report(
        "half-year",
        (company.WORTH_NOW, company.on_the_way("long_term"), company.moved(6), company.ANSWERS_NOW,
         company.CHURN_NOW),
        (company.plans("long_term"), company.WORTH, company.VALUE_BY_TIER, company.tier_moves(6), company.COMMUNITY,
         company.SATISFACTION),
        is_of_period=True,
    ),
)  # fmt: skip
KINDS = {report.kind: report for report in REPORTS}
