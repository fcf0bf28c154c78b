"""The rooms that answer over HTTP. Importing a package also registers its jobs and listeners."""

from flask import Flask

from portal.activation.views import bp as activation
from portal.customers.views import bp as customers
from portal.finance.views import bp as finance
from portal.front import bp as front
from portal.identity.views import bp as identity
from portal.letters import flows as letter_jobs
from portal.operator.price_views import bp as operator_prices
from portal.operator.views import bp as operator
from portal.payments.webhooks import bp as webhooks
from portal.people.doorstep import bp as invitations
from portal.people.views import bp as people
from portal.selfcare.views import bp as selfcare
from portal.settings.price_views import bp as prices
from portal.settings.tax_views import bp as tax
from portal.settings.views import bp as settings
from portal.signup.views import bp as signup

BLUEPRINTS = (
    front,
    identity,
    activation,
    signup,
    customers,
    people,
    invitations,
    selfcare,
    finance,
    settings,
    prices,
    tax,
    operator,
    operator_prices,
    webhooks,
)
JOBS = (letter_jobs,)


def register(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    # Stripe signs its webhooks; a form token would have no sender.
    app.extensions["csrf"].exempt(webhooks)
