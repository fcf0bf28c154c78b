"""A small browser without scripts, for seeds, the tour and tests: cookies, forms with their hidden fields, redirects.

It connects to loopback whatever the host is called, and says the host in the Host header: programs do not resolve
names such as acme.localhost, browsers do.
"""

import http.client
import json
import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

LOOPBACK = "127.0.0.1"
TIMEOUT_S = 30


class Unexpected(AssertionError):
    """A page was not what the script expected; the message shows what it was."""


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    """An answer: status, address after redirects, headers, text, and the forms in it."""

    status: int
    url: str
    headers: dict[str, str]
    text: str
    forms: list[Form] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What a reader sees, on one line."""
        without = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(without).split())

    def json(self) -> Any:
        return json.loads(self.text)

    def form(self, action: str = "") -> Form:
        """The first form whose action ends like this. Raises Unexpected without one."""
        for form in self.forms:
            if form.method == "post" and form.action.endswith(action) and "/logout" not in form.action:
                return form
        raise Unexpected(f"no form for {action or 'anything'} at {self.url} ({self.status}): {self.words[:300]}")

    def expect(self, *words: str) -> "Page":
        """Raises Unexpected unless each of these is on the page."""
        for each in words:
            if each not in self.words and each not in self.text:
                raise Unexpected(f"“{each}” is not at {self.url} ({self.status}): {self.words[:600]}")
        return self


class Browser:
    """One person's browser: a cookie jar for each host. A machine brings a bearer key instead."""

    def __init__(self, bearer: str = "") -> None:
        self.bearer = bearer
        self.jars: dict[str, dict[str, str]] = {}

    def get(self, url: str, *, follow: bool = True) -> Page:
        return self._go("GET", url, None, follow)

    def post(self, url: str, fields: dict[str, str], *, follow: bool = True) -> Page:
        return self._go("POST", url, urlencode(fields), follow)

    def submit(self, page: Page, action: str = "", *, follow: bool = True, **values: str | None) -> Page:
        """Fill a page's form and send it; fields that are not named keep what the page gave them.

        A value of None leaves a field out, as an unticked box is.
        """
        form = page.form(action)
        fields: dict[str, str | None] = {**form.fields, **values}
        kept = {name: value for name, value in fields.items() if value is not None}
        return self.post(urljoin(page.url, form.action or page.url), kept, follow=follow)

    def _go(self, method: str, url: str, body: str | None, follow: bool) -> Page:
        for _ in range(12):
            page = self._ask(method, url, body)
            location = page.headers.get("location")
            if not follow or page.status not in (301, 302, 303, 307) or location is None:
                return page
            method, url, body = "GET", urljoin(url, location), None
        raise Unexpected(f"{url} leads in circles")

    def _ask(self, method: str, url: str, body: str | None) -> Page:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(LOOPBACK, parts.port or 80, timeout=TIMEOUT_S)
        jar = self.jars.setdefault(parts.hostname or "", {})
        headers = {"Host": parts.netloc, "Accept": "text/html"}
        if self.bearer:
            headers["Authorization"] = f"Bearer {self.bearer}"
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            _keep(jar, line)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Page(response.status, url, found, text, _forms(text) if "html" in found.get("content-type", "") else [])


def pay(browser: Browser, url: str, number: str, *, follow: bool = True) -> Page:
    """Fill in the sandbox's card page; where 3-D Secure asks, its page comes back."""
    page = browser.get(url)
    return browser.submit(
        page,
        follow=follow,
        number=number,
        expires="12 / 39",
        cvc="123",
        holder="A Customer",
        email="payer@customer.example",
    )


def _keep(jar: dict[str, str], line: str) -> None:
    for name, morsel in SimpleCookie(line).items():
        if morsel["max-age"] == "0" or not morsel.value:
            jar.pop(name, None)
        else:
            jar[name] = morsel.value


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(has.get("action", ""), has.get("method", "get").lower()))
        if not self.forms:
            return
        form = self.forms[-1]
        if tag == "input":
            self._input(form, has)
        elif tag == "select":
            self._select = has.get("name")
        elif tag == "textarea":
            self._textarea = has.get("name")
            form.fields[self._textarea or ""] = ""
        elif tag == "option" and self._select and ("selected" in has or self._select not in form.fields):
            form.fields[self._select] = has.get("value", "")
        elif tag == "button" and has.get("name"):
            form.buttons.append((has["name"], has.get("value", "")))

    def _input(self, form: Form, has: dict[str, str]) -> None:
        kind, name = has.get("type", "text"), has.get("name")
        if not name or kind in ("submit", "button", "file"):
            return
        if kind in ("checkbox", "radio"):
            if "checked" in has:
                form.fields[name] = has.get("value", "y")
        else:
            form.fields[name] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea and self.forms:
            self.forms[-1].fields[self._textarea] += data


def _forms(text: str) -> list[Form]:
    reader = _FormReader()
    reader.feed(text)
    return reader.forms
