"""What is left between retail and wholesale, before tax on either side, as pure values."""

from dataclasses import dataclass

from portal.catalogue.prices import Amounts
from portal.kit.money import net_of


@dataclass(frozen=True)
class Margin:
    """Minor units before tax, for one period, piece or `per_units`."""

    retail_minor: int
    wholesale_minor: int

    @property
    def minor(self) -> int:
        return self.retail_minor - self.wholesale_minor

    @property
    def is_loss(self) -> bool:
        return self.minor < 0

    @property
    def percent(self) -> int | None:
        """The margin's share of retail, rounded half up; None where retail is nothing."""
        return _share(self.minor, self.retail_minor)

    @property
    def wholesale_percent(self) -> int | None:
        """Wholesale's share of retail, as the operator looks at it."""
        return _share(self.wholesale_minor, self.retail_minor)


def margin_of(retail: Amounts, wholesale: Amounts, tax_ppm: int, *, includes_tax: bool) -> Margin:
    return Margin(net_of(retail.minor, tax_ppm, includes_tax=includes_tax), wholesale.minor)


def setup_margin_of(retail: Amounts, wholesale: Amounts, tax_ppm: int, *, includes_tax: bool) -> Margin:
    return Margin(net_of(retail.setup_minor, tax_ppm, includes_tax=includes_tax), wholesale.setup_minor)


def _share(part_minor: int, whole_minor: int) -> int | None:
    return (200 * part_minor + whole_minor) // (2 * whole_minor) if whole_minor else None
