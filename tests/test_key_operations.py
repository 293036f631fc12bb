"""What owners may do with the API keys of their account groups, and that no key may do so."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import OwnerPermission, Permission
from goldpan.domain.access_rules import Principal, read_key
from goldpan.operations import account_operations, key_operations
from goldpan.operations.account_operations import DAY_MS, create_account, identify
from goldpan.operations.key_operations import KeyState, NewKey
from tests.workshop import Workshop, workshop

HOUR_MS = 3600 * 1000
EVERYTHING = frozenset([*Permission, *OwnerPermission])
READ = [Permission.PROSPECTING_READ]


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["miller-1"]]) as shop:
        yield shop


@pytest.fixture
def owner(shop: Workshop) -> Principal:
    return replace(shop.alice, permissions=EVERYTHING)


def who_bears(shop: Workshop, text: str) -> Principal | None:
    async def ask() -> Principal | None:
        async with shop.database.opened():
            return await identify(shop.toolbox, text)

    return asyncio.run(ask())


def later(shop: Workshop, milliseconds: int) -> None:
    """Let so much time pass."""
    at_ms = shop.toolbox.now_ms() + milliseconds
    shop.toolbox = replace(shop.toolbox, now_ms=lambda: at_ms)


def issue(shop: Workshop, owner: Principal, **fields: object) -> key_operations.IssuedKey:
    new = NewKey([shop.group_id], READ, **fields)  # type: ignore[arg-type]
    return key_operations.create_key(shop.toolbox, owner, shop.group_id, new)


def test_a_key_that_was_created_works_and_is_listed_without_its_secret(shop: Workshop, owner: Principal) -> None:
    issued = issue(shop, owner, name="Clay")

    [report] = key_operations.list_keys(shop.toolbox, owner, shop.group_id).items

    bearer = who_bears(shop, issued.text)
    assert bearer is not None
    assert bearer.account_group_ids == {shop.group_id}
    assert (report.id, report.name, report.permissions) == (issued.id, "Clay", ("prospecting:read",))
    assert (report.state, report.groups, report.is_shared) == (KeyState.ACTIVE, ((shop.group_id, "Alice"),), False)
    assert issued.text.split("_")[3] not in repr(report)


def test_keys_are_listed_newest_first_with_their_state(shop: Workshop, owner: Principal) -> None:
    begin_ms = shop.toolbox.now_ms()
    revoked = issue(shop, owner, name="revoked")
    later(shop, 1000)
    issue(shop, owner, name="expired", expires_ms=begin_ms + HOUR_MS)
    later(shop, 1000)
    issue(shop, owner, name="ends soon", expires_ms=begin_ms + 3 * DAY_MS)
    key_operations.revoke_key(shop.toolbox, owner, shop.group_id, revoked.id)
    later(shop, 2 * HOUR_MS)

    reports = key_operations.list_keys(shop.toolbox, owner, shop.group_id).items

    assert [(report.name, report.state) for report in reports] == [
        ("ends soon", KeyState.ENDS_SOON),
        ("expired", KeyState.EXPIRED),
        ("revoked", KeyState.REVOKED),
    ]


def test_a_rolled_key_and_its_successor_both_work_until_the_overlap_is_over(shop: Workshop, owner: Principal) -> None:
    old = issue(shop, owner, name="Clay", is_test=True)

    new = key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, HOUR_MS)

    before = [who_bears(shop, key.text) for key in (old, new)]
    later(shop, HOUR_MS + 1000)
    after = [who_bears(shop, key.text) for key in (old, new)]
    assert [bearer.permissions if bearer else None for bearer in before] == [frozenset(READ)] * 2
    assert [bearer and bearer.is_test for bearer in after] == [None, True]


def test_a_key_that_ends_is_not_prolonged_by_rolling_and_its_successor_lasts_as_long(
    shop: Workshop, owner: Principal
) -> None:
    begin_ms = shop.toolbox.now_ms()
    shop.toolbox = replace(shop.toolbox, now_ms=lambda: begin_ms)
    old = issue(shop, owner, expires_ms=begin_ms + 2 * DAY_MS)
    later(shop, DAY_MS)

    new = key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, 5 * DAY_MS)

    ends = {
        report.id: report.expires_ms for report in key_operations.list_keys(shop.toolbox, owner, shop.group_id).items
    }
    assert ends == {old.id: begin_ms + 2 * DAY_MS, new.id: begin_ms + 3 * DAY_MS}


@pytest.mark.parametrize("overlap_ms", [-1, 30 * DAY_MS + 1])
def test_an_overlap_out_of_bounds_changes_nothing(shop: Workshop, owner: Principal, overlap_ms: int) -> None:
    old = issue(shop, owner)

    with pytest.raises(Problem) as refusal:
        key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, overlap_ms)

    assert refusal.value.kind is ErrorKind.MALFORMED_REQUEST
    [report] = key_operations.list_keys(shop.toolbox, owner, shop.group_id).items
    assert report.expires_ms is None


def test_a_key_that_was_rolled_is_not_rolled_again_and_its_successor_is(shop: Workshop, owner: Principal) -> None:
    old = issue(shop, owner)
    new = key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, HOUR_MS)

    with pytest.raises(Problem) as refusal:
        key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, HOUR_MS)
    last = key_operations.roll_key(shop.toolbox, owner, shop.group_id, new.id, HOUR_MS)

    assert refusal.value.kind is ErrorKind.NOT_IN_THIS_STATE
    assert f"rolled already, to {new.id}" in (refusal.value.details or "")
    assert {key.id for key in key_operations.list_keys(shop.toolbox, owner, shop.group_id).items} == {
        old.id,
        new.id,
        last.id,
    }


def test_what_is_secret_shows_in_no_representation(shop: Workshop, owner: Principal) -> None:
    issued = issue(shop, owner)
    text = read_key(issued.text)

    assert text is not None
    assert text.secret not in repr(issued) + repr(text)


def test_a_revoked_key_is_not_rolled(shop: Workshop, owner: Principal) -> None:
    old = issue(shop, owner)
    key_operations.revoke_key(shop.toolbox, owner, shop.group_id, old.id)

    with pytest.raises(Problem) as refusal:
        key_operations.roll_key(shop.toolbox, owner, shop.group_id, old.id, 0)

    assert refusal.value.kind is ErrorKind.NOT_IN_THIS_STATE
    assert who_bears(shop, old.text) is None


def test_a_key_of_a_stranger_is_like_none(shop: Workshop, owner: Principal) -> None:
    stranger = create_account(shop.toolbox, "Mallory", "scale", 0)
    mallory = Principal("mallory", False, EVERYTHING, frozenset({stranger.id}))
    theirs = issue(shop, owner)

    for attempt in (
        lambda: key_operations.revoke_key(shop.toolbox, mallory, stranger.id, theirs.id),
        lambda: key_operations.roll_key(shop.toolbox, mallory, stranger.id, theirs.id, 0),
        lambda: key_operations.revoke_key(shop.toolbox, mallory, stranger.id, "Abcd1234"),
    ):
        with pytest.raises(Problem) as refusal:
            attempt()
        assert refusal.value.kind is ErrorKind.NOT_FOUND

    assert key_operations.list_keys(shop.toolbox, mallory, stranger.id).items == []
    assert who_bears(shop, theirs.text) is not None


def test_a_key_that_reaches_further_than_its_owner_is_shown_and_not_changed(shop: Workshop, owner: Principal) -> None:
    other = create_account(shop.toolbox, "Secret project", "scale", 0)
    shared_id, text = account_operations.create_key(shop.toolbox, NewKey([shop.group_id, other.id], READ))

    [report] = key_operations.list_keys(shop.toolbox, owner, shop.group_id).items
    with pytest.raises(Problem) as refusal:
        key_operations.revoke_key(shop.toolbox, owner, shop.group_id, shared_id)
    new = NewKey([shop.group_id, other.id], READ)
    with pytest.raises(Problem) as creation:
        key_operations.create_key(shop.toolbox, owner, shop.group_id, new)

    assert (report.groups, report.is_shared) == (((shop.group_id, "Alice"),), True)
    assert {refusal.value.kind, creation.value.kind} == {ErrorKind.FORBIDDEN}
    assert who_bears(shop, text) is not None


def test_whoever_reaches_all_of_a_keys_account_groups_may_change_it(shop: Workshop, owner: Principal) -> None:
    other = create_account(shop.toolbox, "Berlin", "scale", 0)
    both = replace(owner, account_group_ids=frozenset({shop.group_id, other.id}))
    new = NewKey([shop.group_id, other.id], READ)
    old = key_operations.create_key(shop.toolbox, both, shop.group_id, new)

    rolled = key_operations.roll_key(shop.toolbox, both, other.id, old.id, 0)

    bearer = who_bears(shop, rolled.text)
    assert bearer is not None
    assert bearer.account_group_ids == both.account_group_ids
    assert who_bears(shop, old.text) is None


def test_a_key_with_every_permission_that_there_is_makes_no_keys(shop: Workshop) -> None:
    issued = account_operations.create_key(shop.toolbox, NewKey([shop.group_id], list(Permission)))
    bearer = who_bears(shop, issued[1])
    assert bearer is not None

    for attempt in (
        lambda: key_operations.list_keys(shop.toolbox, bearer, shop.group_id),
        lambda: key_operations.create_key(shop.toolbox, bearer, shop.group_id, NewKey([shop.group_id], READ)),
        lambda: key_operations.roll_key(shop.toolbox, bearer, shop.group_id, issued[0], 0),
        lambda: key_operations.revoke_key(shop.toolbox, bearer, shop.group_id, issued[0]),
    ):
        with pytest.raises(Problem) as refusal:
            attempt()
        assert refusal.value.details == "The key lacks the permission keys:write"


def test_no_key_is_made_that_carries_what_only_owners_may(shop: Workshop) -> None:
    with pytest.raises(ValueError, match="keys:write"):
        account_operations.create_key(shop.toolbox, NewKey([shop.group_id], [OwnerPermission.KEYS_WRITE]))  # type: ignore[list-item]

    assert account_operations.all_keys(shop.toolbox) == []


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("name", {"name": "x" * 101}),
        ("name", {"name": "two\nlines"}),
        ("permissions", {"permissions": []}),
        ("expiresAt", {"expires_ms": 1}),
        ("accountGroupIds", {"account_group_ids": []}),
    ],
    ids=str,
)
def test_a_key_that_makes_no_sense_is_refused_by_name(
    shop: Workshop, owner: Principal, name: str, fields: dict[str, object]
) -> None:
    new = replace(NewKey([shop.group_id], READ), **fields)  # type: ignore[arg-type]

    with pytest.raises(Problem) as refusal:
        key_operations.create_key(shop.toolbox, owner, shop.group_id, new)

    assert [field.name for field in refusal.value.fields] == [name]
