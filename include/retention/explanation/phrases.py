"""The sentences of an explanation, English and Chinese."""

PHRASES: dict[str, tuple[str, str]] = {
    "merged": ("{asked} was merged into {customer}.", "{asked} 已合并到 {customer}。"),
    "title": ("Customer {customer} as of {day}", "客户 {customer}，截至 {day}"),
    "profiles": ("  with the profiles {profiles}", "  包含档案 {profiles}"),
    "inputs": ("inputs", "输入"),
    "input": ("input", "指标"),
    "value": ("value", "数值"),
    "first_purchase_on": ("First purchase", "首次购买日"),
    "last_purchase_on": ("Last purchase", "最近购买日"),
    "rfm": ("RFM", "RFM 评分"),
    "no_purchase": ("  no purchase: no bands, scores or segment", "  没有购买，因此没有分档、评分和细分人群"),
    "scores": (
        "  R4 scores {r}-{f}-{m}; R5 RFM score {score}; R6 segment {segment}",
        "  R4 评分 {r}-{f}-{m}；R5 RFM综合分 {score}；R6 细分人群 {segment}",
    ),
    "bands": ("bands (R1 to R3)", "分档（R1 至 R3）"),
    "cutoffs": ("quantile cut-offs (R4)", "分位数切点（R4）"),
    "parts_nobody": (
        "  The cut-offs coincide, so these scores part hardly anybody: {measures}",
        "  各切点相同，以下评分几乎不能区分客户：{measures}",
    ),
    "measure": ("measure", "指标"),
    "band": ("band", "档"),
    "bound": ("bound", "界限"),
    "reached": ("reached", "所在"),
    "its_score": ("its score", "评分"),
    "score": ("score {score}", "{score} 分"),
    "rest": ("the rest", "其余"),
    "within_days": ("within {bound} days", "{bound} 天以内"),
    "within_months": ("within {bound} months", "{bound} 个月以内"),
    "at_least": ("{bound} and more", "{bound} 及以上"),
    "tiers": ("tiers", "客户分层"),
    "tier": ("{scheme} ({code}): {tier}", "{scheme}（{code}）：{tier}"),
    "primary": (", the primary scheme", "（主分层方案）"),
    "because": ("  by {rule}: {conditions}", "  依据 {rule}：{conditions}"),
    "and": (" and ", "，且 "),
    "otherwise": ("no other rule holds", "其他规则都不满足"),
    "none": ("none", "无"),
    "is_null": ("{name} is not known", "{name}未知"),
    "known": ("{name} is known", "{name}已知"),
    "not_null": ("{name} is known ({value})", "{name}已知（{value}）"),
    "equals": ("{name} {value}", "{name}为{value}"),
    "condition": ("{name} {value} {operator} {threshold}", "{name} {value} {operator} {threshold}"),
    "asked": ("{name} {operator} {threshold}", "{name} {operator} {threshold}"),
    "contains": ("contains", "包含"),
    "since": ("  since {day}, before: {tier}", "  自 {day} 起，此前为 {tier}"),
    "in_force": ("  in force: {tier} ({state})", "  现行：{tier}（{state}）"),
    "change_waiting": ("the change to {tier} waits for approval", "变更为 {tier} 待审批"),
    "change_rejected": ("the change to {tier} was rejected by {approver}", "变更为 {tier} 已被 {approver} 驳回"),
    "change_approved": ("the change from {tier} was approved by {approver}", "由 {tier} 变更，已获 {approver} 批准"),
    "from_the_rules": (
        "  By the rules it is {tier}; what is said of the way up counts from there.",
        "  按规则为 {tier}；以下升级条件均以此为起点。",
    ),
    "up": (
        "  One tier up, {tier}, by {rule} ({conditions}), takes:",
        "  升一级到 {tier}，依据 {rule}（{conditions}），需要：",
    ),
    "up_by_behaviour": (
        "  Or by behaviour alone, {tier}, by {rule} ({conditions}):",
        "  或仅凭客户行为升到 {tier}，依据 {rule}（{conditions}）：",
    ),
    "change": ("    {name}: {present} → {needed} ({difference})", "    {name}：{present} → {needed}（{difference}）"),
    "change_unknown": ("    {name}: not known → {needed}", "    {name}：未知 → {needed}"),
    "more": ("{difference} more", "增加 {difference}"),
    "fewer": ("{difference} less", "减少 {difference}"),
    "buy_again": (
        "buy again: the last purchase within {needed} days",
        "需再次购买，使最近一次购买在 {needed} 天以内",
    ),
    "makes": ("    which makes: {figures}", "    由此：{figures}"),
    "from_to": ("{name} {present} → {after}", "{name} {present} → {after}"),
    "comma": (", ", "，"),
    "buy": ("a purchase, the first one", "需要一次购买（首次）"),
    "decision": ("a decision of the company, not the customer's behaviour", "由公司决定，与客户行为无关"),
    "any_amount": ("any amount", "金额不限"),
    "orders_today": (
        "    Orders made today count at once: {orders} more, together {amount}, would make it {tier}.",
        "    若今天就下单：再下 {orders} 单（合计 {amount}），即为 {tier}。",
    ),
    "orders_today_of_any_amount": (
        "    Orders made today count at once: {orders} more, of {amount}, would make it {tier}.",
        "    若今天就下单：再下 {orders} 单（金额不限），即为 {tier}。",
    ),
    "one_order_today": (
        "    An order made today counts at once: one of {amount} would make it {tier}.",
        "    若今天就下单：一单（{amount}），即为 {tier}。",
    ),
    "best_tier": ("  It is the best tier of the scheme.", "  已是该方案的最高层。"),
    "no_order_of_tiers": (
        "  The scheme's tiers have no order: there is no way up.",
        "  该方案的各类之间没有高低之分，不存在升级。",
    ),
    "out_of_reach": (
        "  No change of behaviour or decision leads to a better tier.",
        "  没有可行的行为变化或决定能升到更高一层。",
    ),
    "not_recorded": (
        "  Better tiers ask for figures that are not known, since their data were never delivered: {names}. "
        "Nothing the customer does leads there.",
        "  更高层级所看的指标未知（从未提供相应数据）：{names}。客户的任何行为都无法带来升级。",
    ),
    "figures_missing": (
        "  The release does not hold the figures that would say what moves it up.",
        "  该发布版本没有可用来说明如何升级的指标。",
    ),
    "lifecycle": ("Lifecycle", "生命周期"),
    "axis": ("  {name}: {stage}", "  {name}：{stage}"),
    "axis_unknown": ("  {name}: not known ({reason})", "  {name}：未知（{reason}）"),
    "no_interaction_data": ("no interactions have been delivered", "尚未提供互动数据"),
    "stage_since": (
        "  in the displayed stage since {day}, {days} days; last activity {silent} days ago; "
        "own cadence {cadence} days, ratio {ratio}",
        "  展示阶段自 {day} 起，已 {days} 天；{silent} 天未活跃；自身购买节奏 {cadence} 天，节奏倍数 {ratio}",
    ),
    "outlook": ("Churn risk and health", "流失风险与客户健康度"),
    "risk": ("  M8 churn risk {score}: {band}{state}", "  M8 流失风险 {score}：{band}{state}"),
    "health": ("  S health {score} of 100: {band}{state}", "  S 健康度 {score}（满分 100）：{band}{state}"),
    "risk_missing": ("  M8 no churn risk: {reason}", "  M8 无流失风险评分：{reason}"),
    "health_missing": ("  S no health score: {reason}", "  S 无健康度评分：{reason}"),
    "is_churned": (", has churned already", "，已流失"),
    "not_calibrated": (", not yet calibrated by what happened", "，尚未按实际结果校准"),
    "health_before": ("  {before} at the last month-end", "  上月末为 {before}"),
    "health_changed": (", changed most by {factor}", "，变化主要来自{factor}"),
    "risk_factors": ("what makes the risk", "风险构成"),
    "health_factors": ("what makes the health", "健康度构成"),
    "factor": ("factor", "因素"),
    "figure": ("figure", "数值"),
    "zero_at": ("0 at", "0 分界限"),
    "full_at": ("1 at", "1 分界限"),
    "factor_score": ("score", "得分"),
    "weight": ("share", "权重"),
    "part": ("part", "贡献"),
    "labels": ("labels", "标签"),
    "label": ("label", "标签"),
    "rule": ("rule", "规则"),
    "evidence": ("evidence", "依据"),
    "first_seen_on": ("first seen", "首次出现"),
    "last_seen_on": ("last seen", "最近出现"),
    "is_current": ("held today", "当前持有"),
    "review_status": ("review", "审核状态"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "recency": ("recency", "最近购买 R"),
    "frequency": ("frequency", "购买频次 F"),
    "monetary": ("monetary", "消费金额 M"),
}
"""By name the sentence in English and in Chinese, with places for values in braces."""


class Phrases:
    """The sentences of one language.

    Args:
        language: en or zh.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, phrase: str, **values: object) -> str:
        """A sentence with its values."""
        return PHRASES[phrase][1 if self.language == "zh" else 0].format(**values)
