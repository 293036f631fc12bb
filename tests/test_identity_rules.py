"""The rules of identity: one person has one key however the profile is spelled, and look-alikes are refused."""

import base64
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.identity_rules import (
    InvalidPostUrl,
    InvalidProfileUrl,
    PostRef,
    ProfileRef,
    canonical_profile_url,
    identity_keys,
    member_number,
    parse_post_url,
    parse_profile_url,
)


def provider_id_of(number: int, kind: int = 0x002A0000, ninth_byte: int = 1) -> str:
    raw = kind.to_bytes(4, "big") + number.to_bytes(4, "big") + bytes([ninth_byte]) + b"signature of 20 byte"
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


CLASSIC_ID = provider_id_of(123456789)
SALES_ID = provider_id_of(123456789, 0x002C0000)
RECRUITER_ID = provider_id_of(123456789, 0x00430000)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/in/jane-doe/",
        "https://www.linkedin.com/in/jane-doe//",
        "http://www.linkedin.com/in/jane-doe",
        "HTTPS://WWW.LINKEDIN.COM/IN/JANE-DOE",
        "https://www.linkedin.com/in/Jane-Doe",
        "https://linkedin.com/in/jane-doe",
        "linkedin.com/in/jane-doe",
        "www.linkedin.com/in/jane-doe",
        "//www.linkedin.com/in/jane-doe",
        "uk.linkedin.com/in/jane-doe",
        "https://in.linkedin.com/in/jane-doe",
        "https://m.linkedin.com/in/jane-doe",
        "https://www.linkedin.com/mwlite/in/jane-doe",
        "https://www.linkedin.com/comm/in/jane-doe",
        "https://www.linkedin.com/pub/jane-doe",
        "https://www.linkedin.com:443/in/jane-doe",
        "http://www.linkedin.com:80/in/jane-doe",
        "linkedin.com:443/in/jane-doe",
        "https://www.linkedin.com/in/jane-doe?trk=people-guest",
        "https://www.linkedin.com/in/jane-doe/?originalSubdomain=uk",
        "https://www.linkedin.com/in/jane-doe?miniProfileUrn=urn%3Ali%3Afs_miniProfile%3AACoAAAdbzRUB",
        "https://www.linkedin.com/in/jane-doe?lipi=urn%3Ali%3Apage%3Ad_flagship3%3B%C3%A9#about",
        "https://www.linkedin.com/in/jane-doe#experience",
        "https://www.linkedin.com/in/jane-doe/en",
        "https://www.linkedin.com/in/jane-doe/recent-activity/all/",
        "https://www.linkedin.com/in/jane-doe/overlay/contact-info/",
        "https://www.linkedin.com/in/jane-doe/details/experience/",
        "https://www.linkedin.com/in/j%61ne%2Ddoe",
        "  https://www.linkedin.com/in/jane-doe\r\n",
        "\ufeffhttps://www.linkedin.com/in/jane-doe\u200b",
        "<https://www.linkedin.com/in/jane-doe>",
        '"https://www.linkedin.com/in/jane-doe",',
        "(https://www.linkedin.com/in/jane-doe).",
        "https://www.linkedin.com/in/jane-doe.",
        "https://www.linkedin.com/in/jane-doe./?trk=x",
    ],
)
def test_every_spelling_of_one_profile_is_one_profile(text: str) -> None:
    assert parse_profile_url(text) == ProfileRef(public_identifier="jane-doe")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/jos%C3%A9-n",
        "https://www.linkedin.com/in/jos%c3%a9-n/",
        "https://www.linkedin.com/in/JOS%C3%89-N",
        "https://www.linkedin.com/in/josé-n",
        "https://www.linkedin.com/in/jose\u0301-n",
        "https://www.linkedin.com/in/jose%CC%81-n",
        "https://es.linkedin.com/in/jos%25C3%25A9-n?trk=x",
    ],
)
def test_encoded_raw_and_decomposed_letters_are_one_profile(text: str) -> None:
    assert parse_profile_url(text) == ProfileRef(public_identifier="josé-n")


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("krzysztof-marzec/a7/576/b50?trk=biz_employee_pub", "krzysztof-marzec-b50576a7"),
        ("jane-doe/5/1b/2/en", "jane-doe-00201b5"),
        ("jane-doe/0/505/82a", "jane-doe-82a505"),
        ("jane-doe/en", "jane-doe"),
    ],
)
def test_an_old_public_address_is_the_profile_it_redirects_to(path: str, slug: str) -> None:
    assert parse_profile_url(f"https://uk.linkedin.com/pub/{path}") == ProfileRef(public_identifier=slug)


@pytest.mark.parametrize(
    ("text", "provider_id"),
    [
        (f"https://www.linkedin.com/in/{CLASSIC_ID}", CLASSIC_ID),
        (f"https://www.linkedin.com/in/{CLASSIC_ID}/?trk=x", CLASSIC_ID),
        (f"linkedin.com/in/{CLASSIC_ID}/recent-activity/", CLASSIC_ID),
        (f"https://www.linkedin.com/sales/lead/{SALES_ID},NAME_SEARCH,a1B2", SALES_ID),
        (f"https://www.linkedin.com/sales/lead/{SALES_ID}%2CNAME_SEARCH%2Ca1B2?_ntb=x%3D", SALES_ID),
        (f"https://www.linkedin.com/sales/people/{SALES_ID},name", SALES_ID),
        (f"https://www.linkedin.com/talent/profile/{RECRUITER_ID}?trk=x", RECRUITER_ID),
        (CLASSIC_ID, CLASSIC_ID),
        (f"urn:li:fsd_profile:{CLASSIC_ID}", CLASSIC_ID),
        (f"urn:li:fs_salesProfile:({SALES_ID},NAME_SEARCH,a1B2)", SALES_ID),
    ],
)
def test_an_id_in_place_of_a_name_is_kept_letter_by_letter(text: str, provider_id: str) -> None:
    assert parse_profile_url(text) == ProfileRef(provider_id=provider_id)


def test_a_name_written_in_capitals_is_no_id() -> None:
    profile = parse_profile_url("https://www.linkedin.com/in/AEMAABDULLAH-KHAN")

    assert profile == ProfileRef(public_identifier="aemaabdullah-khan")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com.evil.example/in/jane-doe",
        "https://example.com/www.linkedin.com/in/jane-doe",
        "https://example.com/?u=https://www.linkedin.com/in/jane-doe",
        "https://linkedin.com@evil.example/in/jane-doe",
        "https://evil.example@www.linkedin.com/in/jane-doe",
        "https://jane:secret@www.linkedin.com/in/jane-doe",
        "https://notlinkedin.com/in/jane-doe",
        "https://evil.www.linkedin.com/in/jane-doe",
        "https://www.linkedin.com./in/jane-doe",
        "https://www.linkedin.com:8080/in/jane-doe",
        "https://www.linkedin.com:٤٤٣/in/jane-doe",
        "https://www.lin\u212aedin.com/in/jane-doe",
        "https://www.linked\u0131n.com/in/jane-doe",
        "https://www.linkedin\u3002com/in/jane-doe",
        "https://www.linkedin.com\uff0fin/jane-doe",
        "https://www.linkedin.com\\@evil.example/in/jane-doe",
        "https://evil.example#@www.linkedin.com/in/jane-doe",
        "https://[::1/in/jane-doe",
        "https:/www.linkedin.com/in/jane-doe",
        "javascript:alert(1)//www.linkedin.com/in/jane-doe",
        "ftp://www.linkedin.com/in/jane-doe",
        "=HYPERLINK(www.linkedin.com/in/jane-doe)",
        "lnkd.in/eXaMpLe",
        "jane-doe",
    ],
)
def test_what_only_looks_like_linkedin_is_refused(text: str) -> None:
    with pytest.raises(InvalidProfileUrl, match="a profile URL looks like"):
        parse_profile_url(text)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("company/acme/", "a company page"),
        ("school/mit/", "a school page"),
        ("sales/company/296229", "a Sales Navigator page"),
        ("sales/lead/", "a Sales Navigator page"),
        ("sales/lead/jane-doe", "missing or damaged"),
        ("search/results/people/?keywords=cto", "a search"),
        ("feed/update/urn:li:activity:7234567890123456789/", "a post"),
        ("pub/dir/Jane/Doe", "directory"),
        ("pub/jane-doe/1/2", "incomplete"),
        ("in/", "missing"),
        ("in", "missing"),
        ("in/%20/", "empty"),
        ("in/---", "empty"),
        ("in/me/", "logged in"),
        ("in/../company/acme", "climbs"),
        ("in/jane/%2e%2e/acme", "climbs"),
        ("", "another page"),
        ("in/jane%2Fdoe", "characters"),
        ("in/jane doe", "characters"),
        ("in/jane%0Adoe", "characters"),
        ("in/jane%00doe", "characters"),
        ("in/jane%E2%80%AEdoe", "characters"),
        ("in/jane%ZZ", "hexadecimal"),
        ("in/jos%E9", "UTF-8"),
        (f"in/{'a' * 151}", "too long"),
    ],
)
def test_a_page_that_is_no_person_is_refused_by_what_it_is(path: str, words: str) -> None:
    with pytest.raises(InvalidProfileUrl, match=words):
        parse_profile_url(f"https://www.linkedin.com/{path}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "https://www.linkedin.com/in/jane\x00doe",
        "https://www.linkedin.com/in/jane-doe?trk=\x00",
        "https://www.linkedin.com/in/jane\ndoe",
        "https://www.linkedin.com/in/jane\ud800doe",
        "https://www.linkedin.com/in/jane-doe?trk=" + "x" * 2048,
        "urn:li:member:123456789",
    ],
)
def test_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidProfileUrl):
        parse_profile_url(text)


def profile_or_refusal(text: str) -> str:
    try:
        return canonical_profile_url(parse_profile_url(text))
    except InvalidProfileUrl as refusal:
        return str(refusal)


@given(st.text() | st.text().map("https://www.linkedin.com/in/{}".format) | st.text().map("linkedin.com/{}".format))
def test_any_text_is_a_profile_or_refused_in_plain_letters(text: str) -> None:
    assert profile_or_refusal(text).isascii()


@given(st.text(min_size=1).map("https://www.linkedin.com/in/{}/?trk=x".format))
def test_a_canonical_url_is_its_own_canonical_url(text: str) -> None:
    canonical = profile_or_refusal(text)

    assert not canonical.startswith("https:") or profile_or_refusal(canonical) == canonical


@given(
    slug=st.text(st.characters(categories=["L", "Nd"]), min_size=3, max_size=30),
    prefix=st.sampled_from(["https://www.linkedin.com/in/", "m.linkedin.com/in/", "HTTP://de.linkedin.com/mwlite/in/"]),
    suffix=st.sampled_from(["", "/", "/?trk=x", "#top", "/de", ".", " "]),
)
def test_a_name_of_any_script_is_one_profile_in_all_spellings(slug: str, prefix: str, suffix: str) -> None:
    canonical = canonical_profile_url(parse_profile_url(f"https://www.linkedin.com/in/{slug}"))

    spelled = canonical_profile_url(parse_profile_url(f"{prefix}{normalize('NFD', slug)}{suffix}"))

    assert spelled == canonical
    assert canonical.isascii()


def test_the_canonical_url_encodes_a_name_that_is_not_ascii() -> None:
    url = canonical_profile_url(ProfileRef(public_identifier="josé-n"))

    assert url == "https://www.linkedin.com/in/jos%C3%A9-n"


def test_the_canonical_url_of_an_id_keeps_its_case() -> None:
    assert canonical_profile_url(ProfileRef(provider_id=SALES_ID)) == f"https://www.linkedin.com/in/{SALES_ID}"


@given(st.integers(0, 2**32 - 1), st.sampled_from([0x002A0000, 0x002C0000, 0x00430000]))
def test_the_member_number_is_read_from_every_kind_of_id(number: int, kind: int) -> None:
    assert member_number(provider_id_of(number, kind)) == number


@pytest.mark.parametrize(
    "provider_id",
    [
        "",
        CLASSIC_ID[:-1],
        CLASSIC_ID + "A",
        CLASSIC_ID[:-1] + "=",
        CLASSIC_ID.lower(),
        CLASSIC_ID[:-1] + chr(ord(CLASSIC_ID[-1]) + 1),
        "é" + CLASSIC_ID[1:],
        " " + CLASSIC_ID[1:],
        "+" + CLASSIC_ID[1:],
        provider_id_of(123456789, 0x002B0000),
        provider_id_of(123456789, ninth_byte=2),
    ],
)
def test_an_id_that_is_damaged_or_of_another_kind_has_no_member_number(provider_id: str) -> None:
    assert member_number(provider_id) is None


@given(st.text(max_size=50) | st.text("ACowEM-_=019", min_size=39, max_size=39))
def test_any_text_has_a_member_number_or_none(text: str) -> None:
    number = member_number(text)

    assert number is None or number in range(2**32)


@pytest.mark.parametrize(
    ("known", "keys"),
    [
        ((None, None, None), ()),
        (("", "", ""), ()),
        (("https://example.com/in/jane-doe", None, " "), ()),
        (("https://www.linkedin.com/in/Jane-Doe/", None, None), ("in:jane-doe",)),
        ((None, "Jane-Doe", None), ("in:jane-doe",)),
        (("linkedin.com/in/jos%C3%A9-n", "Jose\u0301-N", None), ("in:josé-n",)),
        (("linkedin.com/in/jane-old", "jane-new", None), ("in:jane-new",)),
        ((None, None, CLASSIC_ID), ("member:123456789",)),
        ((f"https://www.linkedin.com/sales/lead/{SALES_ID},X,y", None, CLASSIC_ID), ("member:123456789",)),
        ((f"https://www.linkedin.com/in/{CLASSIC_ID}", CLASSIC_ID, None), ("member:123456789",)),
        (("linkedin.com/in/jane-doe", "jane-doe", RECRUITER_ID), ("in:jane-doe", "member:123456789")),
        ((None, "jane-doe", "urn:li:member:123456789"), ("in:jane-doe", "member:123456789")),
        ((None, None, f"urn:li:fsd_profile:{CLASSIC_ID}"), ("member:123456789",)),
        ((None, None, "ACoAAshortened"), ("id:ACoAAshortened",)),
        ((None, "not/a/slug", "vendor-7"), ("id:vendor-7",)),
    ],
)
def test_a_person_is_known_under_these_keys(
    known: tuple[str | None, str | None, str | None], keys: tuple[str, ...]
) -> None:
    assert identity_keys(*known) == keys


@given(st.none() | st.text(), st.none() | st.text(), st.none() | st.text())
def test_keys_of_any_text_are_distinct_and_never_fail(url: str | None, name: str | None, id: str | None) -> None:
    keys = identity_keys(url, name, id)

    assert len(set(keys)) == len(keys)


ACTIVITY = PostRef(kind="activity", number="7234567890123456789")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/",
        "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789",
        "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A7234567890123456789/",
        "linkedin.com/feed/update/URN%3ALI%3AACTIVITY%3A7234567890123456789/",
        "https://m.linkedin.com/feed/update/urn:li:activity:7234567890123456789?trk=x#comments",
        "https://www.linkedin.com/posts/jane-doe_share-words-activity-7234567890123456789-aB3d"
        "?utm_source=share&utm_medium=member_desktop&rcm=ACoAAAdbzRUB",
        "https://www.linkedin.com/posts/jane-doe_on-share-7111111111111111111-activity-7234567890123456789-aB3d/",
        "https://www.linkedin.com/posts/jos%C3%A9_%F0%9F%9A%80-activity-7234567890123456789",
        "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789"
        "?commentUrn=urn%3Ali%3Acomment%3A(activity%3A7000000000000000001%2C7000000000000000002)",
        "urn:li:activity:7234567890123456789",
        " <https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/>, ",
    ],
)
def test_every_spelling_of_one_post_is_one_post(text: str) -> None:
    assert parse_post_url(text) == ACTIVITY


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://www.linkedin.com/embed/feed/update/urn:li:ugcPost:7234567890123456789?compact=1", "ugcPost"),
        ("https://www.linkedin.com/feed/update/urn:li:share:7234567890123456789", "share"),
        ("https://www.linkedin.com/posts/acme_hiring-ugcPost-7234567890123456789-Ab1_", "ugcPost"),
        ("https://www.linkedin.com/posts/acme_hiring-SHARE-7234567890123456789-Ab1_", "share"),
    ],
)
def test_the_kind_of_a_post_is_kept(text: str, kind: str) -> None:
    assert parse_post_url(text) == PostRef(kind=kind, number="7234567890123456789")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://www.linkedin.com/pulse/ten-lessons-jane-doe/", "an article"),
        ("https://lnkd.in/eXaMpLe", "short link"),
        ("https://www.linkedin.com/in/jane-doe", "a person's profile"),
        ("https://www.linkedin.com/in/jane-doe?u=urn:li:activity:7234567890123456789", "a person's profile"),
        ("https://www.linkedin.com/feed/", "the feed"),
        ("https://www.linkedin.com/posts/jane-doe_activity-7234", "without a post number"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:723456789012345678901", "without a post number"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:٧٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩", "without a post number"),
        ("https://www.linkedin.com.evil.example/feed/update/urn:li:activity:7234567890123456789", "is not LinkedIn"),
        ("javascript:urn:li:activity:7234567890123456789", "no web address"),
        ("urn:li:activity:1", "no web address"),
        ("", "empty"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789?x=" + "y" * 2048, "longer than"),
    ],
)
def test_what_is_no_post_is_refused_by_what_it_is(text: str, words: str) -> None:
    with pytest.raises(InvalidPostUrl, match=f"{words}.*a post URL looks like"):
        parse_post_url(text)


def post_or_refusal(text: str) -> str:
    try:
        return parse_post_url(text).number
    except InvalidPostUrl as refusal:
        return str(refusal)


@given(st.text() | st.text().map("https://www.linkedin.com/posts/{}".format))
def test_any_text_is_a_post_or_refused_in_plain_letters(text: str) -> None:
    assert post_or_refusal(text).isascii()
