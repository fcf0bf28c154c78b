"""A walk through every page of the product in a browser, in one white label's brand; what to do at each is given.

`make shots` takes pictures on it, and the browser journeys hold each page against axe, the CSP and the console.
`visited` remembers which addresses were shown, so that a page nobody walks to is noticed.
"""

import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from portal.demo import cast
from portal.demo.cast import KAURI, NORTHWIND, Tenant
from portal.demo.places import OPERATOR_HOST, Places
from tests.album_assigning import AssigningChapters
from tests.album_factor import FactorChapters
from tests.album_money import MoneyChapters
from tests.album_numbers import NumberChapters
from tests.album_phones import PhoneChapters
from tests.album_standstill import StandstillChapters
from tests.walker import ADDRESS, DECLINED, NEW_PASSWORD, NO_PAGES, THREE_D_SECURE, VISA, See

CHAPTERS = (
    "outside", "customers", "one_customer", "wizard", "people", "settings", "prices", "own_money", "finance",
    "activation", "endings", "passwords", "own_account", "operator", "price_lists", "taxes", "number_stock",
    "account_numbers", "phones", "standstill",
    "second_factor",
)


class Album(
    MoneyChapters, NumberChapters, AssigningChapters, PhoneChapters, StandstillChapters, FactorChapters
):
    """The walk. Every chapter begins with people of its own, and can be taken alone."""

    def __init__(self, browser: Browser, places: Places, see: See, tenant: Tenant = NORTHWIND) -> None:
        super().__init__(browser, places, see, tenant)
        self.chapters: list[Callable[[], None]] = [getattr(self, chapter) for chapter in CHAPTERS]

    def outside(self) -> None:
        page = self.visitor()
        for name, path in (
            ("login", "/login"), ("forgotten", "/password/forgotten"), ("lost-link", "/activation/lost"),
            ("dead-link", "/activate/nothing"), ("terms", "/activation/terms"),
            ("dead-invitation", "/invitations/nothing"), ("no-activation", "/activation"),
            ("no-invitation", "/invitations"),
        ):
            self.go(page, path, name)
        self.go(page, "/login")
        page.fill("#login_name", "nobody@nowhere.example")
        page.fill("#password", "a wrong password")
        page.click("main button[type=submit]")
        self.see(page, "login-wrong")
        self.go(page, "/activation/lost")
        page.fill("#login_name", "nobody@nowhere.example")
        page.click("main button[type=submit]")
        self.see(page, "lost-link-sent")

    def customers(self) -> None:
        page = self.administrator()
        for name, path in (
            ("customers", "/customers"), ("customers-none", "/customers?q=nobody"),
            ("customers-us", "/customers?waits=us"), ("missing", "/no-such-page"),
        ):
            self.go(page, path, name)
        self.go(page, "/customers")
        page.click("text=Keep or remove a view")
        page.click("text=Save this view")
        self.see(page, "customers-view-errors")
        page.set_viewport_size({"width": 390, "height": 844})
        page.click("header button[popovertarget]")
        self.see(page, "menu-open")

    def one_customer(self) -> None:
        page = self.administrator()
        for name in ("state=active&by=customer", "state=active&by=white_label", "state=suspended", "state=closed",
                     "waits=bounced", "waits=unopened", "waits=unpaid"):
            if self._open(page, name):
                self.see(page, "customer-" + re.sub(r"\W+", "-", name))
        assert self._open(page, "waits=set-up")
        self.see(page, "customer-set-up")
        own = page.url
        for act in ("activation", "closure", "details", "addresses", "users", "services", "created"):
            page.goto(f"{own}/{act}")
            self.see(page, f"customer-{act}")
        page.goto(f"{own}/closure")
        page.click("main button.btn-danger")
        self.see(page, "customer-closure-errors")
        assert self._open(page, "state=active")
        page.goto(f"{page.url}/suspension")
        self.see(page, "customer-suspension")

    def wizard(self) -> None:
        page = self.administrator()
        self.go(page, "/customers/new", "choose")
        page.click("text=Continue as administrator")
        page.click("text=Save and continue")
        self.see(page, "contact-errors")
        self._fill_contact(page, "Gorse Hill Garage", f"gorse-{self.mark}.example", "Gwen Hill")
        page.click("button[name=generate]")
        self.see(page, "contact")
        page.click("text=Save and continue")
        line, city, postcode = ADDRESS[self.host]
        page.fill("#line1", line)
        page.fill("#city", city)
        page.fill("#postcode", "not a postcode")
        page.click("text=Save and continue")
        self.see(page, "addresses-errors")
        page.fill("#postcode", postcode)
        page.click("text=Another service address")
        self.see(page, "addresses")
        page.click("text=Save and continue")
        self.see(page, "plan")
        page.check("#plan-2")
        page.select_option("#billing_day", "15")
        page.click("text=Save and review")
        self.see(page, "review")
        page.click("text=Create customer >> nth=-1")
        self.see(page, "created")
        page.click("text=Activate…")
        page.click("main button.btn-primary")
        self.see(page, "customer-just-activated")
        self.go(page, "/customers/new")
        page.click("text=Continue with new customer")
        page.fill("#login_name", f"gwen.hill@gorse-{self.mark}.example")
        page.click("text=Save and continue")
        self.see(page, "contact-known-login")
        page.fill("#primary_domain", "https://")
        page.click("text=Save and finish later")
        self.see(page, "choose-unfinished")
        self.go(page, "/customers", "customers-unfinished")

    def people(self) -> None:
        page = self.administrator()
        assert self._open(page, "state=active&by=white_label&sort=oldest")
        own = page.url
        page.goto(f"{own}/users")
        page.fill("#address_1", "not an address")
        page.click("text=Send invitations")
        self.see(page, "people-errors")
        page.fill("#address_1", f"ann-{self.mark}@guest.example")
        page.click("text=Invite several at once")
        page.fill("#address_2", f"ann-{self.mark}@guest.example")
        page.select_option("#role_2", "administrator")
        page.click("text=Send invitations")
        self.see(page, "people-two-roles")
        page.fill("#address_2", "")
        page.click("text=Send invitations")
        self.see(page, "people")
        page.fill("#display_name", "Cara Day")
        page.fill("#login_name", f"cara-{self.mark}@guest.example")
        page.click("text=Add the person")
        page.click("a:has-text('Remove…') >> nth=-1")
        self.see(page, "person-removal")
        guest = self.visitor()
        guest.goto(self.link(f"ann-{self.mark}@guest.example", "/invitations/"))
        self.see(guest, "invitation")
        guest.click("main button.btn-primary")
        self.see(guest, "invitation-errors")
        guest.fill("#display_name", "Ann Lee")
        guest.fill("#password", NEW_PASSWORD)
        guest.fill("#again", NEW_PASSWORD)
        guest.click("main button.btn-primary")
        self.see(guest, "account-of-a-standard-user")
        page.goto(f"{own}/users")
        page.click("a:has-text('Remove…'):has-text('Ann Lee')")
        page.click("main button.btn-danger")
        self.see(self.signed_in(f"ann-{self.mark}@guest.example", NEW_PASSWORD), "no-account")

    def settings(self) -> None:
        page = self.administrator()
        for name, path in (
            ("gateway", "/settings/gateway"), ("disconnect", "/settings/gateway/disconnection"),
            ("letters", "/settings/letters"), ("change-password", "/password/change"), ("profile", "/profile"),
        ):
            self.go(page, path, name)
        self.go(page, "/settings/gateway")
        page.click("text=Make a test payment")
        self._pay(page, VISA)
        page.wait_for_url("**/settings/gateway/tests/*")
        self.see(page, "test-payment")
        page.wait_for_selector("text=It works: paid and given back", timeout=40_000)
        self.see(page, "test-payment-done")

    def activation(self) -> None:
        page = self.visitor()
        page.goto(self.new_link("Seal Bay Kayaks", f"sealbay-{self.mark}.example", "Selma Bay"))
        self.see(page, "activation-check")
        page.click("text=Yes, continue")
        self.see(page, "activation-password")
        page.fill("#password", "short")
        page.click("main button[type=submit]")
        self.see(page, "activation-password-errors")
        page.fill("#password", NEW_PASSWORD)
        page.fill("#again", NEW_PASSWORD)
        page.check("#terms")
        page.click("main button[type=submit]")
        self.see(page, "activation-payment")
        page.click("main button[type=submit]")
        self.go(page, "/activation/waiting", "activation-waiting")
        page.click("text=Back to the payment")
        page.click("main button[type=submit]")
        self._pay(page, DECLINED)
        assert "Declined" in page.inner_text("body")
        self.go(page, "/activation/return")
        self.see(page, "activation-declined")
        self.go(page, "/activation/payment")
        page.click("main button[type=submit]")
        self._pay(page, THREE_D_SECURE)
        self.go(page, "/activation/payment", "activation-not-finished")
        page.click("main button[type=submit]")
        self._pay(page, VISA)
        page.wait_for_url("**/activation/done")
        self.see(page, "activation-done")
        self.go(page, "/account", "account-new")

    def endings(self) -> None:
        """What people see of an account that was suspended by hand or closed, and of one cancelled under them."""
        for customer in self.tenant.customers:
            if customer.administration == cast.OPTION_1 and customer.story in ("suspended", "closed"):
                self.go(self.signed_in(customer.login), "/account", f"account-{customer.story}")
        domain = f"tern-{self.mark}.example"
        page, bob, link = self.visitor(), self.administrator(), self.new_link("Tern Island Tours", domain, "Tess Tern")
        self._choose_password(page, link)
        page.click("main button[type=submit]")
        page.wait_for_selector("form.card-form")
        assert self._open(bob, f"q={domain}")
        bob.goto(f"{bob.url}/closure")
        self.see(bob, "customer-cancellation")
        bob.fill("#reason", "Created twice")
        bob.click("main button.btn-danger")
        self.go(page, "/activation/return")
        page.wait_for_selector("text=Nothing more can be paid", timeout=40_000)
        self.see(page, "activation-ended")
        late = self.visitor()
        late.goto(link)
        self.see(late, "activation-cancelled-link")

    def passwords(self) -> None:
        page = self.visitor()
        login = self.tenant.staff[1].email
        self.go(page, "/password/forgotten")
        page.fill("#login_name", login)
        page.click("main button[type=submit]")
        self.see(page, "forgotten-sent")
        page.goto(self.link(login, "/password/reset/"))
        self.see(page, "new-password")
        page.fill("#password", "short")
        page.click("main button[type=submit]")
        self.see(page, "new-password-errors")
        owner = self.signed_in(login)
        self.go(owner, "/profile/address", "profile-address")
        address = f"fin-{self.mark}@elsewhere.example"
        owner.fill("#email", address)
        owner.click("text=Mail the link")
        self.see(owner, "profile-address-errors")
        owner.fill("#present", cast.PASSWORD)
        owner.click("text=Mail the link")
        self.see(owner, "profile-waiting")
        page.goto(self.link(address, "/profile/address/"))
        self.see(page, "profile-confirmation")
        other = self.administrator()
        other.goto(self.link(address, "/profile/address/"))
        self.see(other, "profile-confirmation-other")

    def own_account(self) -> None:
        owner = next(c for c in self.tenant.customers if c.administration == cast.OPTION_1 and c.story == "active")
        login = owner.email or f"{owner.person.split()[0].casefold()}@{owner.domain}"
        page = self.signed_in(login)
        self.go(page, "/account", "account")
        own = page.url
        page.click("text=Statements and receipts")
        self.see(page, "account-statements")
        page.click("tbody th a >> nth=0")
        self.see(page, "account-statement")
        page.goto(f"{own}/users")
        self.see(page, "account-people")
        page.fill("#display_name", "Cara Day")
        page.fill("#login_name", f"carol-{self.mark}@guest.example")
        page.click("text=Add the person")
        page.click("a:has-text('Remove…') >> nth=-1")
        self.see(page, "account-person-removal")
        bob = self.administrator()
        assert self._open(bob, "state=active&by=white_label&sort=oldest")
        bob.goto(f"{bob.url}/users")
        bob.fill("#display_name", owner.person)
        bob.fill("#login_name", login)
        bob.click("text=Add the person")
        self.see(bob, "people-known-login")
        bob.check("#existing")
        bob.click("text=Add the person")
        self.go(page, "/account", "accounts")

    def operator(self) -> None:
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        for name, path in (
            ("white-labels", "/operator/white-labels"), ("white-label-new", "/operator/white-labels/new"),
            ("health", "/operator/health"),
        ):
            self.go(page, path, name, host=OPERATOR_HOST)
        self.go(page, "/operator/white-labels/new", host=OPERATOR_HOST)
        page.click("main button[type=submit] >> nth=-1")
        self.see(page, "white-label-new-errors")
        self.go(page, "/operator/white-labels", host=OPERATOR_HOST)
        page.click(f"text={self.tenant.brand.name}")
        self.see(page, "white-label")
        own = page.url
        page.click("main .actions >> text=Statements")
        self.see(page, "operator-statements")
        page.click("tbody a >> nth=0")
        self.see(page, "operator-statement")
        page.goto(f"{own}/charges")
        self.see(page, "charges-find")
        page.goto(f"{own}/charges?number=C-0")
        self.see(page, "charges-not-found")
        page.goto(f"{own}/charges?number=C-000002")
        self.see(page, "charge")
        page.click("text=Review giving it back")
        self.see(page, "charge-errors")
        page.fill("#amount", "1.00")
        page.fill("#reason", "The lines were down for two days")
        page.click("text=Review giving it back")
        self.see(page, "charge-review")
        page.click("main button[type=submit]")
        self.see(page, "charge-given-back-in-part")
        page.fill("#reason", "The lines were down for the whole of the month")
        page.click("text=Review giving it back")
        page.click("main button[type=submit]")
        self.see(page, "charge-given-back")
        page.click("text=Review issuing it again")
        self.see(page, "charge-again-review")
        page.click("main button[type=submit]")
        self.see(page, "charge-issued-again")
        finance = self.signed_in(self.tenant.staff[1].email)
        self.go(finance, "/finance/charges")
        finance.click("a.row-open >> nth=0")
        self.see(finance, "charge-replaces")
        page.goto(f"{own}/usage")
        for name, text in (("errors", "nothing"), ("refused", "reference,account,service,day,quantity\na,b,c,d,e\n")):
            page.set_input_files("#file", {"name": "usage.csv", "mimeType": "text/csv", "buffer": text.encode()})
            page.click("main button[type=submit]")
            self.see(page, f"usage-{name}")


def unvisited(addresses: Map, shown: set[str]) -> set[str]:
    """The rules of pages that nobody was shown."""
    return {rule for rule in _pages(addresses) if not any(_is_of(addresses, path, rule) for path in shown)}


def _pages(addresses: Map) -> Iterator[str]:
    for rule in addresses.iter_rules():
        if "GET" in (rule.methods or ()) and rule.rule not in NO_PAGES:
            yield rule.rule


def _is_of(addresses: Map, path: str, rule: str) -> bool:
    try:
        found, _ = addresses.bind("localhost").match(path, method="GET", return_rule=True)
    except HTTPException:
        return False
    return bool(found.rule == rule)


TENANTS = {"northwind": NORTHWIND, "kauri": KAURI}
