"""The rooms that answer over HTTP. Importing a package also registers its jobs and listeners."""

from flask import Flask

from portal.activation.views import bp as activation
from portal.arrears import flows as arrears_jobs
from portal.billing import run as billing_run
from portal.customers.views import bp as customers
from portal.finance.statements import bp as finance_statements
from portal.finance.views import bp as finance
from portal.front import bp as front
from portal.identity.denial_views import bp as denial
from portal.identity.door_views import bp as door
from portal.identity.factor_views import bp as second_factor
from portal.identity.profile import bp as profile
from portal.identity.views import bp as identity
from portal.letters import bounces as bounce_jobs, flows as letter_jobs
from portal.numbers import flows as numbers_jobs, stock_flows as number_jobs
from portal.numbers.emergency_views import bp as emergency
from portal.numbers.port_views import bp as port_ins
from portal.numbers.preparing_views import bp as preparing
from portal.numbers.resting_views import bp as resting_numbers
from portal.numbers.views import bp as numbers
from portal.operator.bounce_views import bp as mail_webhook
from portal.operator.charge_views import bp as operator_charges
from portal.operator.emergency_views import bp as operator_emergency
from portal.operator.number_views import bp as operator_numbers
from portal.operator.port_views import bp as operator_ports
from portal.operator.price_views import bp as operator_prices
from portal.operator.staff_views import bp as operator_staff
from portal.operator.standstill_views import bp as operator_standstill
from portal.operator.statement_views import bp as operator_statements
from portal.operator.stock_views import bp as operator_stock
from portal.operator.tax_views import bp as operator_tax
from portal.operator.usage_views import bp as operator_usage
from portal.operator.views import bp as operator
from portal.payments import background as payment_jobs
from portal.payments.webhooks import bp as webhooks
from portal.pbx.clips import bp as pbx_clips
from portal.pbx.views import bp as pbx
from portal.people.doorstep import bp as invitations
from portal.people.views import bp as people
from portal.provisioning.settings import bp as provisioning_settings
from portal.provisioning.views import bp as provisioning
from portal.selfcare.credit import bp as credit
from portal.selfcare.statements import bp as own_statements
from portal.selfcare.views import bp as selfcare
from portal.services.views import bp as services
from portal.settings.arrears import bp as arrears
from portal.settings.price_views import bp as prices
from portal.settings.sign_in_views import bp as sign_in_help
from portal.settings.tax_views import bp as tax
from portal.settings.views import bp as settings
from portal.signup.views import bp as signup
from portal.statements import flows as statement_jobs

BLUEPRINTS = (
    front,
    identity,
    door,
    profile,
    second_factor,
    denial,
    activation,
    signup,
    customers,
    people,
    invitations,
    services,
    numbers,
    emergency,
    preparing,
    port_ins,
    resting_numbers,
    pbx,
    pbx_clips,
    provisioning,
    provisioning_settings,
    credit,
    selfcare,
    own_statements,
    finance,
    finance_statements,
    settings,
    arrears,
    prices,
    tax,
    sign_in_help,
    operator,
    operator_staff,
    operator_prices,
    operator_tax,
    operator_numbers,
    operator_standstill,
    operator_stock,
    operator_charges,
    operator_statements,
    operator_usage,
    operator_ports,
    operator_emergency,
    webhooks,
    mail_webhook,
)
JOBS = (payment_jobs, letter_jobs, bounce_jobs, billing_run, statement_jobs, arrears_jobs, number_jobs, numbers_jobs)


def register(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    # Machines sign what they send or bring a key; a form token would have no sender.
    for machines in (webhooks, mail_webhook, provisioning):
        app.extensions["csrf"].exempt(machines)
