"""The chapter of the album that is about phone settings and provisioning."""

import io
import wave

from playwright.sync_api import Page

from tests.walker import Walker


def tone() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\x00\x10" * 16_000)
    return made.getvalue()


class PhoneChapters(Walker):
    def phones(self) -> None:
        page = self.administrator()
        self.go(page, "/settings/provisioning", "provisioning")
        page.click("main button.btn-primary")
        self.see(page, "provisioning-key")
        for act in ("renewal", "revocation"):
            self.go(page, f"/settings/provisioning/{act}", f"provisioning-{act}")
        assert self._open(page, "state=active&by=white_label&sort=oldest")
        base = f"{page.url}/pbx"
        page.goto(base)
        if page.locator("text=Begin with a template").count():
            self.see(page, "phones-empty")
            page.click("text=Small office")
            self.see(page, "phones-template")
            page.click("text=Fill it in")
        self.see(page, "phones")
        for part, first in (("extensions", "101"), ("groups", "600"), ("hours", "h1"), ("greetings", "g1")):
            page.goto(f"{base}/{part}")
            self.see(page, f"phones-{part}")
            page.goto(f"{base}/{part}/{first}")
            self.see(page, f"phones-{part}-one")
        page.goto(f"{base}/numbers")
        self.see(page, "phones-numbers")
        self._change_and_meet(base)
        page.goto(f"{base}/rules")
        page.check("#records")
        page.click("main button.btn-primary")
        self.see(page, "phones-rules-errors")
        page.goto(f"{base}/extensions/101")
        page.click("text=Make a password")
        self.see(page, "phones-password")
        page.goto(f"{base}/extensions/101/password")
        self.see(page, "phones-password-renewal")
        page.goto(f"{base}/extensions/102/removal")
        self.see(page, "phones-removal-in-use")
        page.goto(f"{base}/numbers")
        if page.locator("main th a").count():
            page.click("main th a >> nth=0")
            page.click("text=Remove…")
            self.see(page, "phones-removal")
        page.goto(f"{base}/clips")
        self.see(page, "phones-clips-none")
        page.fill("#name", "Welcome")
        page.set_input_files("#file", {"name": "welcome.wav", "mimeType": "audio/wav", "buffer": tone()})
        page.click("text=Upload it")
        self.see(page, "phones-clips")
        page.goto(f"{base}/history")
        self.see(page, "phones-history")
        self._decide(page, base.replace("/pbx", "/numbers"))
        self._own_phones()

    def _decide(self, page: Page, numbers: str) -> None:
        """Where calls to a number will go, chosen in the quote."""
        page.goto(f"{numbers}/search")
        page.check("tbody input[name=chosen] >> nth=0")
        page.click("text=Reserve for ten minutes")
        self.see(page, "phones-quote")
        page.select_option("select[name^=to_]", "outside")
        page.fill("input[name$=_outside]", "999")
        page.click("button:has-text('Assign this')")
        self.see(page, "phones-quote-errors")
        page.fill("input[name$=_outside]", "")
        page.select_option("select[name^=to_]", "extension:101")
        page.click("button:has-text('Assign this')")
        page.wait_for_selector("text=is assigned")
        self.see(page, "phones-quote-assigned")

    def _own_phones(self) -> None:
        """The customer's own side."""
        page = self.at_own_account()
        base = f"{page.url}/pbx"
        page.goto(f"{base}/templates/one-person")
        self.see(page, "own-phones-template")
        page.click("text=Fill it in")
        self.see(page, "own-phones")
        for path in ("extensions", "extensions/101", "extensions/101/removal", "extensions/101/password", "rules",
                     "history", "clips"):
            page.goto(f"{base}/{path}")
            self.see(page, "own-phones-" + path.replace("/", "-"))

    def _change_and_meet(self, base: str) -> None:
        """Two people change one extension; the second is shown both."""
        first, second = self.administrator(), self.administrator()
        for page, name in ((first, f"Front desk {self.mark}"), (second, f"Lobby {self.mark}")):
            page.goto(f"{base}/extensions/101")
            page.fill("#name", name)
        first.click("main form[novalidate] button.btn-primary")
        second.fill("#no_answer_s", "4000")
        second.select_option("#always", "outside")
        second.select_option("#busy", "outside")
        second.fill("#busy_outside", "+44 1865 496012")
        second.click("main form[novalidate] button.btn-primary")
        self.see(second, "phones-extension-errors")
        second.fill("#no_answer_s", "25")
        second.select_option("#always", "")
        second.click("main form[novalidate] button.btn-primary")
        self.see(second, "phones-conflict")
