"""What pages about prices show, as ready words: for the operator and for the white label, who each see their side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.catalogue.commands import NewPrice, check_price, standing
from portal.catalogue.margins import Margin, margin_of, setup_margin_of
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import Amounts, DatedPrice, PriceList, TaxRates
from portal.catalogue.queries import price_list, price_rows, product, products, tax_rates
from portal.catalogue.words import kind_of, per, price
from portal.kit.clock import today
from portal.kit.db import TenantSession
from portal.kit.money import exponent, plain
from portal.kit.refusals import NotFound
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


@dataclass(frozen=True)
class Review:
    """What a new price would do; `rows` are what it is about, what holds on that day without it, and with it."""

    product: Plan | Service
    title: str
    rows: list[tuple[str, str, str]]
    effects: list[str]
    is_loss: bool


class Desk:
    """The prices of one white label on its present day."""

    def __init__(self, db: TenantSession) -> None:
        self.tenant = white_label(db)
        self.today = today(self.tenant.time_zone)
        self.prices: PriceList = price_list(db)
        self.rates: TaxRates = tax_rates(db)

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


def lines(db: TenantSession, holders: Holders) -> list[Line]:
    desk = Desk(db)
    return [_line(desk, each, holders) for each in products(db)]


def product_or_404(db: TenantSession, product_id: UUID) -> Plan | Service:
    found = product(db, product_id)
    if found is None or found.retired_at is not None:
        raise NotFound
    return found


def product_page(db: TenantSession, of: Plan | Service, holders: Holders) -> ProductPage:
    desk = Desk(db)
    retail, wholesale = desk.prices.retail(of, desk.today), desk.prices.wholesale(of, desk.today)
    setup = desk.setup_margin(of, retail, wholesale, desk.today)
    return ProductPage(
        product=of,
        line=_line(desk, of, holders),
        retail=price(retail, of, desk.tenant),
        wholesale=price(wholesale, of, desk.tenant),
        rows=[("Kind", kind_of(of)), ("Code", of.code), *_plan_rows(of, desk.tenant), *_setup_row(setup, desk.tenant)],
        history=_history(db, desk, of),
        tomorrow=date.fromordinal(desk.today.toordinal() + 1).isoformat(),
        typed={"retail": _typed(retail, desk.tenant), "wholesale": _typed(wholesale, desk.tenant)},
    )


def review(db: TenantSession, of: Plan | Service, new: NewPrice, holders: Holders) -> Review:
    """What `set_price` would change. Raises what it raises."""
    check_price(db, of, new)
    replaced = standing(db, of, new.side, new.source, new.valid_from)
    desk, on = Desk(db), new.valid_from
    old_retail, old_wholesale = desk.prices.retail(of, on), desk.prices.wholesale(of, on)
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
            (f"{new.side.capitalize()} {per(of)}", money(old.minor, desk.tenant), money(new.minor, desk.tenant)),
            ("Set-up", money(old.setup_minor, desk.tenant), money(new.setup_minor, desk.tenant)),
            *_other_side(desk, of, new.side, on),
            *_margin_rows(desk, of, (old_retail, old_wholesale), (retail, wholesale), on),
        ],
        effects=_effects(desk, of, new, holders.get(of.id, 0), replaced),
        is_loss=after.is_loss and not before.is_loss,
    )


def margin_words(margin: Margin, tenant: WhiteLabel) -> MarginWords:
    share, wholesale = margin.percent, margin.wholesale_percent
    return MarginWords(
        money(margin.minor, tenant),
        "" if share is None else f"{share}%".replace("-", "−"),
        "" if wholesale is None else f"{wholesale}%",
        margin.is_loss,
    )


def _line(desk: Desk, of: Plan | Service, holders: Holders) -> Line:
    retail, wholesale = desk.prices.retail(of, desk.today), desk.prices.wholesale(of, desk.today)
    return Line(
        id=of.id,
        name=of.name,
        listed_name=of.listed_name if of.listed_name and of.listed_name != of.name else "",
        code=of.code,
        kind=kind_of(of),
        per=per(of),
        retail=money(retail.minor, desk.tenant),
        wholesale=money(wholesale.minor, desk.tenant),
        margin=margin_words(desk.margin(of, retail, wholesale, desk.today), desk.tenant),
        next_retail=_next(desk, of, "retail"),
        next_wholesale=_next(desk, of, "wholesale"),
        is_hidden=of.hidden_at is not None,
        holders=holders.get(of.id, 0),
    )


def _typed(amounts: Amounts, tenant: WhiteLabel) -> dict[str, str]:
    places = exponent(tenant.currency)
    return {"price": plain(amounts.minor, places), "setup": plain(amounts.setup_minor, places)}


def _next(desk: Desk, of: Plan | Service, side: str) -> str:
    """The first day on which this side will cost something else, with what."""
    now = _side(desk.prices, of, side, desk.today)
    for day, _, _ in desk.prices.changes_of(of.id, side):
        then = _side(desk.prices, of, side, day)
        if day > desk.today and then != now:
            return f"{money(then.minor, desk.tenant)} from {short_day(day, desk.tenant)}"
    return ""


def _side(prices: PriceList, of: Plan | Service, side: str, on: date) -> Amounts:
    return prices.retail(of, on) if side == "retail" else prices.wholesale(of, on)


def _plan_rows(of: Plan | Service, tenant: WhiteLabel) -> list[tuple[str, str]]:
    if not isinstance(of, Plan):
        return []
    rows = [("Trial", f"{of.trial_days} days")] if of.trial_days else []
    return [*rows, ("Least first payment", money(of.minimum_funding_minor, tenant))]


def _setup_row(setup: Margin, tenant: WhiteLabel) -> list[tuple[str, str]]:
    if not (setup.retail_minor or setup.wholesale_minor):
        return []
    return [("Margin on set-up", money(setup.minor, tenant))]


def _history(db: TenantSession, desk: Desk, of: Plan | Service) -> list[Past]:
    """Every price that stands, newest first, and the opening ones last."""
    opening = [
        (side, Amounts(minor, setup))
        for side, minor, setup in (
            ("retail", of.opening_retail_minor, of.opening_retail_setup_minor),
            ("wholesale", of.opening_wholesale_minor, of.opening_wholesale_setup_minor),
        )
    ]
    found = []
    for row in price_rows(db, of):
        state = "To come" if row.valid_from > desk.today else "Set"
        by = f"{row.set_by}, default list" if row.source == "default" else row.set_by
        words = price(Amounts(row.minor, row.setup_minor), of, desk.tenant)
        withdraw = row.valid_from.isoformat() if state == "To come" and row.source == "own" else ""
        found.append(Past(short_day(row.valid_from, desk.tenant), row.side.capitalize(), words, by, state, withdraw))
    return [
        *found,
        *(Past("Opening", side.capitalize(), price(amounts, of, desk.tenant), "", "Set") for side, amounts in opening),
    ]


def _other_side(desk: Desk, of: Plan | Service, side: str, on: date) -> list[tuple[str, str, str]]:
    other = "wholesale" if side == "retail" else "retail"
    amount = money(_side(desk.prices, of, other, on).minor, desk.tenant)
    return [(f"{other.capitalize()} that day", amount, amount)]


def _margin_rows(
    desk: Desk, of: Plan | Service, old: tuple[Amounts, Amounts], new: tuple[Amounts, Amounts], on: date
) -> list[tuple[str, str, str]]:
    before, after = (margin_words(desk.margin(of, *pair, on), desk.tenant) for pair in (old, new))
    setup_before, setup_after = (desk.setup_margin(of, *pair, on) for pair in (old, new))
    rows = [
        ("Margin before tax", before.margin, after.margin),
        ("Margin, share of retail", before.share or "None", after.share or "None"),
        ("Wholesale, share of retail", before.wholesale_share or "None", after.wholesale_share or "None"),
    ]
    if any(each.retail_minor or each.wholesale_minor for each in (setup_before, setup_after)):
        rows.append(("Margin on set-up", money(setup_before.minor, desk.tenant), money(setup_after.minor, desk.tenant)))
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
        effects.append(f"It replaces {price(amounts, of, desk.tenant)}, which was set for that day.")
    if later is not None:
        effects.insert(2, f"It holds until {day_words(later, desk.tenant)}, when a price that was set before begins.")
    return effects
