"""Boxes at post offices are told from places where a telephone can stand."""

import pytest

from portal.kit.postal import is_post_box


@pytest.mark.parametrize(("line", "country"), [
    ("PO Box 12", "GB"), ("P.O. Box 12", "GB"), ("p o box 12", "US"), ("P. O. BOX 12, Main Street", "US"),
    ("POB 7", "US"), ("Post Office Box 4", "IE"), ("GPO Box 2890", "AU"), ("Locked Bag 12", "AU"),
    ("Private Bag 3", "NZ"), ("Freepost ACME", "GB"), ("Postfach 10 20", "DE"), ("Postbus 44", "NL"),
    ("Postboks 9", "NO"), ("Box 123", "SE"), ("PL 12", "FI"), ("BP 120", "FR"), ("B.P. 120", "SN"),
    ("Boîte postale 3", "FR"), ("Case postale 3", "CH"), ("C.P. 4", "IT"), ("Casella postale 4", "IT"),
    ("Apartado 33", "PT"), ("Apdo. de correos 33", "ES"), ("Caixa Postal 91", "BR"), ("Skrytka pocztowa 1", "PL"),
    ("а/я 15", "RU"), ("P.K. 6", "TR"), ("Pf. 6", "HU"), ("私書箱12号", "JP"), ("ص.ب 12", "AE"), ("ת.ד. 12", "IL"),
    ("\uff30\uff2f Box 12", "GB"), ("General Delivery", "US"),
])
def test_a_box_is_one(line, country):
    assert is_post_box(line, country)


@pytest.mark.parametrize(("line", "country"), [
    ("12 Harbour Street", "GB"), ("Box Hill House", "GB"), ("3 Box Lane", "GB"), ("Box 3, Old Yard", "GB"),
    ("The Old Post Office", "GB"), ("Postbox Cottage, 4 Hill", "GB"), ("12 Po Street", "GB"), ("BP Garage, A38", "GB"),
    ("PK 12", "PF"), ("Apartamento 3", "ES"), ("Pl. 4 de Octubre", "ES"), ("12 Boxer Court", "GB"),
    ("Rue de la Poste 3", "FR"), ("Private Road 4", "US"), ("PL 12", "PL"), ("CP House 4", "GB"), ("", "GB"),
])
def test_a_place_is_none(line, country):
    assert not is_post_box(line, country)
