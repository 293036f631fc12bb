"""A pasted Sales Navigator URL: its query becomes criteria, saved searches and lists are known by their id."""

from urllib.parse import quote

import pytest

from goldpan.domain.keyword_rules import AllOf, AnyOf, Words
from goldpan.domain.search_rules import (
    Criterion,
    CriterionValue,
    InvalidSearch,
    LeadList,
    SavedSearch,
    Search,
    SearchField,
    parse_linkedin_search_url,
    parse_sales_navigator_url,
    parse_search_url,
)

SALES = "https://www.linkedin.com/sales/search/people?query="

SUPPLY_CHAIN = (
    "(recentSearchParam:(id:5752546450,doLogHistory:true),filters:List((type:GEOGRAPHY,values:List((id:103537801,"
    "selectionType:INCLUDED))),(type:FOLLOWS_YOUR_COMPANY,values:List((id:CF,text:Following%20your%20company,"
    "selectionType:INCLUDED)))),keywords:supply%20chain)"
)


def criteria_of(url: str) -> tuple[Criterion, ...]:
    return parse_search_url(url).criteria


def id_criterion(field: SearchField, parameter: str, *ids: str) -> Criterion:
    return Criterion(field, parameter, tuple(CriterionValue(id=id) for id in ids))


@pytest.mark.parametrize(
    "query",
    [
        quote(SUPPLY_CHAIN, safe="()"),
        quote(SUPPLY_CHAIN, safe=""),
        quote(quote(SUPPLY_CHAIN, safe=""), safe=""),
        SUPPLY_CHAIN,
        SUPPLY_CHAIN.replace(",", ", ").replace("(", "( "),
    ],
)
def test_a_sales_navigator_query_is_read_however_it_is_encoded(query: str) -> None:
    search = parse_search_url(f"{SALES}{query}&sessionId=x%3D%3D&viewAllFilters=true")

    assert search.is_sales_navigator
    assert search.keywords_text == "supply chain"
    assert search.criteria == (
        Criterion(
            SearchField.KEYWORDS,
            "keywords",
            (CriterionValue(expression=AllOf((Words("supply"), Words("chain")))),),
        ),
        id_criterion(SearchField.LOCATION, "GEOGRAPHY", "103537801"),
        Criterion(
            SearchField.OTHER,
            "FOLLOWS_YOUR_COMPANY",
            (CriterionValue("CF", Words("Following your company"), "Following your company"),),
        ),
    )


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("CURRENT_COMPANY", SearchField.COMPANY),
        ("PAST_COMPANY", SearchField.PAST_COMPANY),
        ("REGION", SearchField.LOCATION),
        ("GEOGRAPHY", SearchField.LOCATION),
        ("SENIORITY_LEVEL", SearchField.SENIORITY),
        ("FUNCTION", SearchField.FUNCTION),
        ("INDUSTRY", SearchField.INDUSTRY),
        ("COMPANY_HEADCOUNT", SearchField.HEADCOUNT),
        ("CURRENT_TITLE", SearchField.TITLE),
        ("PAST_TITLE", SearchField.PAST_TITLE),
        ("SCHOOL", SearchField.SCHOOL),
        ("FIRST_NAME", SearchField.FIRST_NAME),
        ("LAST_NAME", SearchField.LAST_NAME),
        ("COMPANY_TYPE", SearchField.OTHER),
        ("COMPANY_HEADQUARTERS", SearchField.OTHER),
        ("YEARS_OF_EXPERIENCE", SearchField.OTHER),
        ("RELATIONSHIP", SearchField.OTHER),
        ("NEVER_SEEN_BEFORE", SearchField.OTHER),
    ],
)
def test_each_filter_type_becomes_its_field(kind: str, field: SearchField) -> None:
    url = f"{SALES}(filters:List((type:{kind},values:List((id:x7,selectionType:INCLUDED)))))"

    assert criteria_of(url) == (id_criterion(field, kind, "x7"),)


def test_included_and_excluded_values_are_kept_apart() -> None:
    url = (
        f"{SALES}(filters:List((type:CURRENT_COMPANY,values:List((id:urn%253Ali%253Aorganization%253A1035,"
        "text:Blue%2520Sky,selectionType:INCLUDED),(text:Acme%2520OR%2520Ajax,selectionType:EXCLUDED)))))"
    )

    assert criteria_of(url) == (
        Criterion(
            SearchField.COMPANY,
            "CURRENT_COMPANY",
            included=(CriterionValue("1035", Words("Blue Sky"), "Blue Sky"),),
            excluded=(CriterionValue(None, AnyOf((Words("Acme"), Words("Ajax"))), "Acme OR Ajax"),),
        ),
    )


@pytest.mark.parametrize(
    ("kind", "id", "label"),
    [
        ("COMPANY_HEADCOUNT", "D", "51-200"),
        ("SENIORITY_LEVEL", "310", "CXO"),
        ("FUNCTION", "25", "Sales"),
        ("FUNCTION", "999", None),
    ],
)
def test_a_bare_id_of_a_known_table_gets_its_label(kind: str, id: str, label: str | None) -> None:
    (criterion,) = criteria_of(f"{SALES}(filters:List((type:{kind},values:List((id:{id})))))")

    assert criterion.included == (CriterionValue(id=id, label=label),)


@pytest.mark.parametrize("text", ["R%2526D%2520Director", "R%26D%20Director"])
def test_an_ampersand_inside_a_sales_navigator_text_stays_there(text: str) -> None:
    (criterion,) = criteria_of(f"{SALES}(filters:List((type:CURRENT_TITLE,values:List((text:{text})))))")

    expected = CriterionValue(None, AllOf((Words("R&D"), Words("Director"))), "R&D Director")
    assert criterion.included == (expected,)


@pytest.mark.parametrize("text", ["Acme%252C%2520Inc%2E%20%2528UK%2529", "Acme%2C%20Inc.%20(UK)", "Acme, Inc. (UK)"])
def test_commas_and_parentheses_of_a_text_belong_to_it(text: str) -> None:
    url = f"{SALES}(filters:List((type:CURRENT_COMPANY,values:List((id:7,text:{text},selectionType:EXCLUDED)))))"

    assert criteria_of(url)[0].excluded == (CriterionValue("7", Words("Acme, Inc. (UK)"), "Acme, Inc. (UK)"),)


def test_keywords_that_script_the_sandbox_keep_their_colons() -> None:
    search = parse_search_url(f"{SALES}(filters:List(),keywords:total:50 fail:429@2)")

    assert search.keywords_text == "total:50 fail:429@2"


def test_what_we_do_not_know_in_a_query_is_kept_by_name() -> None:
    url = (
        f"{SALES}(spellCorrectionEnabled:true,spotlight:(kind:NEWS,days:30),filters:List((type:POSTAL_CODE,values:List("
        "(id:94105)),selectedSubFilter:50),(type:CURRENT_TITLE,values:List((text:CTO)),selectedSubFilter:CURRENT)))&new=1"
    )

    names = [criterion.parameter for criterion in criteria_of(url)]

    assert names == ["spotlight", "POSTAL_CODE", "POSTAL_CODE selectedSubFilter", "CURRENT_TITLE", "new"]


def test_the_filters_of_a_saved_search_are_a_search() -> None:
    found = parse_sales_navigator_url(f"{SALES}(savedSearchId:7,keywords:cto)&savedSearchId=7")

    assert isinstance(found, Search)
    assert found.keywords_text == "cto"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "https://www.linkedin.com/sales/search/people?savedSearchId=50500115&searchSessionId=x%3D",
            SavedSearch("50500115"),
        ),
        (f"{SALES}(savedSearchId:50500115)", SavedSearch("50500115")),
        (
            "https://www.linkedin.com/sales/lists/people/7236596622934118401?sortCriteria=CREATED_TIME",
            LeadList("7236596622934118401"),
        ),
    ],
)
def test_saved_searches_and_lead_lists_are_known_by_their_id(url: str, found: SavedSearch | LeadList) -> None:
    assert parse_sales_navigator_url(url) == found

    with pytest.raises(InvalidSearch, match="instead"):
        parse_search_url(url)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "holds no query"),
        ("keywords:cto", "position 1 instead of"),
        ("()x", "position 3"),
        ("(filters:List((type:REGION", "ends at position 27"),
        ("(filters:List((type:REGION,values:List((id:1))))", "was it cut off"),
        ("(keywords:a,keywords:b)", "`keywords` twice"),
        ("(filters:List((values:List((id:1)))))", "no `type`"),
        ("(filters:REGION)", "must be List"),
        ("(filters:List(REGION))", "must be List"),
        ("(filters:List((type:REGION,values:List((id:1,selectionType:MAYBE)))))", "INCLUDED or EXCLUDED"),
        ("(filters:List((type:CURRENT_TITLE,values:List((text:R&D)))))", "%26"),
        ("(keywords:caf%25E9)", "UTF-8"),
        ("(keywords:a%2500)", "control character"),
        ("(a:" * 40 + "x" + ")" * 40, "deeper than 32"),
        ("(a:" + "List(" * 3_000, "deeper than 32"),
        ("()&savedSearchId=abc", "must be a number"),
        ("()&savedSearchId=7&foo=bar", "`foo`"),
    ],
)
def test_a_damaged_query_is_refused_by_what_is_wrong(query: str, words: str) -> None:
    with pytest.raises(InvalidSearch, match=words):
        parse_search_url(f"{SALES}{query}")


def test_a_sales_navigator_url_is_no_linkedin_search() -> None:
    with pytest.raises(InvalidSearch, match="source sales_navigator"):
        parse_linkedin_search_url(f"{SALES}(keywords:cto)")


@pytest.mark.parametrize(
    ("written", "unread"),
    [
        ("(type:YEARS_OF_EXPERIENCE,rangeValue:(min:1,max:3))", "YEARS_OF_EXPERIENCE rangeValue"),
        ("(type:POSTED_ON_LINKEDIN)", "POSTED_ON_LINKEDIN"),
        ("(type:REGION,value:List((id:1)))", "REGION value"),
        ("(type:CURRENT_TITLE,selectionType:EXCLUDED,values:List((text:intern)))", "CURRENT_TITLE selectionType"),
        ("(type:CURRENT_TITLE,values:List((text:intern,negated:true)))", "CURRENT_TITLE negated"),
    ],
)
def test_what_is_not_understood_of_a_filter_stays_in_the_search_by_name(written: str, unread: str) -> None:
    search = parse_search_url(f"{SALES}(filters:List({written}))")

    assert unread in {each.parameter for each in search.criteria if each.field is SearchField.OTHER}
