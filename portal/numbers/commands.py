"""What changes the numbers of a white label, and who hears of it in the same transaction."""

from collections.abc import Callable

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.numbers.models import Number

Heard = Callable[[TenantSession, Account, Number], None]

after_released: list[Heard] = []
"""What other rooms do in the very transaction in which a number stops being an account's. The number's own row names
no account any more by then."""
