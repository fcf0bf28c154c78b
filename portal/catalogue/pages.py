"""What pages about prices show, as ready words: for the operator and for the white label, who each see their side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.catalogue.commands import NewPrice, check_price, standing
from portal.catalogue.margins import Margin, margin_of, setup_margin_of
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import Amounts, DatedPrice, PriceList, TaxRates
from portal.catalogue.queries import (
    inclusions,
    openings,
    price_list,
    price_rows,
    product,
    products,
    services,
    tax_rates,
)
from portal.catalogue.words import holding, kind_of, per, price, so_many
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import exponent, plain
from portal.kit.refusals import NotFound, Refusal
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day as day_words, money, short_day

Holders = Mapping[UUID, int]


@dataclass(frozen=True)
class MarginWords:
    """One margin; `share` is of retail, `wholesale_share` how much of retail the wholesale price is."""

    margin: str
    share: str
    wholesale_share: str
    is_loss: bool


@dataclass(frozen=True)
class Line:
    """One product in a price list. `next_*` are the next change of either side, empty where none is set."""

    id: UUID
    name: str
    listed_name: str
    code: str
    kind: str
    per: str
    retail: str
    wholesale: str
    margin: MarginWords
    next_retail: str
    next_wholesale: str
    is_hidden: bool
    holders: int


class NotPriced(Refusal):
    """A product of the default list without a price in the currency that is asked for."""

    heading = "It has no price in this currency"
    text = "Add the currency on the product's page first."


@dataclass(frozen=True)
class Unpriced:
    id: UUID
    name: str
    kind: str
    code: str


@dataclass(frozen=True)
class Past:
    """One price of a product's history."""

    since: str
    side: str
    words: str
    by: str
    state: str
    withdraw: str = ""
    """The day by which it can be withdrawn from the list of its own side; empty when it cannot."""


@dataclass(frozen=True)
class ProductPage:
    product: Plan | Service
    line: Line
    retail: str
    wholesale: str
    rows: list[tuple[str, str]]
    history: list[Past]
    tomorrow: str
    typed: dict[str, dict[str, str]]
    """What the form of a new price begins with, for each side: what holds today, in figures."""
    holds: list[tuple[str, str]]
    """The services that come with a plan, and how many of each now and from later days on."""


@dataclass(frozen=True)
class Review:
    """What a new price would do; `rows` are what it is about, what holds on that day without it, and with it."""

    product: Plan | Service
    title: str
    rows: list[tuple[str, str, str]]
    effects: list[str]
    is_loss: bool


class Desk:
    """The prices of one white label on its present day, in its own currency unless another is said."""

    def __init__(self, db: TenantSession, currency: str = "") -> None:
        self.tenant = white_label(db)
        self.currency = currency or self.tenant.currency
        self.today = today(self.tenant.time_zone)
        self.prices: PriceList = price_list(db, currency=self.currency)
        self.openings = openings(db, self.currency)
        self.rates: TaxRates = tax_rates(db)

    def retail(self, of: Plan | Service, on: date) -> Amounts:
        return self.prices.retail(self.openings[of.id], on)

    def wholesale(self, of: Plan | Service, on: date) -> Amounts:
        return self.prices.wholesale(self.openings[of.id], on)

    def side(self, of: Plan | Service, side: str, on: date) -> Amounts:
        return self.retail(of, on) if side == "retail" else self.wholesale(of, on)

    def money(self, minor: int) -> str:
        return money(minor, self.tenant, self.currency)

    def price(self, amounts: Amounts, of: Plan | Service) -> str:
        return price(amounts, of, self.tenant, self.currency)

    def margin(self, of: Plan | Service, retail: Amounts, wholesale: Amounts, on: date) -> Margin:
        return margin_of(retail, wholesale, self._ppm(of, on), includes_tax=self._includes_tax)

    def setup_margin(self, of: Plan | Service, retail: Amounts, wholesale: Amounts, on: date) -> Margin:
        return setup_margin_of(retail, wholesale, self._ppm(of, on), includes_tax=self._includes_tax)

    def _ppm(self, of: Plan | Service, on: date) -> int:
        """The tax of the white label's own country: the margin is worked out for a customer at home."""
        return self.rates.retail_ppm(self.tenant.country, "", on, otherwise_ppm=of.tax_ppm)

    @property
    def _includes_tax(self) -> bool:
        return self.tenant.retail_tax_mode == "inclusive"


def lines(db: TenantSession, holders: Holders, currency: str = "") -> list[Line]:
    """Every product with a price in the currency."""
    desk = Desk(db, currency)
    return [_line(desk, each, holders) for each in products(db) if each.id in desk.openings]


def unpriced(db: TenantSession, currency: str) -> list[Unpriced]:
    """Products without a price in the currency."""
    has_one = openings(db, currency)
    return [Unpriced(each.id, each.name, kind_of(each), each.code) for each in products(db) if each.id not in has_one]


def product_or_404(db: TenantSession, product_id: UUID) -> Plan | Service:
    found = product(db, product_id)
    if found is None or found.retired_at is not None:
        raise NotFound
    return found


def product_page(db: TenantSession, of: Plan | Service, holders: Holders, currency: str = "") -> ProductPage:
    """Raises NotPriced where the product has no price in the currency."""
    desk = Desk(db, currency)
    if of.id not in desk.openings:
        raise NotPriced
    retail, wholesale = desk.retail(of, desk.today), desk.wholesale(of, desk.today)
    setup = desk.setup_margin(of, retail, wholesale, desk.today)
    return ProductPage(
        product=of,
        line=_line(desk, of, holders),
        retail=desk.price(retail, of),
        wholesale=desk.price(wholesale, of),
        rows=[("Kind", kind_of(of)), ("Code", of.code), *_plan_rows(of, desk), *_setup_row(setup, desk)],
        history=_history(db, desk, of),
        tomorrow=day_words(date.fromordinal(desk.today.toordinal() + 1), desk.tenant),
        typed={"retail": _typed(retail, desk.currency), "wholesale": _typed(wholesale, desk.currency)},
        holds=_holds(db, of, desk) if isinstance(of, Plan) else [],
    )


def review(db: TenantSession, of: Plan | Service, new: NewPrice, holders: Holders) -> Review:
    """What `set_price` would change. Raises what it raises, and NotPriced."""
    check_price(db, of, new)
    replaced = standing(db, of, new)
    desk, on = Desk(db, new.currency), new.valid_from
    if of.id not in desk.openings:
        raise NotPriced
    old_retail, old_wholesale = desk.retail(of, on), desk.wholesale(of, on)
    wanted = Amounts(new.minor, new.setup_minor)
    retail, wholesale = (wanted, old_wholesale) if new.side == "retail" else (old_retail, wanted)
    before, after = (
        desk.margin(of, old_retail, old_wholesale, on),
        desk.margin(of, retail, wholesale, on),
    )
    old = old_retail if new.side == "retail" else old_wholesale
    return Review(
        product=of,
        title=f"{'Retail' if new.side == 'retail' else 'Wholesale'} of {of.name} from {day_words(on, desk.tenant)}?",
        rows=[
            (f"{new.side.capitalize()} {per(of)}", desk.money(old.minor), desk.money(new.minor)),
            ("Set-up", desk.money(old.setup_minor), desk.money(new.setup_minor)),
            *_other_side(desk, of, new.side, on),
            *_margin_rows(desk, of, (old_retail, old_wholesale), (retail, wholesale), on),
        ],
        effects=_effects(desk, of, new, holders.get(of.id, 0), replaced),
        is_loss=after.is_loss and not before.is_loss,
    )


def margin_words(margin: Margin, tenant: WhiteLabel, currency: str = "") -> MarginWords:
    share, wholesale = margin.percent, margin.wholesale_percent
    return MarginWords(
        money(margin.minor, tenant, currency),
        "" if share is None else f"{share}%".replace("-", "−"),
        "" if wholesale is None else f"{wholesale}%",
        margin.is_loss,
    )


def _line(desk: Desk, of: Plan | Service, holders: Holders) -> Line:
    retail, wholesale = desk.retail(of, desk.today), desk.wholesale(of, desk.today)
    return Line(
        id=of.id,
        name=of.name,
        listed_name=of.listed_name if of.listed_name and of.listed_name != of.name else "",
        code=of.code,
        kind=kind_of(of),
        per=per(of),
        retail=desk.money(retail.minor),
        wholesale=desk.money(wholesale.minor),
        margin=margin_words(desk.margin(of, retail, wholesale, desk.today), desk.tenant, desk.currency),
        next_retail=_next(desk, of, "retail"),
        next_wholesale=_next(desk, of, "wholesale"),
        is_hidden=of.hidden_at is not None,
        holders=holders.get(of.id, 0),
    )


def held_today(db: TenantSession, plans: Sequence[Plan]) -> dict[UUID, str]:
    """What comes with plans in a period that begins today, by their ids: `With it: Seat × 2, Calls: 1,000 minutes`.
    Those that hold nothing are left out."""
    tenant, held, there = white_label(db), inclusions(db), services(db)
    day, found = today(tenant.time_zone), {}
    for plan in plans:
        each = [(service, held.on(plan.id, service.id, day)) for service in there]
        if told := [holding(service, quantity, tenant) for service, quantity in each if quantity]:
            found[plan.id] = f"With it: {', '.join(told)}"
    return found


def _holds(db: TenantSession, plan: Plan, desk: Desk) -> list[tuple[str, str]]:
    held, rows = inclusions(db), []
    for each in services(db):
        present, later = held.on(plan.id, each.id, desk.today), held.after(plan.id, each.id, desk.today)
        if present or later:
            said = [f"{_or_none(each, n, desk)} from {day_words(begins, desk.tenant)}" for begins, n in later]
            rows.append((each.name, "; ".join([_or_none(each, present, desk), *said])))
    return rows


def _or_none(service: Service, quantity: int, desk: Desk) -> str:
    return so_many(service, quantity, desk.tenant) if quantity else "none"


def _typed(amounts: Amounts, currency: str) -> dict[str, str]:
    places = exponent(currency)
    return {"price": plain(amounts.minor, places), "setup": plain(amounts.setup_minor, places)}


def _next(desk: Desk, of: Plan | Service, side: str) -> str:
    """The first day on which this side will cost something else, with what."""
    now = desk.side(of, side, desk.today)
    for day, _, _ in desk.prices.changes_of(of.id, side):
        then = desk.side(of, side, day)
        if day > desk.today and then != now:
            return f"{desk.money(then.minor)} from {short_day(day, desk.tenant)}"
    return ""


def _plan_rows(of: Plan | Service, desk: Desk) -> list[tuple[str, str]]:
    if not isinstance(of, Plan):
        return []
    rows = [("Trial", f"{of.trial_days} days")] if of.trial_days else []
    return [*rows, ("Least first payment", desk.money(desk.openings[of.id].minimum_funding_minor))]


def _setup_row(setup: Margin, desk: Desk) -> list[tuple[str, str]]:
    if not (setup.retail_minor or setup.wholesale_minor):
        return []
    return [("Margin on set-up", desk.money(setup.minor))]


def _history(db: TenantSession, desk: Desk, of: Plan | Service) -> list[Past]:
    """Every price that stands, newest first, and the opening ones last."""
    known = desk.openings[of.id]
    opening = [
        ("retail", Amounts(known.opening_retail_minor, known.opening_retail_setup_minor)),
        ("wholesale", Amounts(known.opening_wholesale_minor, known.opening_wholesale_setup_minor)),
    ]
    found = []
    for row in (row for row in price_rows(db, of) if row.currency == desk.currency):
        state = "To come" if row.valid_from > desk.today else "Set"
        by = f"{row.set_by}, default list" if row.source == "default" else row.set_by
        words = desk.price(Amounts(row.minor, row.setup_minor), of)
        withdraw = row.valid_from.isoformat() if state == "To come" and row.source == "own" else ""
        found.append(Past(short_day(row.valid_from, desk.tenant), row.side.capitalize(), words, by, state, withdraw))
    return [
        *found,
        *(Past("Opening", side.capitalize(), desk.price(amounts, of), "", "Set") for side, amounts in opening),
    ]


def _other_side(desk: Desk, of: Plan | Service, side: str, on: date) -> list[tuple[str, str, str]]:
    other = "wholesale" if side == "retail" else "retail"
    amount = desk.money(desk.side(of, other, on).minor)
    return [(f"{other.capitalize()} that day", amount, amount)]


def _margin_rows(
    desk: Desk, of: Plan | Service, old: tuple[Amounts, Amounts], new: tuple[Amounts, Amounts], on: date
) -> list[tuple[str, str, str]]:
    before, after = (margin_words(desk.margin(of, *pair, on), desk.tenant, desk.currency) for pair in (old, new))
    setup_before, setup_after = (desk.setup_margin(of, *pair, on) for pair in (old, new))
    rows = [
        ("Margin before tax", before.margin, after.margin),
        ("Margin, share of retail", before.share or "None", after.share or "None"),
        ("Wholesale, share of retail", before.wholesale_share or "None", after.wholesale_share or "None"),
    ]
    if any(each.retail_minor or each.wholesale_minor for each in (setup_before, setup_after)):
        rows.append(("Margin on set-up", desk.money(setup_before.minor), desk.money(setup_after.minor)))
    return rows


def _effects(desk: Desk, of: Plan | Service, new: NewPrice, holders: int, replaced: DatedPrice | None) -> list[str]:
    who = "No account has it today." if not holders else f"{holders} account{'s have' if holders > 1 else ' has'} it."
    later = next((d for d, _, _ in desk.prices.changes_of(of.id, new.side) if d > new.valid_from), None)
    effects = [
        who,
        f"It holds from {day_words(new.valid_from, desk.tenant)}; periods already begun keep their price.",
        "Until that day it can be replaced or withdrawn.",
    ]
    if replaced is not None:
        amounts = Amounts(replaced.minor, replaced.setup_minor)
        effects.append(f"It replaces {desk.price(amounts, of)}, which was set for that day.")
    if later is not None:
        effects.insert(2, f"It holds until {day_words(later, desk.tenant)}, when a price that was set before begins.")
    return effects
