"""The chapters of the album that are about money: prices, statements, services, credit."""

from playwright.sync_api import Page

from portal.demo import cast
from portal.demo.places import OPERATOR_HOST
from tests.walker import Walker


class MoneyChapters(Walker):
    def prices(self) -> None:
        page = self.administrator()
        for name, path in (
            ("prices", "/settings/prices"), ("tax", "/settings/tax"), ("tax-mode-stays", "/settings/tax/mode"),
        ):
            self.go(page, path, name)
        self.go(page, "/settings/tax")
        page.click("text=Review the rate")
        self.see(page, "tax-errors")
        page.fill("#rate-percent", "21")
        page.fill("#rate-valid_from", "2199-01-01")
        page.click("text=Review the rate")
        self.see(page, "tax-review")
        self.go(page, "/settings/prices")
        page.click("tbody th a:text-is('Team 10')")
        self.see(page, "product")
        self._review_price(page)

    def _review_price(self, page: Page) -> None:
        page.click("text=Review the price")
        self.see(page, f"product-{'wholesale-' if '/operator/' in page.url else ''}errors")
        page.fill("#price", "1.50")
        page.fill("#valid_from", "2199-01-01")
        page.click("text=Review the price")
        self.see(page, "price-review" + ("-wholesale" if "/operator/" in page.url else ""))

    def taxes(self) -> None:
        """A rate for one region, and the operator's on wholesale."""
        page = self.administrator()
        self.go(page, "/settings/tax")
        page.select_option("#rate-country", "CA")
        page.click("text=Change country")
        self.see(page, "tax-regions")
        page.fill("#rate-percent", "5")
        page.fill("#rate-valid_from", "2199-01-01")
        page.click("text=Review the rate")
        self.see(page, "tax-review-country")
        page.click("text=For one province or region alone")
        page.select_option("#rate-region", "ON")
        page.fill("#rate-percent", "13")
        page.click("text=Review the rate")
        self.see(page, "tax-review-region")
        page.click("text=Set this rate")
        self.see(page, "tax-by-region")
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        self.go(page, "/operator/white-labels", host=OPERATOR_HOST)
        page.click(f"text={self.tenant.brand.name}")
        page.click("text=Wholesale tax…")
        self.see(page, "wholesale-tax")
        page.click("text=Review the rate")
        self.see(page, "wholesale-tax-errors")
        page.fill("#percent", "22.5")
        page.fill("#valid_from", "2199-01-01")
        page.click("text=Review the rate")
        self.see(page, "wholesale-tax-review")
        page.click("text=Set this rate")
        self.see(page, "wholesale-tax-set")

    def finance(self) -> None:
        page = self.signed_in(self.tenant.staff[1].email)
        self.go(page, "/finance/charges", "charges")
        page.click("text=The figures as a table")
        self.see(page, "charges-table")
        page.click("a.row-open >> nth=0")
        self.see(page, "charge-opened")
        self.go(page, "/finance/charges?q=nothing-like-it", "charges-none")
        self.go(page, "/finance/statements", "statements")
        self.go(page, "/finance/statements?q=nothing-like-it", "statements-none")
        for whose in ("ours", "customers"):
            self.go(page, f"/finance/statements?whose={whose}")
            page.click("tbody td a >> nth=0")
            self.see(page, f"statement-{whose}")
        self.go(page, "/customers", "not-allowed")
        self.go(self.administrator(), "/finance/charges", "charges-administrator")

    def price_lists(self) -> None:
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        for name, path in (("default-prices", "/operator/prices"), ("runs", "/operator/runs"),
                           ("runs-all", "/operator/runs?days=all")):
            self.go(page, path, name, host=OPERATOR_HOST)
        self.go(page, "/operator/runs", host=OPERATOR_HOST)
        page.click("tbody td a >> nth=0")
        self.see(page, "run")
        page.goto(self.places.url(OPERATOR_HOST, "/operator/prices"))
        page.click("tbody th a:text-is('Minutes')")
        self.see(page, "default-product")
        page.fill("#price", "0.90")
        page.fill("#valid_from", "2198-01-01")
        page.click("text=Review the price")
        self.see(page, "default-price-review")
        page.goto(self.places.url(OPERATOR_HOST, "/operator/prices"))
        page.click("tbody th a:text-is('Minutes')")
        page.fill("#proposed-price", "many")
        page.click("text=Review the proposal")
        self.see(page, "default-proposal-errors")
        page.fill("#proposed-price", "0.95")
        page.click("text=Review the proposal")
        self.see(page, "default-proposal-review")
        self._further_currencies(page)
        self.go(page, "/operator/white-labels", host=OPERATOR_HOST)
        page.click(f"text={self.tenant.brand.name}")
        own = page.url
        page.click("a:has-text('2,500.00')")
        self.see(page, "credit-request")
        page.goto(f"{own}/prices")
        page.click("text=Add a service")
        page.click("button:text-is('Add the service')")
        self.see(page, "white-label-prices-errors")
        fields = {"code": "rack", "name": "Rack unit", "retail": "1", "wholesale": "50", "tax": "20", "unit": "unit"}
        for name, value in fields.items():
            page.fill(f"#service-{name}", value)
        page.click("button:text-is('Add the service')")
        self.see(page, "new-product-review")
        page.goto(f"{own}/prices")
        self.see(page, "white-label-prices")
        page.click("tbody th a:text-is('Team 10')")
        self.see(page, "white-label-product")
        self._review_price(page)

    def _further_currencies(self, page: Page) -> None:
        """One in which a white label follows the list, and one in which nothing has a price yet."""
        self.go(page, "/operator/prices?currency=NZD", "default-prices-further", host=OPERATOR_HOST)
        page.click("tbody th a:text-is('Hot desk 20')")
        self.see(page, "default-product-further")
        self.go(page, "/operator/prices?currency=XYZ", "default-prices-no-currency", host=OPERATOR_HOST)
        self.go(page, "/operator/prices?currency=JPY", "default-prices-none", host=OPERATOR_HOST)
        page.click("tr:has-text('Hot desk 20') a:has-text('Add JPY')")
        self.see(page, "product-unpriced")
        page.click("text=Review the price")
        self.see(page, "product-unpriced-errors")
        for name, figures in {"retail": "19000", "wholesale": "13500", "minimum_funding": "20000"}.items():
            page.fill(f"#opening-{name}", figures)
        page.click("text=Review the price")
        self.see(page, "currency-review")

    def own_money(self) -> None:
        """Services and credit from the customer's side, the white label's for Option 2, and the rules for arrears."""
        owner = next(c for c in self.tenant.customers if c.administration == cast.OPTION_1 and c.story == "active")
        page = self.signed_in(owner.email or f"{owner.person.split()[0].casefold()}@{owner.domain}")
        self.go(page, "/account")
        own = page.url
        page.click("text=Add credit")
        self.see(page, "credit")
        page.fill("#other", "0.01")
        page.click("text=Continue to the card page")
        self.see(page, "credit-errors")
        page.fill("#other", "25.00")
        page.click("text=Continue to the card page")
        page.wait_for_selector("text=25.00")
        page.goto(f"{own}/credit/return")
        self.see(page, "credit-waiting")
        page.goto(f"{own}/credit")
        self.see(page, "credit-open")
        page.goto(f"{own}/services")
        self.see(page, "services-own")
        page.click("a:has-text('Add…') >> nth=0")
        self.see(page, "service-change")
        page.fill("#quantity", "99999")
        page.click("text=Show what it costs")
        self.see(page, "service-errors")
        page.fill("#quantity", "1")
        page.click("text=Show what it costs")
        self.see(page, "service-quote")
        page.goto(f"{own}/services")
        page.click("a:has-text('Choose…') >> nth=-1")
        page.check("#when-1")
        page.click("text=Show what it costs")
        self.see(page, "plan-quote-next")
        page.goto(f"{own}/services")
        page.click("tr:has-text('a month') a:has-text('Add…') >> nth=0")
        page.fill("#quantity", "500")
        page.check("#when-1")
        page.click("text=Show what it costs")
        self.see(page, "service-quote-not-covered")
        self._what_waits(page, own)
        administrator = self.administrator()
        assert self._open(administrator, "state=active&by=white_label")
        run = administrator.url
        administrator.goto(f"{run}/services")
        administrator.click("a:has-text('Add…') >> nth=0")
        administrator.fill("#quantity", "2")
        administrator.click("text=Show what it costs")
        self.see(administrator, "service-quote-wholesale")
        administrator.click("text=Confirm the change")
        self.see(administrator, "services-confirmed")
        self.go(administrator, "/settings/arrears", "arrears")
        administrator.fill("#low_days", "999")
        administrator.click("text=Save the rules")
        self.see(administrator, "arrears-errors")

    def _what_waits(self, page: Page, own: str) -> None:
        """A service and a plan for the next period; both are taken back."""
        seats = page.url.partition("?")[0]
        page.goto(f"{seats}?quantity=2&when=next")
        page.click("text=Confirm the change")
        page.click("a:has-text('Choose…') >> nth=-1")
        another = page.url
        page.goto(f"{another}?quantity=1&when=next")
        page.click("text=Confirm the change")
        self.see(page, "services-waiting")
        page.goto(f"{seats}?quantity=0&when=next")
        self.see(page, "service-quote-off")
        page.goto(another)
        self.see(page, "service-change-waits")
        page.click("main button:text-is('Take the change back')")
        page.click("main button:has-text('Take the change back')")
