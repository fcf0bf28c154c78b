"""The chapter of the album that is about the second factor: setting it up, showing it, losing the phone."""

import time

import pyotp
from playwright.sync_api import Page

from portal.demo import cast
from portal.demo.places import OPERATOR_HOST
from tests.walker import Walker


class FactorChapters(Walker):
    def second_factor(self) -> None:
        """Of finance; at the end it is off again, so that other chapters need no code."""
        login, own = self.tenant.staff[1].email, "/profile/second-factor"
        page = self.signed_in(login)
        codes = self._set_up(page, see=True)
        reader = self.visitor()
        reader.goto(self.link(login, "/not-me/"))
        self.see(reader, "factor-not-me")
        self.go(page, "/profile", "profile-factor")
        self._wrong(page, f"{own}/codes", "factor-codes")
        self._wrong(page, f"{own}/phone", "factor-phone")
        self._wrong(page, f"{own}/removal", "factor-off")
        self._at_the_door(login, codes)
        self._lost_phones(login)
        self.go(page, f"{own}/removal")
        self._answer(page, codes[1])
        assert page.url.endswith("/profile")

    def _set_up(self, page: Page, *, see: bool = False, host: str = "") -> list[str]:
        self.go(page, "/profile/second-factor", "factor-set-up" if see else "", host=host)
        page.click("text=The app cannot read it")
        if see:
            self.see(page, "factor-set-up-by-hand")
            page.click("text=Turn it on")
            self.see(page, "factor-set-up-errors")
            page.click("text=The app cannot read it")
        secret = page.inner_text("code.secret").replace(" ", "")
        page.fill("#new_code", pyotp.TOTP(secret).at(int(time.time())))
        page.fill("#present", cast.PASSWORD)
        page.click("text=Turn it on")
        if see:
            self.see(page, "factor-recovery-codes")
        return page.locator(".recovery-codes code").all_inner_texts()

    def _wrong(self, page: Page, path: str, name: str) -> None:
        self.go(page, path, name)
        page.click("main form button[type=submit]")
        self.see(page, f"{name}-errors")

    def _answer(self, page: Page, code: str) -> None:
        page.fill("#code", code)
        page.fill("#present", cast.PASSWORD)
        page.click("main form button[type=submit]")

    def _at_the_door(self, login: str, codes: list[str]) -> None:
        page = self.visitor()
        self.go(page, "/login")
        page.fill("#login_name", login)
        page.fill("#password", cast.PASSWORD)
        page.click("main button[type=submit]")
        assert "/login/code" in page.url
        self.see(page, "login-code")
        page.fill("#code", "000000")
        page.click("main button.btn-primary")
        self.see(page, "login-code-wrong")
        page.click("text=I do not have my phone")
        self.see(page, "login-recovery")
        page.fill("#code", codes[0])
        page.click("main button.btn-primary")
        assert "/login" not in page.url

    def _lost_phones(self, login: str) -> None:
        page = self.administrator()
        self.go(page, f"/settings/sign-in?q={login}", "sign-in-help")
        self.go(page, "/settings/sign-in?q=nobody-at-all", "sign-in-help-none")
        page.click("text=Lost phone… >> nth=0")
        self.see(page, "lost-phone")
        page.click("main button.btn-danger")
        self.see(page, "lost-phone-errors")
        other = self.signed_in(cast.SECOND_OPERATOR.email, host=OPERATOR_HOST)
        codes = self._set_up(other, host=OPERATOR_HOST)
        olga = self.signed_in(cast.OPERATOR_STAFF.email, host=OPERATOR_HOST)
        self.go(olga, "/operator/staff", "operator-staff", host=OPERATOR_HOST)
        olga.click("text=Lost phone…")
        self.see(olga, "operator-lost-phone")
        self.go(olga, "/operator/white-labels", host=OPERATOR_HOST)
        olga.click(f"text={self.tenant.brand.name}")
        olga.click("text=Lost phone…")
        self.see(olga, "white-label-lost-phone")
        self.go(other, "/profile/second-factor/removal", host=OPERATOR_HOST)
        self._answer(other, codes[0])
