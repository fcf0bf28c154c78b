"""A refusal is a request that the rules turn down: a named past fact with a plain reason, and nothing changed."""

Ways = tuple[tuple[str, str], ...]


class Refusal(Exception):
    """Base of all refusals. `status` is the HTTP answer, `heading` and `text` are shown to people as they are.

    `ways` lead on from here: the words of each link, and its address. `now_at` is where a page that was only asked
    for has gone; what is sent there is refused all the same. `moved` is empty where nobody looked. `may_need_link`:
    a new activation link may help somebody who is not signed in.
    """

    status = 409
    heading = "This was not done"
    text = "The request does not fit what is on file."
    moved = "Nothing was changed and no money moved."
    ways: Ways = ()
    now_at = ""
    may_need_link = True

    def __init__(self, text: str | None = None, *, field: str | None = None) -> None:
        self.text = text or self.text
        self.field = field
        super().__init__(self.text)


class NotFound(Refusal):
    """There is no such thing here, or it belongs to somebody else: the two must look the same."""

    status = 404
    heading = "There is no such page here"
    text = "The address may be mistyped, or the page belongs to an account you are not signed in to."


class NotAllowed(Refusal):
    """The person is known, the thing is theirs to see, but this act is not theirs."""

    status = 403
    heading = "This is not yours to do"
    text = "Your role does not include this. Ask an administrator of your account."


class BadInput(Refusal):
    """The request itself is malformed in a way no form produces."""

    status = 400
    heading = "We could not read this request"
    text = "Go back, reload the page and try again."
