"""The form of tax numbers, by country."""

import pytest

from portal.kit.world import read_tax_number


@pytest.mark.parametrize(("typed", "country", "kept"), [
    ("980780684", "GB", "GB980780684"), ("gb 980 7806 84", "GB", "GB980780684"), ("XI980780684", "GB", "XI980780684"),
    ("136 695 976", "DE", "DE136695976"), ("DE136695976", "DE", "DE136695976"), ("ATU13585627", "AT", "ATU13585627"),
    ("094259216", "GR", "EL094259216"), ("EL 094259216", "GR", "EL094259216"), ("B58378431", "ES", "ESB58378431"),
    ("GST 12-345", "NZ", "GST 12-345"), ("  ", "DE", ""), ("980780684", "IM", "GB980780684"),
])
def test_is_kept_in_full_where_its_form_is_known_and_as_it_is_elsewhere(typed, country, kept):
    assert read_tax_number(typed, country) == kept


@pytest.mark.parametrize(("typed", "country"), [
    ("980780685", "GB"), ("GB98078068", "GB"), ("DE136695977", "DE"), ("FR40303265045", "DE"), ("none", "IE"),
    ("١٣٦٦٩٥٩٧٦", "DE"), ("DE136695976; drop", "DE"), ("GB", "GB"),
])
def test_a_figure_that_is_wrong_is_noticed(typed, country):
    with pytest.raises(ValueError, match="no VAT number"):
        read_tax_number(typed, country)
