"""E-mail addresses as keys: spellings of one address, mailboxes that several people read, and any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.mailbox_rules import is_shared, mailbox_keys, normal_address


@pytest.mark.parametrize(
    ("spelling", "address"),
    [
        ("ada@acme.example", "ada@acme.example"),
        (" Ada@ACME.example\n", "ada@acme.example"),
        ("ａｄａ@acme.example", "ada@acme.example"),
        ("ada@Müller.example", "ada@xn--mller-kva.example"),
        ("ada@mu\u0308ller.example", "ada@xn--mller-kva.example"),
        ("ada@xn--mller-kva.example", "ada@xn--mller-kva.example"),
        ("ada@acme。example", "ada@acme.example"),
        ("JOSÉ@acme.example", "josé@acme.example"),
    ],
)
def test_spellings_of_one_address_are_one(spelling: str, address: str) -> None:
    assert normal_address(spelling) == address


@pytest.mark.parametrize("other", ["ada.l@acme.example", "ada+news@acme.example", "ada@mail.acme.example"])
def test_what_only_a_mail_server_could_know_to_be_one_address_is_two(other: str) -> None:
    assert normal_address(other) not in (None, normal_address("ada@acme.example"))
    assert normal_address(other) != normal_address("adal@acme.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@acme.example",
        "a b@acme.example",
        "a@b@acme.example",
        "ada@acme..example",
        "ada@-acme.example",
        "ada@acme.example.",
        "ada@a\x00.example",
        "a\x00da@acme.example",
        "ada@\ud800.example",
        "ada\u200b@acme.example",
        "ada@" + "ü" * 64 + ".example",
        "a" * 65 + "@acme.example",
        "ada@" + 20 * ("a" * 20 + ".") + "example",
    ],
)
def test_what_is_no_address_has_no_key(text: str) -> None:
    assert mailbox_keys(text, frozenset({"ada"})) == ()


@pytest.mark.parametrize(
    "local",
    ["info", "INFO", "sales", "contact", "sales.emea", "support+de", "no-reply", "do_not_reply", "customer-service"],
)
def test_a_mailbox_of_a_desk_is_shared(local: str) -> None:
    assert is_shared(normal_address(f"{local}@acme.example") or "")
    assert mailbox_keys(f"{local}@acme.example", frozenset({"ada"})) == (f"mailbox:{local.lower()}@acme.example ada",)


@pytest.mark.parametrize("local", ["ada", "ada.sales", "inform", "salesman", "j.info"])
def test_a_mailbox_of_a_person_is_not(local: str) -> None:
    keys = mailbox_keys(f"{local}@acme.example", frozenset({"lovelace", "ada"}))

    assert keys == (f"mailbox:{local}@acme.example ada lovelace", f"email:{local}@acme.example")


def test_a_mailbox_alone_is_known_by_its_address() -> None:
    assert mailbox_keys("ada@acme.example", frozenset()) == ("email:ada@acme.example",)
    assert mailbox_keys("info@acme.example", frozenset()) == ("mailbox:info@acme.example",)


@given(st.emails())
def test_an_address_is_its_own_normal_form(email: str) -> None:
    address = normal_address(email)

    assert address is not None
    assert normal_address(address) == address


@given(st.text() | st.text().map("{}@acme.example".format) | st.text().map("ada@{}".format), st.sets(st.text()))
def test_keys_of_any_text_are_distinct_and_fit_an_index(email: str, words: set[str]) -> None:
    keys = mailbox_keys(email, frozenset(words))

    assert len(set(keys)) == len(keys)
    assert all(len(key) < 500 and "@" in key for key in keys)
