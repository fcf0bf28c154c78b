"""Every table of the house, imported in one place, for the migrations and for whoever walks the metadata."""

from sqlalchemy import MetaData

from portal.accounts import models as accounts
from portal.activation import models as activation
from portal.arrears import models as arrears
from portal.audit import models as audit
from portal.billing import models as billing
from portal.catalogue import models as catalogue
from portal.customers import models as customers
from portal.events import models as events
from portal.identity import models as identity
from portal.kit import jobs, series, sessions
from portal.kit.db import Base
from portal.ledger import models as ledger
from portal.letters import models as letters
from portal.numbers import models as numbers, stock_models as number_stock
from portal.operator import models as operator
from portal.payments import models as payments
from portal.pbx import models as pbx
from portal.people import models as people
from portal.provisioning import models as provisioning
from portal.signup import models as signup
from portal.statements import models as statements
from portal.whitelabels import models as whitelabels

ROOMS = (
    accounts,
    activation,
    arrears,
    audit,
    billing,
    catalogue,
    customers,
    events,
    identity,
    jobs,
    ledger,
    letters,
    numbers,
    number_stock,
    operator,
    payments,
    pbx,
    people,
    provisioning,
    series,
    sessions,
    signup,
    statements,
    whitelabels,
)


def metadata() -> MetaData:
    return Base.metadata
