"""Who may ask what of the numbers of an account: the part of the role table that is theirs."""

ADMINISTRATOR, OPERATOR, RUNS_IT, LOOKS = "administrator", "operator", "runs the account", "looks at the account"

_BOTH_SIDES = {
    # below /…/numbers: (methods, whose it is on the account's own side)
    "": ("GET", LOOKS),
    "/<uuid:number_id>": ("GET", LOOKS),
    "/<uuid:number_id>/emergency": ("GET POST", RUNS_IT),
    "/<uuid:number_id>/release": ("GET POST", RUNS_IT),
    "/<uuid:number_id>/taking-back": ("GET POST", RUNS_IT),
    "/<uuid:number_id>/user": ("POST", RUNS_IT),
    "/port-ins": ("GET POST", RUNS_IT),
    "/port-ins/<uuid:port_id>": ("GET", RUNS_IT),
    "/port-ins/<uuid:port_id>/again": ("GET POST", RUNS_IT),
    "/port-ins/<uuid:port_id>/cancellation": ("POST", RUNS_IT),
    "/port-ins/<uuid:port_id>/preparation": ("GET POST", RUNS_IT),
    "/port-ins/<uuid:port_id>/documents": ("POST", RUNS_IT),
    "/port-ins/<uuid:port_id>/documents/<uuid:document_id>": ("GET", RUNS_IT),
    "/quote": ("GET POST", RUNS_IT),
    "/reservations": ("POST", RUNS_IT),
    "/reservations/<uuid:number_id>/return": ("POST", RUNS_IT),
    "/search": ("GET", RUNS_IT),
}
_OF_THE_OPERATOR = {
    "/emergency": "GET",
    "/port-ins": "GET",
    "/white-labels/<uuid:white_label_id>/emergency/<uuid:number_id>": "GET",
    "/white-labels/<uuid:white_label_id>/emergency/<uuid:number_id>/refusal": "POST",
    "/white-labels/<uuid:white_label_id>/emergency/<uuid:number_id>/registration": "POST",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>": "GET",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/acceptance": "POST",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/completion": "POST",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/day": "POST",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/documents/<uuid:document_id>": "GET",
    "/white-labels/<uuid:white_label_id>/port-ins/<uuid:port_id>/rejection": "POST",
}

NUMBERS: dict[str, tuple[str, str]] = {
    **{f"/account/<uuid:account_id>/numbers{below}": rule for below, rule in _BOTH_SIDES.items()},
    **{f"/customers/<uuid:account_id>/numbers{below}": (methods, ADMINISTRATOR)
       for below, (methods, _) in _BOTH_SIDES.items()},
    **{f"/operator{below}": (methods, OPERATOR) for below, methods in _OF_THE_OPERATOR.items()},
}
