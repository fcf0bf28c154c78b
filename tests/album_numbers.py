"""The chapters of the album that are about telephone numbers."""

from playwright.sync_api import Page

from portal.demo import cast
from portal.demo.places import OPERATOR_HOST
from tests.walker import Walker


class NumberChapters(Walker):
    def number_stock(self) -> None:
        page = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        for name, path in (
            ("numbers", "/operator/numbers"), ("numbers-none", "/operator/numbers?q=000000000"),
            ("number-blocks", "/operator/numbers/blocks"), ("number-imports", "/operator/numbers/imports"),
            ("number-new", "/operator/numbers/new"),
        ):
            self.go(page, path, name, host=OPERATOR_HOST)
        page.click("text=Check the range")
        self.see(page, "number-new-errors")
        self._one_number(page)
        self.go(page, "/operator/numbers/imports", host=OPERATOR_HOST)
        page.click("text=edinburgh.csv")
        page.wait_for_selector("text=Nothing has been added yet")
        self.see(page, "number-import")
        page.click("text=Every line, ")
        self.see(page, "number-import-every-line")
        self.go(page, "/operator/numbers/new", host=OPERATOR_HOST)
        last = f"01632 {960000 + int(self.mark, 16) % 1000:06}"
        page.fill("#range-first", last)
        page.fill("#range-last", last)
        page.click("text=Check the range")
        self.see(page, "number-import-begun")
        self.go(page, "/operator/numbers/blocks", host=OPERATOR_HOST)
        page.click("a:has-text('+44 121')")
        self.see(page, "number-block-in-stock")
        page.select_option("#to", label=self.tenant.brand.name)
        page.click("button:text-is('Review')")
        self.see(page, "number-hand-over")
        self.go(page, "/operator/numbers/blocks", host=OPERATOR_HOST)
        page.click("a:has-text('+44 113')")
        self.see(page, "number-block-handed")
        page.click("text=Take it back…")
        self.see(page, "number-return")

    def _one_number(self, page: Page) -> None:
        """A free number that nobody else on the walk needs: looked at, put right, retired and put back."""
        self.go(page, "/operator/numbers?state=stock", host=OPERATOR_HOST)
        page.click(".panel:not(.mt-4) tbody th a >> nth=-1")
        own = page.url
        self.see(page, "number-one")
        page.fill("#area", "x" * 61)
        page.click("button:text-is('Save')")
        self.see(page, "number-one-errors")
        page.fill("#area", "Town")
        page.click("button:text-is('Save')")
        page.click("text=Retire it…")
        self.see(page, "number-retire")
        page.click("button:has-text('Retire +')")
        self.see(page, "number-one-retired")
        page.goto(own)
        page.click("text=Put it back")
