"""What changes the numbers of a white label, and who hears of it in the same transaction."""

from collections.abc import Callable

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.numbers.models import Number

Heard = Callable[[TenantSession, Account, Number], None]

after_assigned: list[Heard] = []
"""What other rooms do in the very transaction in which a number becomes an account's."""

after_released: list[Heard] = []
"""What they do when it stops being the account's. The number's own row names no account any more by then."""
