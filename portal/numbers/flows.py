"""What the clock does with numbers."""

from typing import Any

from portal.kit import jobs
from portal.kit.db import PLATFORM, transaction
from portal.numbers.assigning import free_run_out


@jobs.every(300, "numbers.tidy")
def tidy(payload: dict[str, Any]) -> None:
    """Numbers whose ten minutes or thirty days are over are free already; their rows are made to say so."""
    with transaction(PLATFORM) as db:
        free_run_out(db)
