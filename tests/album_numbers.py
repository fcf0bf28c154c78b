"""The chapters of the album that are about telephone numbers."""

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
        self.go(page, "/operator/numbers/imports", host=OPERATOR_HOST)
        page.click("text=edinburgh.csv")
        page.wait_for_selector("text=Nothing has been added yet")
        self.see(page, "number-import")
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
