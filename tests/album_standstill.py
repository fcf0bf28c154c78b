"""The chapter of the album in which the operator suspends a white label's customers, and lifts it in the end."""

from playwright.sync_api import Page

from portal.demo import cast
from portal.demo.places import OPERATOR_HOST
from tests.walker import VISA, Walker


class StandstillChapters(Walker):
    def standstill(self) -> None:
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        self.go(page, "/operator/white-labels", host=OPERATOR_HOST)
        page.click(f"text={self.tenant.brand.name}")
        own = page.url
        paying = self._on_the_card_page()
        link = self.new_link("Gannet Boats", f"gannet-{self.mark}.example", "Gail Gannet")
        page.click("text=Suspend its customers…")
        self.see(page, "standstill-question")
        page.click("main button.btn-danger")
        self.see(page, "standstill-errors")
        page.fill("#reason", "Invoices since June are unpaid")
        page.fill("#confirmed", self.tenant.brand.name)
        page.click("main button.btn-danger")
        page.wait_for_selector(".progress-line", state="detached", timeout=30_000)
        self.see(page, "standstill")
        page.goto(own)
        self.see(page, "standstill-white-label")
        self._its_people()
        self.see(self.at_own_account(), "standstill-account")
        self._nobody_becomes_active(paying, link)
        self._lifts(page, own)

    def _on_the_card_page(self) -> Page:
        page, domain = self.visitor(), f"petrel-{self.mark}.example"
        self._choose_password(page, self.new_link("Petrel Yachts", domain, "Peter Petrel"))
        page.click("main button[type=submit]")
        page.wait_for_selector("form.card-form")
        return page

    def _nobody_becomes_active(self, paying: Page, link: str) -> None:
        self._pay(paying, VISA)
        paying.wait_for_selector("text=Your payment has arrived", timeout=40_000)
        self.see(paying, "standstill-paid")
        page = self.visitor()
        page.goto(link)
        self.see(page, "standstill-check")
        self._choose_password(page, link)
        self.see(page, "standstill-payment")

    def _its_people(self) -> None:
        page = self.administrator()
        for name, path in (("customers", "/customers?state=suspended"), ("settings", "/settings/prices")):
            self.go(page, path, f"standstill-{name}")
        assert self._open(page, "state=suspended")
        self.see(page, "standstill-customer")
        assert self._open(page, "state=inactive&by=white_label")
        page.goto(f"{page.url}/activation")
        self.see(page, "standstill-activation")

    def _lifts(self, page: Page, own: str) -> None:
        page.goto(f"{own}/reactivation")
        self.see(page, "standstill-lift")
        page.click("main .act button[type=submit]")
        self.see(page, "standstill-lift-errors")
        page.fill("#reason", "Paid in full")
        page.click("main .act button[type=submit]")
        page.wait_for_selector(".progress-line", state="detached", timeout=30_000)
        page.wait_for_selector("main button.btn-danger")
