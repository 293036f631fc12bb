"""People who leave an audience: moved to another one or removed, each counted once, and nobody lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from goldpan.contract.audience_resources import AudienceType, ChangeProspects, CreateAudience, ProspectsAction
from goldpan.operations import caretaker_operations
from goldpan.operations.audience_change_operations import create_audience, delete_audience, move_or_remove_prospects
from goldpan.operations.caretaker_operations import empty_deleted_audiences
from tests.audience_world import audiences, being_filled, create, filled, ids, move, remove
from tests.cast import NOBODYS_ID, Caller
from tests.invariants import assert_invariants
from tests.service import Json
from tests.workshop import Workshop, workshop


@pytest.fixture
def owner(alice: Caller) -> Caller:
    """Alice with a key of the sandbox, whose people cost nothing."""
    return alice.sandbox()


def count(caller: Caller, audience_id: str) -> int:
    """Return how many people an audience says it has, and has."""
    told: int = caller.get(audiences(caller, audience_id)).data["prospectCount"]
    assert told == len(ids(caller, audience_id))
    return told


def test_people_who_are_moved_leave_the_one_audience_and_join_the_other(owner: Caller) -> None:
    source, target = filled(owner, 5)["id"], create(owner, "Target")["id"]
    people = ids(owner, source)

    answer = move(owner, source, target, people[1:3])

    expected = {"audienceId": source, "toAudienceId": target, "changed": 2, "notFound": 0, "prospectCount": 3}
    assert (answer.status, answer.data) == (200, expected)
    assert ids(owner, source) == [people[0], *people[3:]]
    assert sorted(ids(owner, target)) == sorted(people[1:3])
    assert (count(owner, source), count(owner, target)) == (3, 2)


def test_people_who_are_moved_are_the_last_added_to_their_new_audience(owner: Caller) -> None:
    source, target = filled(owner, 3)["id"], filled(owner, 4, "cfo")["id"]
    person = ids(owner, source)[2]

    move(owner, source, target, [person])

    assert ids(owner, target)[0] == person


def test_moved_people_are_no_source(owner: Caller) -> None:
    source, target = filled(owner, 3)["id"], create(owner, "Target")["id"]

    move(owner, source, target, ids(owner, source))

    assert owner.get(audiences(owner, target)).data["type"] == "on_demand"
    assert filled(owner, 1, "cfo", audienceId=target)["type"] == "linkedin_search"


def test_people_who_are_removed_go_nowhere_and_are_known_to_the_next_job(owner: Caller) -> None:
    source = filled(owner, 3)["id"]
    people = ids(owner, source)

    answer = remove(owner, source, people[:2])

    expected = {"audienceId": source, "toAudienceId": None, "changed": 2, "notFound": 0, "prospectCount": 1}
    assert (answer.status, answer.data) == (200, expected)
    assert ids(owner, source) == people[2:]
    again = owner.ended(owner.start_search("cto total:3", audienceId=source))
    assert (again["counts"]["imported"], again["counts"]["known"]) == (0, 3)
    assert count(owner, source) == 3


def test_who_is_in_the_target_already_only_leaves(owner: Caller) -> None:
    source, target = filled(owner, 3)["id"], filled(owner, 5)["id"]
    people = ids(owner, source)
    before = ids(owner, target)

    answer = move(owner, source, target, people)

    assert (answer.data["changed"], answer.data["prospectCount"]) == (3, 0)
    assert ids(owner, target) == before
    assert count(owner, target) == 5


def test_who_is_not_in_the_audience_is_counted_and_ignored(owner: Caller, mallory: Caller) -> None:
    source, target, other = filled(owner, 3)["id"], create(owner, "Target")["id"], filled(owner, 2, "cfo")["id"]
    strangers = ids(mallory.sandbox(), filled(mallory.sandbox(), 1)["id"])
    people = ids(owner, source)

    answer = move(owner, source, target, [people[0], NOBODYS_ID, *ids(owner, other), *strangers])

    assert (answer.data["changed"], answer.data["notFound"]) == (1, 4)
    assert ids(owner, target) == [people[0]]
    assert count(owner, other) == 2


def test_who_is_named_twice_counts_once(owner: Caller) -> None:
    source = filled(owner, 3)["id"]
    person = ids(owner, source)[0]

    answer = remove(owner, source, [person, NOBODYS_ID, person, NOBODYS_ID])

    assert (answer.data["changed"], answer.data["notFound"], answer.data["prospectCount"]) == (1, 1, 2)


def test_leaving_twice_finds_nobody_the_second_time(owner: Caller) -> None:
    source, target = filled(owner, 2)["id"], create(owner, "Target")["id"]
    people = ids(owner, source)

    answers = [move(owner, source, target, people).data for _ in range(2)]

    assert [(answer["changed"], answer["notFound"]) for answer in answers] == [(2, 0), (0, 2)]
    assert (count(owner, source), count(owner, target)) == (0, 2)


def test_people_who_are_moved_to_many_places_at_once_arrive_in_one(owner: Caller) -> None:
    source = filled(owner, 20)["id"]
    targets = [create(owner, f"Target {number}")["id"] for number in range(6)]
    people = ids(owner, source)

    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda target: move(owner, source, target, people), targets))

    assert sorted(answer.data["changed"] for answer in answers) == [0] * 5 + [20]
    assert sorted(count(owner, target) for target in [source, *targets]) == [0] * 6 + [20]


def test_a_thousand_are_moved_at_once_and_no_more(owner: Caller) -> None:
    source, target = filled(owner, 2)["id"], create(owner, "Target")["id"]
    nobodies = [f"{number:024x}" for number in range(1000)]

    thousand = move(owner, source, target, [*nobodies[:998], *ids(owner, source)])
    more = move(owner, source, target, [*nobodies, NOBODYS_ID])

    assert (thousand.data["changed"], thousand.data["notFound"]) == (2, 998)
    assert more.refusal == (400, "VALIDATION_ERROR")
    assert more.details == "prospectIds: must be a list of 1 to 1000 texts"


# --- wrong input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "copy"}, "action"),
        ({"action": None}, "action"),
        ({"prospectIds": []}, "prospectIds"),
        ({"prospectIds": [NOBODYS_ID, "a"]}, "prospectIds[1]"),
        ({"prospectIds": NOBODYS_ID}, "prospectIds"),
        ({"toAudienceId": None}, "toAudienceId"),
        ({"toAudienceId": "a"}, "toAudienceId"),
        ({"action": "remove"}, "toAudienceId"),
        ({"all": True}, "all"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(owner: Caller, change: Json, field: str) -> None:
    source, target = create(owner, "Source")["id"], create(owner, "Target")["id"]
    body = {"action": "move", "prospectIds": [NOBODYS_ID], "toAudienceId": target} | change

    answer = owner.post(audiences(owner, source, "prospects"), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [problem["name"] for problem in answer.error["fields"]] == [field]


def test_nobody_is_moved_to_where_they_are(owner: Caller) -> None:
    source = filled(owner, 2)["id"]

    answer = move(owner, source, source, ids(owner, source))

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith("toAudienceId: ")
    assert count(owner, source) == 2


def test_invented_people_are_not_moved_among_real_ones(alice: Caller, owner: Caller) -> None:
    source, target = filled(owner, 2)["id"], create(alice, "Real")["id"]

    answer = move(alice, source, target, ids(owner, source))

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith("toAudienceId: ")
    assert (count(owner, source), count(owner, target)) == (2, 0)


def test_nobody_comes_or_goes_while_a_job_fills_either_audience(owner: Caller) -> None:
    ready = filled(owner, 2)["id"]
    busy, job_id = being_filled(owner)

    answers = [
        move(owner, ready, busy, [NOBODYS_ID]),
        move(owner, busy, ready, [NOBODYS_ID]),
        remove(owner, busy, [NOBODYS_ID]),
    ]
    owner.cancel(job_id)

    assert [answer.refusal for answer in answers] == [(409, "AUDIENCE_NOT_READY")] * 3
    assert [answer.details.split(":")[0] for answer in answers] == ["toAudienceId", "audienceId", "audienceId"]
    assert move(owner, ready, busy, ids(owner, ready)).status == 200


@pytest.mark.parametrize("where", ["from", "to"])
def test_an_audience_that_is_foreign_or_deleted_is_not_found(owner: Caller, mallory: Caller, where: str) -> None:
    mine, gone = filled(owner, 2)["id"], create(owner, "Gone")["id"]
    owner.call("DELETE", audiences(owner, gone))
    foreign = create(mallory.sandbox(), "Foreign")["id"]
    ask: Callable[[str], Json] = lambda id_: (  # noqa: E731 one line, used once
        move(owner, id_, mine, [NOBODYS_ID]) if where == "from" else move(owner, mine, id_, ids(owner, mine))
    )

    answers = [ask(audience_id) for audience_id in (foreign, gone, NOBODYS_ID)]

    assert {answer.refusal for answer in answers} == {(404, "NOT_FOUND")}
    assert answers[0].error == answers[1].error == answers[2].error
    assert count(owner, mine) == 2


# --- who leaves when an audience is deleted -----------------------------------------------------------------------


def test_a_deleted_audience_is_emptied_a_batch_at_a_time_and_no_other_is(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaker_operations, "MEMBERS_A_BATCH", 2)
    with workshop(database_url, [["ada", "ben", "cem"], ["dea", "eli"]]) as shop:
        deleted, other = (shop.run(shop.start(audience_name=name)).audience_id for name in ("deleted", "other"))

        delete_audience(shop.toolbox, shop.alice, shop.group_id, deleted)
        left_at_once = 5 - len(members(shop, deleted))
        rounds = [empty_deleted_audiences(shop.toolbox, 10) for _ in range(2)]

        assert left_at_once == 0
        assert rounds == [1, 0]
        assert (len(members(shop, deleted)), len(members(shop, other))) == (0, 5)
        assert_invariants(shop.url, by_hand=[deleted])


def members(shop: Workshop, audience_id: str) -> list[str]:
    return shop.scalars("SELECT prospect_id FROM audience_prospect WHERE audience_id = :id", id=audience_id)


# --- what stays true ----------------------------------------------------------------------------------------------


def test_moving_removing_and_deleting_keep_every_rule_that_can_still_be_known(database_url: str) -> None:
    with workshop(database_url, [["ada", "ben", "cem"], ["dea", "eli"]]) as shop:
        first, second = (shop.run(shop.start(audience_name=name)).audience_id for name in ("first", "second"))
        people = shop.scalars("SELECT prospect_id FROM audience_prospect WHERE audience_id = :id", id=first)
        request = CreateAudience(name="third", type=AudienceType.ON_DEMAND)
        third = create_audience(shop.toolbox, shop.alice, shop.group_id, request).id
        untouched = shop.run(shop.start(audience_name="untouched")).audience_id

        for change in (
            ChangeProspects(action=ProspectsAction.MOVE, prospect_ids=people[:3], to_audience_id=third),
            ChangeProspects(action=ProspectsAction.REMOVE, prospect_ids=people[3:]),
        ):
            move_or_remove_prospects(shop.toolbox, shop.alice, shop.group_id, first, change)
        delete_audience(shop.toolbox, shop.alice, shop.group_id, second)

        sizes = dict.fromkeys((first, second), 0) | {third: 3, untouched: 5}
        for audience_id, size in sizes.items():
            assert shop.scalars("SELECT prospect_count FROM audience WHERE id = :id", id=audience_id) == [size]
        assert_invariants(shop.url, by_hand=[first, second, third])
        empty_deleted_audiences(shop.toolbox, 10)
        assert_invariants(shop.url, by_hand=[first, second, third])
        with pytest.raises(AssertionError, match="whom a job took is in its audience"):
            assert_invariants(shop.url)
