"""The pages of numbers on the walk: an account's, from both sides, and the operator's desk."""

from datetime import timedelta

from playwright.sync_api import Page

from portal.demo import cast
from portal.demo.places import OPERATOR_HOST
from portal.kit.clock import today
from tests.walker import ADDRESS, Walker

ABROAD = {"northwind.localhost": "020 7123 45{:02d}", "kauri.localhost": "09 300 12{:02d}"}
"""Numbers of the white label's own country that nobody in the demo has."""
DIALLED = {"northwind.localhost": "+44 ", "kauri.localhost": "+64 "}


class AssigningChapters(Walker):
    """A number is found, decided on, assigned, given an address for emergencies; others are moved here."""

    def account_numbers(self) -> None:
        page = self.administrator()
        assert self._open(page, "state=active&by=white_label")
        asked = [self._side(page, f"{page.url}/numbers", "customer-numbers", 0)]
        own = self.at_own_account()
        asked.append(self._side(own, f"{own.url}/numbers", "account-numbers", 2))
        self._operators_desk()
        for (who, where), name in zip(((page, asked[0]), (own, asked[1])), ("customer", "account"), strict=True):
            who.goto(where)
            self.see(who, f"{name}-port-in-rejected")
            who.click("text=Correct and send again")
            self.see(who, f"{name}-port-in-again")
        own.goto(asked[1].partition("/numbers")[0])
        self.see(own, "account-with-numbers")
        self._given_up(own, page, asked[1])

    def _side(self, page: Page, base: str, name: str, nth: int) -> str:
        """All pages of one side; the address of the request that is sent last."""
        page.goto(base)
        self.see(page, name)
        page.goto(f"{base}/quote")
        self.see(page, f"{name}-nothing-reserved")
        for which, query in (("", ""), ("-errors", "?digits=x"), ("-none", "?digits=9999999999")):
            page.goto(f"{base}/search{query}")
            self.see(page, f"{name}-search{which}")
        page.goto(f"{base}/search?digits=*1")
        for n in range(2):
            page.check(f"tbody input[name=chosen] >> nth={n}")
        page.click("text=Reserve for ten minutes")
        self.see(page, f"{name}-quote")
        page.select_option("select >> nth=0", index=1)
        page.click("button:has-text('Assign these')")
        self.see(page, f"{name}-assigned")
        page.click("tbody th a >> nth=0")
        self.see(page, f"{name}-one")
        own = page.url
        page.goto(f"{own}/release")
        self.see(page, f"{name}-release")
        page.goto(f"{own}/emergency")
        self._help_address(page, own, name)
        return self._port_in(page, base, name, nth)

    def _given_up(self, own: Page, administrator: Page, asked: str) -> None:
        """A number from another provider always rests once it is given up; either side may have it back."""
        own.goto(f"{asked}/again")
        own.click("text=Send it again")
        self._complete()
        own.goto(asked)
        self.see(own, "account-port-in-completed")
        number = own.inner_text("main .sum .nowrap >> nth=0")
        own.goto(asked.partition("/port-ins")[0])
        own.click(f"tbody a:text-is('{number}')")
        own.click("text=Release…")
        own.click("main button.btn-danger")
        own.goto(asked.partition("/port-ins")[0])
        self.see(own, "account-numbers-resting")
        own.click("text=Take it back…")
        self.see(own, "account-number-taking-back")
        administrator.goto(own.url.replace("/account/", "/customers/"))
        self.see(administrator, "customer-number-taking-back")
        own.click("main button.btn-primary")
        self.see(own, "account-number-taken-back")

    @property
    def _asked_here(self) -> str:
        """Open requests of this white label on the operator's desk, without those that `_rival` sends to another."""
        name, abroad = self.tenant.brand.name, DIALLED[self.host].strip()
        return f".panel:not(.mt-4) tr:has-text('{name}'):has-text('{abroad}') a"

    def _complete(self) -> None:
        """The operator's desk sees the newest open request to its end."""
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        self.go(page, "/operator/port-ins", host=OPERATOR_HOST)
        page.click(f"{self._asked_here} >> nth=0")
        page.click("text=Accept the request")
        page.fill("[name=day-day]", self._in_days(14))
        page.click("text=Agree on this day")
        page.wait_for_selector("text=If the numbers are here already")
        page.fill("[name=day-day]", self._in_days(0))
        page.click("button:text-is('Move the day')")
        page.wait_for_selector("text=The numbers are here")
        self.see(page, "operator-port-in-due")
        page.click("button:text-is('Complete the port-in')")
        self.see(page, "operator-port-in-completed")

    def _help_address(self, page: Page, own: str, name: str) -> None:
        line, city, postcode = ADDRESS[self.host]
        for field, value in (("line1", line), ("city", city), ("postcode", "nonsense")):
            page.fill(f"#{field}", value)
        page.click("text=Save and validate")
        self.see(page, f"{name}-address-problem")
        page.fill("#postcode", postcode)
        page.click("text=Save and validate")
        self.see(page, f"{name}-address-validated")
        page.goto(f"{own}/emergency")
        self.see(page, f"{name}-address")
        page.fill("#line1", "")
        page.click("text=Save and validate")
        self.see(page, f"{name}-address-errors")

    def _port_in(self, page: Page, base: str, name: str, nth: int) -> str:
        page.goto(f"{base}/port-ins")
        page.click("text=Send the request")
        self.see(page, f"{name}-port-in-errors")
        mark = int(self.mark, 16) + nth
        page.fill("#numbers", "\n".join(ABROAD[self.host].format((mark + n) % 100) for n in range(2)))
        page.fill("#losing_provider", "Gannet Lines")
        page.fill("#wanted_day", self._in_days(14))
        self.see(page, f"{name}-port-in-form")
        page.click("text=Send the request")
        self.see(page, f"{name}-port-in")
        asked = page.url
        self._prepare(page, name)
        page.click("text=Add the document")
        self.see(page, f"{name}-port-in-paper-errors")
        paper = {"name": "Letter of authority.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 yes"}
        page.set_input_files("#file", paper)
        page.click("text=Add the document")
        self.see(page, f"{name}-port-in-with-paper")
        return asked

    def _prepare(self, page: Page, name: str) -> None:
        """What is wanted of the first number, once with something wrong."""
        page.click("main a:has-text('Prepare')")
        self.see(page, f"{name}-port-in-preparation")
        page.uncheck("input[name=numbers] >> nth=1")
        page.select_option("#to", "outside")
        page.fill("#line1", "")
        page.click("button:text-is('Save')")
        self.see(page, f"{name}-port-in-preparation-errors")
        line, city, postcode = ADDRESS[self.host]
        for field, value in (("to_outside", "020 7946 0998"), ("line1", line), ("city", city), ("postcode", postcode)):
            page.fill(f"#{field}", value)
        page.click("button:text-is('Save')")
        self.see(page, f"{name}-port-in-prepared")

    @property
    def _other(self) -> cast.Tenant:
        return cast.KAURI if self.tenant is cast.NORTHWIND else cast.NORTHWIND

    def _rival(self, taken: str) -> None:
        """A customer of another white label asks for a number that was asked for here, and for one that is here."""
        other = self._other
        page = self.signed_in(other.staff[0].email, host=other.brand.host)
        self.go(page, "/customers?state=active&by=white_label", host=other.brand.host)
        page.click("tbody th a >> nth=0")
        page.goto(f"{page.url}/numbers/port-ins")
        wanted = DIALLED[self.host] + ABROAD[self.host].format(int(self.mark, 16) % 100)[1:]
        page.fill("#numbers", f"{wanted}\n{taken}")
        page.fill("#losing_provider", "Gannet Lines")
        page.fill("#wanted_day", self._in_days(14))
        page.click("text=Send the request")
        page.wait_for_url("**/port-ins/*-*")

    def _operators_desk(self) -> None:
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        self.go(page, "/operator/numbers?state=free", host=OPERATOR_HOST)
        page.select_option("#holder", label=self.tenant.brand.name)
        page.click("form.filters button")
        self._rival(page.inner_text(".panel:not(.mt-4) tbody th a >> nth=0"))
        self.go(page, "/operator/emergency", "operator-emergency", host=OPERATOR_HOST)
        page.click("tbody th a >> nth=0")
        self.see(page, "operator-address")
        page.click("text=It is registered")
        self.see(page, "operator-address-errors")
        page.fill("[name=register-reference]", "ESO-2207")
        page.click("text=It is registered")
        self.go(page, "/operator/port-ins", "operator-port-ins", host=OPERATOR_HOST)
        page.click(f".panel:not(.mt-4) tr:has-text('{self._other.brand.name}'):has-text('and 1 more') a >> nth=-1")
        page.wait_for_selector("text=in the stock already")
        self.see(page, "operator-port-in-in-stock")
        page.go_back()
        page.click(f"{self._asked_here} >> nth=0")
        page.wait_for_selector("text=Others ask for the same numbers")
        self.see(page, "operator-port-in")
        page.click("text=Accept the request")
        self.see(page, "operator-port-in-accepted")
        page.click("text=Agree on this day")
        self.see(page, "operator-port-in-errors")
        page.fill("[name=day-day]", self._in_days(14))
        page.click("text=Agree on this day")
        self.see(page, "operator-port-in-scheduled")
        self._reject(page, "operator-port-in-rejected")
        self.go(page, "/operator/port-ins", host=OPERATOR_HOST)
        page.click(f"{self._asked_here} >> nth=0")
        self._reject(page, "")
        self.go(page, "/operator/port-ins", "operator-port-ins-over", host=OPERATOR_HOST)

    def _reject(self, page: Page, name: str) -> None:
        page.fill("[name=reject-reason]", "The name on the bill is another one")
        page.click("text=Reject the request")
        if name:
            self.see(page, name)

    @staticmethod
    def _in_days(days: int) -> str:
        return (today("Europe/London") + timedelta(days=days)).isoformat()
