"""Complete forms of phone settings, provisioning and the number stock.

That their rightful senders change something: `tests/pbx`, `tests/provisioning`, `tests/operator/test_numbers.py`.
"""

from typing import Any

_OF_A_CUSTOMER: dict[str, dict[str, Any]] = {
    "/<section>/<key>": {"base": "1", "name": "Eve", "person": "", "caller_id": "", "voicemail": "y", "greeting": "",
                         "mail_to": "eve@evil.example", "always": "", "busy": "", "no_answer": "", "unreachable": "",
                         "no_answer_s": "20", "clip": ""},
    "/<section>/<key>/removal": {"base": "1"},
    "/clips": {"name": "Mine"},
    "/clips/<uuid:clip_id>/removal": {},
    "/extensions/<key>/password": {},
    "/history/<int:version>/undoing": {},
    "/rules": {"base": "1", "caller_id": "", "notice": "", "hold_music": "", "spend_cap": "1"},
    "/templates/<name>": {},
}

FORMS_OF_PHONES: dict[str, dict[str, Any]] = {
    **{f"/customers/<uuid:account_id>/pbx{below}": form for below, form in _OF_A_CUSTOMER.items()},
    "/settings/provisioning": {},
    "/settings/provisioning/revocation": {},
}
FORMS_OF_STOCK: dict[str, dict[str, Any]] = {
    "/operator/numbers/files": {"file-price_class": "local"},
    "/operator/numbers/ranges": {"range-first": "020 7946 0300", "range-last": "020 7946 0309",
                                 "range-price_class": "local", "range-country": "GB"},
    "/operator/numbers/imports/<uuid:import_id>/confirmation": {},
    "/operator/numbers/imports/<uuid:import_id>/removal": {},
    "/operator/numbers/<uuid:stock_id>/correction": {"kind": "mobile", "price_class": "local", "needs_address": "no"},
    "/operator/numbers/<uuid:stock_id>/restoration": {},
    "/operator/numbers/<uuid:stock_id>/retirement": {},
    "/operator/numbers/blocks/<uuid:block_id>/hand-over": {},
    "/operator/numbers/blocks/<uuid:block_id>/return": {},
}
