"""The addresses of the tax on wholesale for the role table, and what their rightful sender sends."""

BASE = "/operator/white-labels/<uuid:white_label_id>/tax"
OPERATORS_TAX = {BASE: "GET", f"{BASE}/rates": "GET POST", f"{BASE}/rates/withdrawal": "POST"}


def forms_of_taxes(begins: str) -> dict[str, dict[str, str]]:
    return {
        f"{BASE}/rates": {"percent": "21", "valid_from": begins},
        f"{BASE}/rates/withdrawal": {"valid_from": begins},
        "/settings/tax/rates": {
            "rate-country": "CA", "rate-region": "ON", "rate-percent": "13", "rate-valid_from": begins},
        "/settings/tax/rates/withdrawal": {"country": "CA", "region": "ON", "valid_from": begins},
    }
