"""The limits that Klaviyo publishes, and lists of values that it accepts, each with its source.

Read in November 2026; Klaviyo may change them.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from kbq_tui.model.lean_dataclass import dataclass

API: Final = "https://developers.klaviyo.com/en/reference/create_event"
PROFILES: Final = "https://help.klaviyo.com/hc/en-us/articles/40939206649627"
"""Klaviyo's article on importing profiles from a warehouse."""
EVENTS: Final = "https://help.klaviyo.com/hc/en-us/articles/45442043369499"
"""Klaviyo's article on importing events from a warehouse."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    Attributes:
        value: the number.
        unit: what it counts.
        source: the page.
    """

    value: int
    unit: str
    source: str


EVENT_PROPERTIES: Final = Limit(400, "properties an event", API)
EVENT_PROPERTIES_ONCE: Final = Limit(300, "properties an event, on older pages", API)
STRING_BYTES: Final = Limit(100 * 1024, "bytes of a string", API)
ARRAY_ITEMS: Final = Limit(4_000, "items of an array", API)
NESTING: Final = Limit(10, "levels of nesting", API)
EVENT_BYTES: Final = Limit(5 * 1024 * 1024, "bytes of an event", API)
PROFILE_BYTES: Final = Limit(100 * 1024, "bytes of a profile", API)
UNIQUE_ID_CHARACTERS: Final = Limit(255, "characters of a unique id", API)
METRIC_CHARACTERS: Final = Limit(127, "characters of a metric's name", API)
EMAIL_CHARACTERS: Final = Limit(320, "characters of an e-mail address", PROFILES)

LIMITS: Final = (
    EVENT_PROPERTIES,
    EVENT_PROPERTIES_ONCE,
    STRING_BYTES,
    ARRAY_ITEMS,
    NESTING,
    EVENT_BYTES,
    PROFILE_BYTES,
    UNIQUE_ID_CHARACTERS,
    METRIC_CHARACTERS,
    EMAIL_CHARACTERS,
)

OLDEST_EVENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_EVENT: Final = timedelta(days=365)
"""How far in the future an event may be."""
CLOCKS: Final = timedelta(minutes=5)
"""How much two clocks may differ before a time counts as in the future; our own choice."""

KLAVIYO_ID_LENGTHS: Final = (26, 6)
CONSENT: Final = ("Subscribe", "Never Subscribed", "Unsubscribed")
BOOLEANS: Final = ("true", "1", "t", "yes", "y", "false", "0", "f", "no", "n", "none")
"""In lower case; Klaviyo's page writes `None`."""
TEST_DOMAINS: Final = ("example.com", "example.org", "example.net", "test.com", "test.org", "test.net")
"""Events with such addresses are dropped. Klaviyo names `@example.com`, `@test.com` and the like."""

_ISO_4217: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES: Final = tuple(_ISO_4217.split())
"""Active national currencies.

Source: https://www.six-group.com/en/products-services/financial-information/data-standards.html
"""
