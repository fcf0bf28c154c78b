"""The part of Stripe's API that the sandbox speaks: address, request type, and the function that answers."""

from collections.abc import Callable
from dataclasses import dataclass

from stripe import params as types
from stripe.params import checkout as checkout_types

from portal.sandbox import balance, charges, customers, disputes, endpoints, events, intents, lists, refunds, sessions
from portal.sandbox.errors import Json
from portal.sandbox.world import Call


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    spec: type
    answer: Callable[[Call], Json]
    understood: tuple[str, ...] = ()


def _account(call: Call) -> Json:
    return call.account


LISTED = (*lists.PAGING, "created")

ROUTES = (
    Route("GET", "/v1/account", types.AccountRetrieveCurrentParams, _account),
    Route("POST", "/v1/customers", types.CustomerCreateParams, customers.create, customers.UNDERSTOOD),
    Route("GET", "/v1/customers", types.CustomerListParams, customers.listing, (*LISTED, "email")),
    Route("GET", "/v1/customers/<id>", types.CustomerRetrieveParams, customers.retrieve),
    Route("POST", "/v1/customers/<id>", types.CustomerUpdateParams, customers.update, customers.UNDERSTOOD),
    Route("POST", "/v1/checkout/sessions", checkout_types.SessionCreateParams, sessions.create, sessions.UNDERSTOOD),
    Route(
        "GET", "/v1/checkout/sessions", checkout_types.SessionListParams, sessions.listing, (*LISTED, *sessions.FILTERS)
    ),
    Route("GET", "/v1/checkout/sessions/<id>", checkout_types.SessionRetrieveParams, sessions.retrieve),
    Route(
        "GET",
        "/v1/checkout/sessions/<id>/line_items",
        checkout_types.SessionLineItemListParams,
        sessions.line_items,
        ("limit",),
    ),
    Route("POST", "/v1/checkout/sessions/<id>/expire", checkout_types.SessionExpireParams, sessions.expire),
    Route("GET", "/v1/payment_intents", types.PaymentIntentListParams, intents.listing, (*LISTED, "customer")),
    Route("GET", "/v1/payment_intents/<id>", types.PaymentIntentRetrieveParams, intents.retrieve),
    Route(
        "POST",
        "/v1/payment_intents/<id>/cancel",
        types.PaymentIntentCancelParams,
        intents.cancel,
        ("cancellation_reason",),
    ),
    Route("GET", "/v1/charges", types.ChargeListParams, charges.listing, (*LISTED, "customer", "payment_intent")),
    Route("GET", "/v1/charges/<id>", types.ChargeRetrieveParams, charges.retrieve),
    Route("POST", "/v1/refunds", types.RefundCreateParams, refunds.create, refunds.UNDERSTOOD),
    Route("GET", "/v1/refunds", types.RefundListParams, refunds.listing, (*LISTED, "charge", "payment_intent")),
    Route("GET", "/v1/refunds/<id>", types.RefundRetrieveParams, refunds.retrieve),
    Route("POST", "/v1/refunds/<id>", types.RefundUpdateParams, refunds.update, ("metadata",)),
    Route("GET", "/v1/disputes", types.DisputeListParams, disputes.listing, (*LISTED, "charge", "payment_intent")),
    Route("GET", "/v1/disputes/<id>", types.DisputeRetrieveParams, disputes.retrieve),
    Route("POST", "/v1/disputes/<id>", types.DisputeUpdateParams, disputes.update, disputes.UNDERSTOOD),
    Route("POST", "/v1/disputes/<id>/close", types.DisputeCloseParams, disputes.close),
    Route(
        "GET",
        "/v1/balance_transactions",
        types.BalanceTransactionListParams,
        balance.listing,
        (*LISTED, "currency", "source", "type"),
    ),
    Route("GET", "/v1/balance_transactions/<id>", types.BalanceTransactionRetrieveParams, balance.retrieve),
    Route("GET", "/v1/events", types.EventListParams, events.listing, (*LISTED, "type", "types")),
    Route("GET", "/v1/events/<id>", types.EventRetrieveParams, events.retrieve),
    Route("POST", "/v1/webhook_endpoints", types.WebhookEndpointCreateParams, endpoints.create, endpoints.UNDERSTOOD),
    Route("GET", "/v1/webhook_endpoints", types.WebhookEndpointListParams, endpoints.listing, lists.PAGING),
    Route("GET", "/v1/webhook_endpoints/<id>", types.WebhookEndpointRetrieveParams, endpoints.retrieve),
    Route(
        "POST",
        "/v1/webhook_endpoints/<id>",
        types.WebhookEndpointUpdateParams,
        endpoints.update,
        endpoints.UNDERSTOOD_LATER,
    ),
    Route("DELETE", "/v1/webhook_endpoints/<id>", types.WebhookEndpointDeleteParams, endpoints.delete),
)
