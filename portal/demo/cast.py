"""Who and what the demo begins with: two white labels, their people, plans and customers. All of it invented."""

import unicodedata
from dataclasses import dataclass

from portal.accounts.lifecycle import Administration, Role
from portal.catalogue.commands import NewOpening
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST, OPERATOR_HOST
from portal.operator.commands import Brand, Business, NewPlan, NewService

PASSWORD = "lantern-orbit-42-maple"

OPERATOR = Brand(
    name="Harbour Switch",
    host=OPERATOR_HOST,
    legal_name="Harbour Switch Ltd",
    colour="#33506b",
    support_email="help@harbour-switch.example",
    postal_address="1 Exchange Quay, Cardiff CF10 4AB",
)
OPERATOR_BUSINESS = Business(currency="GBP", country="GB", time_zone="Europe/London", locale="en_GB")

TERMS = (
    "You may use the service for your own organisation. The account is prepaid: a charge is taken from your credit "
    "when its period begins. You may close the account at any time; unused credit is paid back on request."
)


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    role: Role | None


@dataclass(frozen=True)
class SeedCustomer:
    """`story` is how far the customer came; `months` is how long ago it began."""

    name: str
    domain: str
    person: str
    plan: str
    administration: Administration
    story: str
    months: int = 0
    address: tuple[str, str, str, str] = ("1 High Street", "Bristol", "BS1 5TR", "GB")
    email: str = ""

    @property
    def is_activated(self) -> bool:
        return self.story in ("active", "suspended", "closed")

    @property
    def login(self) -> str:
        plain = unicodedata.normalize("NFKD", self.person.split()[0]).casefold()
        return f"{''.join(c for c in plain if c.isascii())}@{self.domain}"


@dataclass(frozen=True)
class Catalogue:
    """What is sold besides the plans. `from_list` are the codes of plans and services that are offered from the default
    list; `further` is what the list's products open at in the currency of this white label, where it is not its own.

    `included` is plan, service and how many; `next_price` a plan and its retail price of the month to come.
    """

    from_list: tuple[str, ...]
    further: tuple[tuple[str, NewOpening], ...]
    included: tuple[tuple[str, str, int], ...]
    next_price: tuple[str, int]
    tax: tuple[str, int]


@dataclass(frozen=True)
class Tenant:
    brand: Brand
    business: Business
    key: str
    credit_minor: int
    credit_limit_minor: int
    staff: tuple[Person, ...]
    plans: tuple[NewPlan, ...]
    customers: tuple[SeedCustomer, ...]
    catalogue: Catalogue


def services(tax_ppm: int, *minor: int) -> tuple[NewService, ...]:
    """A seat each month, a headset once and minutes as used: retail and wholesale of each, in this order."""
    return (
        NewService("seat", "Extra seat", "One more user.", minor[0], minor[1], tax_ppm, unit="seat"),
        NewService("headset", "Headset", "Wireless, with a charger.", minor[2], minor[3], tax_ppm, kind="one_off"),
        NewService(
            "minutes", "Minutes", "Landlines and mobiles.", minor[4], minor[5], tax_ppm, 0, 0, "usage", "minutes", 100
        ),
    )


def number_services(tax_ppm: int, *minor: int) -> tuple[NewService, ...]:
    """Price classes of numbers, each month: retail and wholesale of a local, a mobile and a toll-free one."""
    named = (
        ("local", "Local number", "With the area code of a town."),
        ("mobile", "Mobile number", "For calls and messages."),
        ("toll-free", "Toll-free number", "Callers pay nothing."),
    )
    return tuple(
        NewService(
            f"number-{code}", name, words, minor[2 * n], minor[2 * n + 1], tax_ppm, unit="number", counts="numbers"
        )
        for n, (code, name, words) in enumerate(named)
    )


def further(currency: str, products: tuple[NewPlan | NewService, ...]) -> tuple[tuple[str, NewOpening], ...]:
    """What products of the default list open at in another currency."""
    return tuple(
        (
            each.code,
            NewOpening(
                currency,
                each.retail_minor,
                each.wholesale_minor,
                each.retail_setup_minor,
                each.wholesale_setup_minor,
                each.minimum_funding_minor if isinstance(each, NewPlan) else 0,
            ),
        )
        for each in products
    )


DEFAULT_SERVICES = (
    *services(200_000, 4_50, 3_00, 79_00, 52_00, 1_20, 70),
    *number_services(200_000, 2_00, 1_10, 3_50, 2_20, 6_00, 4_00),
)
DEFAULT_PLANS = (NewPlan("hot-desk-20", "Hot desk 20", "Twenty desks to share.", 96_00, 68_00, 200_000, trial_days=14),)
DEFAULT_CODES = tuple(each.code for each in DEFAULT_SERVICES)
NEXT_DEFAULT = (("minutes", "GBP", 75), ("hot-desk-20", "NZD", 140_00))
OPTION_1, OPTION_2 = Administration.CUSTOMER, Administration.WHITE_LABEL

NORTHWIND = Tenant(
    brand=Brand(
        name="Northwind Voice",
        host=NORTHWIND_HOST,
        legal_name="Northwind Voice Ltd",
        colour="#0d5c63",
        support_email="help@northwindvoice.example",
        support_phone="0117 496 0123",
        postal_address="9 Harbourside, Bristol BS1 5LL",
    ),
    business=Business("GBP", "GB", "Europe/London", "en_GB", "VAT", 200_000, TERMS),
    key="sk_test_northwind_gbp_demo0001",
    credit_minor=12_000_00,
    credit_limit_minor=1_000_00,
    staff=(
        Person("Bob Hargreaves", "bob@northwindvoice.example", Role.ADMINISTRATOR),
        Person("Fiona Marsh", "fiona@northwindvoice.example", Role.FINANCE),
    ),
    plans=(
        NewPlan(
            "solo",
            "Solo line",
            "One person, one device, pay per minute.",
            6_90,
            4_60,
            200_000,
            minimum_funding_minor=20_00,
        ),
        NewPlan(
            "team-10",
            "Team 10",
            "Ten users, 1,000 minutes to UK landlines and mobiles.",
            58_00,
            41_00,
            200_000,
            retail_setup_minor=25_00,
            wholesale_setup_minor=10_00,
            minimum_funding_minor=75_00,
        ),
        NewPlan(
            "contact-25",
            "Contact Centre Professional 25",
            "Twenty-five users, queues, recording kept for 12 months, wallboard.",
            312_50,
            226_00,
            200_000,
            retail_setup_minor=99_00,
            wholesale_setup_minor=60_00,
            minimum_funding_minor=375_00,
        ),
        NewPlan("solo-year", "Solo line by the year", "Twelve months at once.", 69_00, 46_00, 200_000, months=12),
    ),
    catalogue=Catalogue(
        ("hot-desk-20", *DEFAULT_CODES), (), (("team-10", "minutes", 1000),), ("team-10", 61_00), ("IE", 230_000)
    ),
    customers=(
        SeedCustomer(
            "Acme Joinery Ltd",
            "acme-joinery.example",
            "Alice Penhaligon",
            "team-10",
            OPTION_1,
            "active",
            12,
            ("Unit 14b, The Old Sail Loft, Gas Ferry Road", "Bristol", "BS1 6TY", "GB"),
        ),
        SeedCustomer(
            "Müller & Söhne Bürotechnik GmbH & Co. KG",
            "mueller-soehne.example",
            "Jürgen Müller",
            "contact-25",
            OPTION_2,
            "active",
            12,
            ("Hafenstraße 12", "Hamburg", "20457", "DE"),
        ),
        SeedCustomer(
            "Harbour City Couriers", "harbour-couriers.example", "Dilip Rao", "team-10", OPTION_2, "active", 11
        ),
        SeedCustomer("Pier 9 Coffee", "pier9.example", "Noor Haddad", "solo", OPTION_1, "closed", 10),
        SeedCustomer("Hartcliffe Dental", "hartcliffe.example", "Grace Obi", "team-10", OPTION_1, "suspended", 8),
        SeedCustomer(
            "Sefton Park Physiotherapy", "seftonphysio.example", "Maya Lindqvist", "solo", OPTION_1, "active", 6
        ),
        SeedCustomer(
            "Llanfair Pwllgwyngyll & Gogerychwyrndrobwll Veterinary Practice LLP",
            "vetspractice.example",
            "Siân Rhydderch-Okonkwo",
            "team-10",
            OPTION_2,
            "active",
            4,
        ),
        SeedCustomer(
            "Clifton Bookbinders", "clifton-bookbinders.example", "Tom Ashdown", "solo", OPTION_1, "active", 2
        ),
        SeedCustomer("Байкал Чайная Tea House", "baikal-tea.example", "Irina Volkova", "team-10", OPTION_1, "declined"),
        SeedCustomer("O'Brien & Daughters", "obrien.example", "Niamh O'Brien", "solo", OPTION_1, "mailed"),
        SeedCustomer(
            "Te Aroha Community Health Trust (Incorporated)",
            "tearoha-health.example",
            "Mereana Kahu",
            "contact-25",
            OPTION_1,
            "bounced",
            email="mereana@bounces.example",
        ),
        SeedCustomer("Redland Yoga Studio", "redlandyoga.example", "Priya Nair", "solo", OPTION_2, "created"),
        SeedCustomer("<b>Bold</b> Signs & Sons", "bold-signs.example", "Ruth Bold", "team-10", OPTION_2, "created"),
        SeedCustomer("Quayside Cycles", "quayside-cycles.example", "Femi Adeyemi", "solo", OPTION_1, "password"),
        SeedCustomer("Old Mill Brewery", "oldmill.example", "Piotr Nowak", "solo", OPTION_1, "cancelled", 1),
    ),
)

KAURI = Tenant(
    brand=Brand(
        name="Kauri Telecom",
        host=KAURI_HOST,
        legal_name="Kauri Telecom Limited",
        colour="#f28c28",
        support_email="help@kauritelecom.example",
        support_phone="0800 555 014",
        postal_address="21 Customhouse Quay, Wellington 6011",
    ),
    business=Business("NZD", "NZ", "Pacific/Auckland", "en_NZ", "GST", 150_000, TERMS),
    key="sk_test_kauri_nzd_demo0001",
    credit_minor=9_000_00,
    credit_limit_minor=500_00,
    staff=(
        Person("Charlie Ngata", "charlie@kauritelecom.example", Role.ADMINISTRATOR),
        Person("Frankie Moana", "frankie@kauritelecom.example", Role.FINANCE),
    ),
    plans=(
        NewPlan("solo", "Solo line", "One person and one device.", 13_80, 9_20, 150_000, minimum_funding_minor=30_00),
        NewPlan(
            "team-10",
            "Team 10",
            "Ten users, 500 minutes to landlines and mobiles.",
            116_00,
            82_00,
            150_000,
            retail_setup_minor=40_00,
            wholesale_setup_minor=20_00,
            minimum_funding_minor=150_00,
        ),
        NewPlan("solo-year", "Solo line by the year", "Twelve months at once.", 138_00, 92_00, 150_000, months=12),
    ),
    catalogue=Catalogue(
        ("hot-desk-20", *DEFAULT_CODES),
        further(
            "NZD",
            (
                NewPlan("hot-desk-20", "Hot desk 20", "", 192_00, 136_00, 150_000),
                *services(150_000, 9_00, 6_00, 158_00, 104_00, 2_40, 1_40),
                *number_services(150_000, 4_00, 2_20, 7_00, 4_40, 12_00, 8_00),
            ),
        ),
        (("team-10", "minutes", 500),),
        ("team-10", 122_00),
        ("AU", 100_000),
    ),
    customers=(
        SeedCustomer(
            "Ōtautahi Steel & Fabrication (2014) Ltd",
            "otautahi-steel.example",
            "Hana Parata",
            "team-10",
            OPTION_1,
            "active",
            9,
            ("44 Blenheim Road", "Christchurch", "8041", "NZ"),
        ),
        SeedCustomer(
            "Pounamu Dental",
            "pounamu-dental.example",
            "Wiremu Tane",
            "solo",
            OPTION_2,
            "active",
            7,
            ("7 Featherston Street", "Wellington", "6011", "NZ"),
        ),
        SeedCustomer(
            "Wairoa District Health Shuttle",
            "wairoashuttle.example",
            "Aroha Smith",
            "team-10",
            OPTION_1,
            "mailed",
            0,
            ("12 Marine Parade", "Wairoa", "4108", "NZ"),
        ),
        SeedCustomer(
            "Rimu Outdoor",
            "rimu-outdoor.example",
            "Sam Leota",
            "solo",
            OPTION_2,
            "created",
            0,
            ("3 Cuba Street", "Wellington", "6011", "NZ"),
        ),
    ),
)

TENANTS = (NORTHWIND, KAURI)
OPERATOR_STAFF = Person("Olga Petrov", "olga@harbour-switch.example", None)
SECOND_OPERATOR = Person("Otto Lindgren", "otto@harbour-switch.example", None)
