"""Two trades: a shop of many small baskets, and a company that sells to companies. All names are made up."""

from collections.abc import Mapping
from dataclasses import dataclass

SURNAMES = [*"赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶"]
GIVEN = [
    "安然", "博文", "晨曦", "丹青", "恩泽", "芳菲", "国栋", "浩然", "嘉怡", "景行", "凯旋", "兰心", "明远", "宁静",
    "欣悦", "沛然", "清扬", "若水", "思齐", "天佑", "文静", "晓峰", "雅琴", "一鸣", "雨桐", "泽宇", "志远", "子涵",
]  # fmt: skip
PERIOD_DAYS = 365.25


@dataclass(frozen=True)
class Flavour:
    """What a trade is like.

    Attributes:
        customer_type: person or company.
        currency: of the books.
        rate: mean purchases a day of a customer who has not left.
        rate_halves: twice the shape of the gamma distribution of rates: the smaller, the more unlike the customers.
        spend: mean amount of an order, in the books' currency.
        life_days: mean days from the first purchase to leaving, before incidents.
        weekdays: how much more or less is bought from Monday to Sunday.
        swing: how far the year's season swings.
        foreign: share of customers who pay in a foreign currency.
        interactions, tickets, surveys: a day and customer.
        members, contracted: share of customers.
        lines: most lines of an order.
        channels, regions, categories, and so on: weights by name.
    """

    customer_type: str
    currency: str
    rate: float
    rate_halves: int
    spend: float
    life_days: float
    weekdays: tuple[float, ...]
    swing: float
    foreign: float
    interactions: float
    tickets: float
    surveys: float
    members: float
    contracted: float
    lines: int
    products: int
    price: float
    regions: Mapping[str, int]
    channels: Mapping[str, int]
    contact_channels: Mapping[str, int]
    interaction_types: Mapping[str, int]
    categories: tuple[str, ...]
    industries: Mapping[str, int]
    sizes: Mapping[str, int]
    needs: tuple[str, ...]
    issues: Mapping[str, int]


RETAIL = Flavour(
    customer_type="person",
    currency="USD",
    rate=0.022,
    rate_halves=1,
    spend=38.0,
    life_days=620.0,
    weekdays=(0.85, 0.85, 0.9, 0.95, 1.15, 1.3, 1.0),
    swing=0.25,
    foreign=0.0,
    interactions=0.010,
    tickets=0.0012,
    surveys=0.0015,
    members=0.4,
    contracted=0.02,
    lines=4,
    products=240,
    price=9.0,
    regions={"north": 3, "south": 3, "east": 4, "west": 2},
    channels={"web": 4, "store": 4, "app": 3},
    contact_channels={"sms": 4, "email": 4, "app": 3, "phone": 1},
    interaction_types={"login": 9, "enquiry": 4, "feedback": 2, "event": 1, "visit": 2},
    categories=("grocery", "household", "beauty", "baby", "pet", "sports", "stationery", "toys"),
    industries={"education": 3, "health": 2, "technology": 3, "public service": 2, "trades": 2},
    sizes={"1": 1},
    needs=("price", "fast delivery", "organic", "gift ideas", "large packs"),
    issues={"logistics": 4, "product quality": 3, "service attitude": 2, "billing": 1, "website": 1},
)

B2B = Flavour(
    customer_type="company",
    currency="CNY",
    rate=0.030,
    rate_halves=2,
    spend=7_800.0,
    life_days=1_400.0,
    weekdays=(1.4, 1.4, 1.4, 1.3, 1.2, 0.2, 0.1),
    swing=0.12,
    foreign=0.12,
    interactions=0.030,
    tickets=0.0040,
    surveys=0.0020,
    members=0.15,
    contracted=0.7,
    lines=5,
    products=90,
    price=240.0,
    regions={"east": 5, "south": 4, "north": 3, "west": 2},
    channels={"sales": 5, "web": 3, "partner": 2},
    contact_channels={"phone": 4, "email": 4, "visit": 1, "wechat": 3},
    interaction_types={"visit": 3, "enquiry": 5, "event": 1, "login": 4, "feedback": 2},
    categories=("sensors", "valves", "drives", "cabling", "services", "spare parts"),
    industries={"machinery": 4, "chemicals": 2, "food": 2, "logistics": 2, "electronics": 3},
    sizes={"1-49": 5, "50-249": 4, "250-999": 2, "1000+": 1},
    needs=("price", "training", "on-site service", "custom design", "fast delivery"),
    issues={"logistics": 3, "product quality": 3, "technical support": 4, "billing": 2, "service attitude": 1},
)

FLAVOURS = {"retail": RETAIL, "b2b": B2B}
