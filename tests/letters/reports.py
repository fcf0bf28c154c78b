"""Delivery reports as mail servers write them, for tests. Each is about one letter with this Message-ID."""

from email.message import EmailMessage

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.highwire.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Thu, 19 Nov 2026 10:12:44 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--edge
Content-Description: Delivery report
Content-Type: {kind}

Reporting-MTA: dns; mx.highwire.example
Arrival-Date: Thu, 19 Nov 2026 10:12:43 +0000

{groups}
--edge
Content-Description: Undelivered Message
{returned}
--edge--
"""

GROUP = """\
Final-Recipient: rfc822; alice@acme.example
Original-Recipient: rfc822;alice@acme.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.acme.example
Diagnostic-Code: smtp; {answer}
"""

WHOLE = """\
Content-Type: message/rfc822

From: Northwind Telecom <portal@highwire.example>
To: Alice Archer <alice@acme.example>
Message-ID: {message_id}
Subject: Activate your account

Open http://northwind.localhost/activate/secret-token-of-alice
"""

HEADERS_ONLY = """\
Content-Type: text/rfc822-headers

From: Northwind Telecom <portal@highwire.example>
Message-ID: {message_id}
"""


def group(action: str = "failed", status: str = "5.1.1", answer: str = "550 5.1.1 no such mailbox") -> str:
    return GROUP.format(action=action, status=status, answer=answer)


def report(
    message_id: str = "",
    *groups: str,
    to: str = "portal@highwire.example",
    returned: str = WHOLE,
    kind: str = "message/delivery-status",
) -> bytes:
    """Like Postfix's. Without groups, one that says that the mailbox is not there."""
    told = "\n".join(groups or (group(),))
    text = POSTFIX.format(to=to, kind=kind, groups=told, returned=returned.format(message_id=message_id))
    return text.encode()


def auto_reply(message_id: str, to: str = "portal@highwire.example") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "alice@acme.example", to
    message["Subject"], message["Auto-Submitted"] = "Out of office", "auto-replied"
    message["In-Reply-To"] = message["References"] = message_id
    message.set_content("I am away until Monday. Action: failed. Status: 5.1.1")
    return message.as_bytes()


def read_receipt(message_id: str) -> bytes:
    """RFC 8098: deleted without being read. Not about the delivery."""
    return report(message_id, kind="message/disposition-notification").replace(
        b"report-type=delivery-status", b"report-type=disposition-notification")
