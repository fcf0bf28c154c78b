"""Drives the main job over real HTTP against a fresh demo: Option 1, Option 2, finance, and the proof of the books."""

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from portal.app import create_app
from portal.demo import cast
from portal.demo.browser import Browser, Page, Unexpected, pay
from portal.demo.places import KAURI_HOST, NORTHWIND_HOST, Places, anywhere
from portal.demo.running import started
from portal.verify import verify

DECLINED, THREE_D_SECURE = "4000000000009995", "4000002500003155"
VISA = "4242424242424242"
CUSTOMER_PASSWORD = "quiet harbour wool 19"
LETTER_WITHIN_S = 20


def run() -> int:
    """One line a step with what was seen. Returns 1 at the first miss."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portal-tour-") as folder:
        places = anywhere(Path(folder))
        click.echo("Starting a fresh demo on free ports and living its past year.")
        try:
            with started(places, quiet=True):
                Tour(places, _say).go()
        except (Unexpected, AssertionError) as miss:
            click.echo(f"  MISS  {miss}", err=True)
            return 1
    click.echo(f"The tour is complete: {time.monotonic() - begun:.0f} s.")
    return 0


def _say(what: str, seen: str) -> None:
    click.echo(f"  ok  {what:<44} {seen}")


class Tour:
    """The steps, each of which tells what it saw and raises Unexpected otherwise."""

    def __init__(self, places: Places, say: Callable[[str, str], None]) -> None:
        self.places, self.say = places, say
        self.bob, self.customer, self.fiona, self.stranger = Browser(), Browser(), Browser(), Browser()

    def go(self) -> None:
        self.sign_in(self.bob, NORTHWIND_HOST, cast.NORTHWIND.staff[0].email)
        self.option_1()
        self.option_2()
        self.finance()
        self.neighbours()
        self.prove()

    def url(self, path: str, host: str = NORTHWIND_HOST) -> str:
        return self.places.url(host, path)

    def sign_in(self, browser: Browser, host: str, login: str, password: str = cast.PASSWORD) -> Page:
        page = browser.get(self.url("/login", host))
        page = browser.submit(page, "/login", login_name=login, password=password)
        if page.status != 200 or "/login" in page.url:
            raise Unexpected(f"{login} could not sign in: {page.words[:200]}")
        self.say(f"{login} signs in", page.url.split("/", 3)[3])
        return page

    def option_1(self) -> None:
        shown = self.create("customer", "Tidewater Sailmakers", "tidewater-sails.example", "Imogen Tide")
        shown.expect("Tidewater Sailmakers", "Inactive" if "Inactive" in shown.words else "Waiting")
        account_path = _account_path(shown)
        self.say("Option 1: created, inactive, nothing charged", account_path)
        refused = self.bob.get(self.url(f"{account_path}/activation"))
        if refused.status != 403:
            raise Unexpected(f"the administrator was offered an Option 1 activation: {refused.status}")
        self.say("Option 1: the administrator cannot activate", f"{refused.status} only the customer can")
        link = self.link_for("imogen@tidewater-sails.example")
        for _ in range(3):
            self.stranger.get(link)
        self.say("a mail scanner opens the link three times", "nothing is consumed")
        self.activate(link)
        self.bob.get(self.url(account_path)).expect("Tidewater Sailmakers", "Active")
        self.say("Option 1: active, as its administrator sees it", account_path)
        self.letter("imogen@tidewater-sails.example", "receipt")
        again = self.stranger.get(link)
        self.say("the link is opened once more", f"{again.status}, sign in instead")

    def create(self, administration: str, name: str, domain: str, person: str) -> Page:
        bob, login = self.bob, f"{person.split(maxsplit=1)[0].casefold()}@{domain}"
        page = bob.get(self.url("/customers/new")).expect("Who sets this account up?")
        page = bob.submit(page, "/customers/new", administration=administration)
        fields: dict[str, Any] = {"name": name, "primary_domain": domain, "display_name": person, "login_name": login}
        if administration == "white_label":
            page = bob.submit(page, "/contact", **fields, generate="1")
            if not page.form("/contact").fields.get("password"):
                raise Unexpected("no password was generated")
        page = bob.submit(page, "/contact", **fields).expect("Addresses")
        page = bob.submit(
            page,
            "/addresses",
            line1="4 Quay Street",
            city="Bristol",
            postcode="BS1 4XY",
            contact_phone="0117 496 0192",
            contact_name=person,
        )
        page = bob.submit(page.expect("Plan and payment"), "/plan", plan=self.plan_in(page, "Team 10"))
        page.expect("Nothing has been created, sent or charged yet", name)
        self.say(f"{name}: reviewed", re.sub(r".*?Total ", "total ", page.words)[:60])
        return bob.submit(page, "/creation").expect(name)

    def plan_in(self, page: Page, name: str) -> str:
        found = re.search(rf'value="([0-9a-f-]{{36}})"(?:(?!value=).)*?{name}', page.text, re.DOTALL)
        if found is None:
            raise Unexpected(f"the plan {name} is not offered")
        return found[1]

    def activate(self, link: str) -> None:
        customer = self.customer
        page = customer.get(link).expect("Tidewater Sailmakers")
        if link.rsplit("/", 1)[1] in page.url:
            raise Unexpected("the token is still in the address")
        self.say("the customer opens the link", "the address holds no token")
        page = customer.submit(page, "/activation").expect("Choose a password")
        page = customer.submit(
            page, "/activation/password", password=CUSTOMER_PASSWORD, again=CUSTOMER_PASSWORD, terms="y"
        ).expect("Add money")
        self.say("password and terms", "saved, now the amount")
        self.pay_at_last(page)

    def pay_at_last(self, page: Page) -> None:
        customer = self.customer
        card_page = customer.submit(page, "/activation/payment").expect("TEST")
        declined = pay(customer, card_page.url, DECLINED).expect("Declined")
        self.say("card 1", "declined, nothing was taken")
        back = customer.get(self.url("/activation/return")).expect("No money was taken")
        self.say("back at the portal", "says that no money was taken")
        again = customer.submit(customer.get(self.url("/activation/payment")), "/activation/payment")
        if again.url != declined.url:
            raise Unexpected(f"a second card page was opened: {again.url} after {back.url}")
        self.say("pay again", "the open card page is reused")
        challenge = pay(customer, again.url, THREE_D_SECURE)
        challenge.expect("bank asks")
        failed = customer.submit(challenge, answer="fail").expect("Declined")
        self.say("card 2, 3-D Secure failed", "declined, nothing was taken")
        challenge = pay(customer, failed.url, THREE_D_SECURE)
        done = customer.submit(challenge, answer="complete").expect("Your account is active")
        self.say("card 3, 3-D Secure completed", "paid and active")
        customer.get(self.url("/account")).expect("Tidewater Sailmakers")
        if customer.get(self.url("/activation/payment")).url != self.url("/activation/done"):
            raise Unexpected(f"an active account was asked for money again, after {done.url}")
        self.say("the customer's account", "open, signed in")

    def option_2(self) -> None:
        shown = self.create("white_label", "Gull Rock Lighthouse", "gullrock.example", "Peter Gull")
        path = _account_path(shown)
        self.say("Option 2: created, inactive", path)
        closed = Browser()
        page = closed.submit(
            closed.get(self.url("/login")), "/login", login_name="peter@gullrock.example", password="not the password"
        )
        if page.status != 401:
            raise Unexpected(f"somebody signed in to an inactive account: {page.status}")
        self.set_up_phones(path)
        page = self.bob.get(self.url(f"{path}/activation")).expect("Gull Rock Lighthouse", "Local number")
        total = re.search(r"Total (\S+)", page.words)
        self.bob.submit(page, f"{path}/activation").expect("Active")
        self.say("Option 2: activated by the administrator", f"charged {total[1] if total else ''} to the white label")
        text = self.letter("peter@gullrock.example", "welcome")
        if "peter@gullrock.example" not in text:
            raise Unexpected("the welcome letter has no login name")
        self.say("welcome letter", "has the login name and no password")
        self.take_up(path)

    def set_up_phones(self, path: str) -> None:
        """A number and a small office, before anything is charged."""
        found = self.bob.get(self.url(f"{path}/numbers/search?country=GB")).expect("Reserve for ten minutes")
        chosen = re.search(r'name="chosen" value="([0-9a-f-]{36})"', found.text)
        quote = self.bob.submit(found, "/reservations", chosen=chosen[1] if chosen else None)
        quote.expect("Nothing is charged while the account is inactive")
        number = re.search(r"\+44[\d ]+\d", self.bob.submit(quote, "/quote").expect("Numbers").words)
        self.say("Option 2: a number", f"{number[0] if number else ''} assigned, not charged yet")
        page = self.bob.get(self.url(f"{path}/pbx/templates/small-office"))
        self.bob.submit(page, "/templates/small-office").expect("What happens to a call", "Reception")
        self.say("Option 2: phone settings", "small office: two telephones, hours, voicemail")

    def take_up(self, path: str) -> None:
        """What the white label's PBX is answered."""
        account = re.search(r"Account (\d{3}-\d{4})", self.bob.get(self.url(path)).words)
        # A tour that was taken before left a key, and is asked first whether that may end.
        asked = self.bob.get(self.url("/settings/provisioning/renewal"))
        key = re.search(r'class="secret">([^<]+)', self.bob.submit(asked, "/settings/provisioning").text)
        address = self.url(f"/provisioning/v1/{account[1] if account else ''}")
        answer = Browser(bearer=key[1] if key else "").get(address)
        if answer.status != 200 or len(answer.json()["extensions"]) != 2 or Browser().get(address).status != 401:
            raise Unexpected(f"the PBX was answered {answer.status}: {answer.text[:200]}")
        self.say("a PBX takes it up", f"{len(answer.text)} characters of JSON; without the key 401")

    def finance(self) -> None:
        self.sign_in(self.fiona, NORTHWIND_HOST, cast.NORTHWIND.staff[1].email)
        page = self.fiona.get(self.url("/finance/charges")).expect("Tidewater Sailmakers", "Gull Rock Lighthouse")
        found = re.search(r"\d+ match: wholesale (\S+),", page.words)
        self.say("finance lists the month", found[0].rstrip(",") if found else "")
        lines = self.fiona.get(self.url("/finance/charges.csv")).text.splitlines()
        if not any("Gull Rock Lighthouse" in line for line in lines):
            raise Unexpected("the export misses a charge")
        self.say("finance exports the month", f"{len(lines) - 1} lines of CSV")
        if self.fiona.get(self.url("/customers/new")).status != 403:
            raise Unexpected("finance may create customers")
        self.say("finance cannot create customers", "403")

    def neighbours(self) -> None:
        charlie = Browser()
        self.sign_in(charlie, KAURI_HOST, cast.KAURI.staff[0].email)
        if "Tidewater" in charlie.get(self.url("/customers", KAURI_HOST)).text:
            raise Unexpected("another white label sees the customer")
        self.say("another white label", "sees nothing of it")

    def prove(self) -> None:
        create_app(self.places.settings())
        findings = verify()
        for finding in findings:
            if finding.differences:
                raise Unexpected(f"{finding.what}: {finding.differences[0]}")
        self.say("portal verify", ", ".join(f"{f.checked} {f.what}" for f in findings[:5]) + ": all agree")

    def link_for(self, address: str) -> str:
        text = self.letter(address, "activation")
        found = re.search(r"http://\S+/activate/\S+", text)
        if found is None:
            raise Unexpected("the letter has no link")
        return found[0]

    def letter(self, address: str, what: str) -> str:
        """The text of the newest letter to an address, of the wanted kind, once it arrives."""
        needle = {"activation": "/activate/", "welcome": "sign in", "receipt": "F-20"}[what]
        end = time.monotonic() + LETTER_WITHIN_S
        while time.monotonic() < end:
            for letter in reversed(Browser().get(f"{self.places.inbox_url}/letters.json").json()):
                if address in letter["to"] and needle in letter["text"]:
                    self.say(f"letter: {what}", letter["subject"])
                    return str(letter["text"])
            time.sleep(0.2)
        raise Unexpected(f"no {what} letter to {address} arrived")


def _account_path(created: Page) -> str:
    """The customer's own page, from the one that says it was created."""
    return "/" + created.url.split("/", 3)[3].removesuffix("/created")
