"""Boxes at post offices are told from places where a telephone can stand, and each region has one code."""

import pytest

from portal.kit.postal import is_post_box, postal_rules, read_region, region_code, region_names
from portal.kit.world import countries


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


@pytest.mark.parametrize(("words", "country", "code"), [
    ("on", "CA", "ON"), ("Ontario", "CA", "ON"), ("  Québec ", "CA", "QC"), ("Quebec", "CA", "QC"),
    ("Islas Baleares", "ES", "PM"), ("Illes Balears", "ES", "PM"),
    ("Tokyo", "JP", "東京都"), ("東京都", "JP", "東京都"),
    ("co. cork", "IE", "Co. Cork"), ("Cork", "IE", "Co. Cork"), ("jammu & kashmir", "IN", "Jammu and Kashmir"),
    ("Onatrio", "CA", ""), ("", "CA", ""), ("Avon", "GB", ""), ("ON", "XX", ""), ("O" * 10_000, "CA", ""),
])
def test_a_region_has_one_code_whatever_it_is_called(words, country, code):
    assert region_code(words, country) == code


def test_what_an_address_keeps_of_a_region_leads_to_its_code_in_every_country():
    """Red when the code is the first word that fits: an address may keep a name instead of it, and India has two codes
    for some of its regions."""
    for country, _ in countries("en_GB"):
        names = region_names(country)
        assert bool(names) == bool(postal_rules(country).regions)
        for written, name in postal_rules(country).regions:
            found = {region_code(words, country) for words in (written, name, read_region(name, country))}
            assert len(found) == 1 and found < {*names, ""}


@pytest.mark.parametrize(("country", "code", "name"), [
    ("CA", "QC", "Quebec"), ("JP", "東京都", "Tokyo"), ("ES", "TF", "Santa Cruz de Tenerife"), ("ES", "VI", "Álava"),
    ("IE", "Co. Cork", "Co. Cork")])
def test_a_region_is_called_by_its_name_in_latin_letters(country, code, name):
    assert region_names(country)[code] == name and region_names("GB") == {}
    assert list(region_names("ES"))[:4] == ["VI", "AB", "A", "AL"]
