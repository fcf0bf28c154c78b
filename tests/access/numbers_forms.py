"""Complete forms of the addresses of numbers. That their rightful senders change something: see `tests/numbers`."""

from typing import Any
from uuid import uuid4

_OF_A_CUSTOMER: dict[str, dict[str, Any]] = {
    "/<uuid:number_id>/emergency": {"country": "GB", "line1": "13 Elsewhere", "city": "Leeds", "postcode": "LS1 4AP"},
    "/<uuid:number_id>/release": {"agreed": "0"},
    "/<uuid:number_id>/taking-back": {"agreed": "0"},
    "/<uuid:number_id>/user": {"user": ""},
    "/port-ins": {"country": "GB", "numbers": "020 7946 0999", "losing_provider": "Other", "wanted_day": "2026-12-01"},
    "/port-ins/<uuid:port_id>/again": {
        "country": "GB", "numbers": "020 7946 0999", "losing_provider": "Other", "wanted_day": "2026-12-01"},
    "/port-ins/<uuid:port_id>/cancellation": {},
    "/port-ins/<uuid:port_id>/documents": {},
    "/port-ins/<uuid:port_id>/preparation": {"country": "GB", "to": "outside", "to_outside": "020 7946 0998"},
    "/quote": {"agreed": "0", "number": str(uuid4())},
    "/reservations": {"chosen": str(uuid4())},
    "/reservations/<uuid:number_id>/return": {},
}
_OF_THE_OPERATOR: dict[str, dict[str, Any]] = {
    "/emergency/<uuid:number_id>/registration": {"register-reference": "R-1", "register-entered": "x"},
    "/emergency/<uuid:number_id>/refusal": {"refuse-reason": "No such street", "refuse-entered": "x"},
    "/port-ins/<uuid:port_id>/acceptance": {"accept-price_class": "geo"},
    "/port-ins/<uuid:port_id>/day": {"day-day": "2026-12-01"},
    "/port-ins/<uuid:port_id>/completion": {},
    "/port-ins/<uuid:port_id>/rejection": {"reject-reason": "The name on the bill is another one"},
}

FORMS_OF_NUMBERS: dict[str, dict[str, Any]] = {
    **{f"/customers/<uuid:account_id>/numbers{below}": form for below, form in _OF_A_CUSTOMER.items()},
    **{f"/operator/white-labels/<uuid:white_label_id>{below}": form for below, form in _OF_THE_OPERATOR.items()},
}
