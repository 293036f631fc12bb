"""The pages on API keys, for owners: the list, a new key, rolling one and revoking one; a key's text is shown once."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.paging import is_object_id
from goldpan.contract.permission_catalogue import MEANINGS, Permission
from goldpan.domain.console_rules import ROLE_PERMISSIONS, ConsoleRole
from goldpan.operations.account_operations import DAY_MS
from goldpan.operations.key_operations import (
    MOST_KEYS_SHOWN,
    IssuedKey,
    KeyReport,
    KeyState,
    NewKey,
    create_key,
    list_keys,
    revoke_key,
    roll_key,
)

Result = TypeVar("Result")

HOUR_MS = 3_600_000
CHOSEN = "chosen"
REVOKE_WORD = "revoke"

PRESETS: Final = {
    "read": ("Read", "see jobs, people and audiences", ROLE_PERMISSIONS[ConsoleRole.VIEWER]),
    "work": (
        "Read and work",
        "also start and cancel jobs, which spends credits, and change audiences",
        ROLE_PERMISSIONS[ConsoleRole.OPERATOR],
    ),
    "everything": ("Everything", "whatever a key can carry", frozenset(Permission)),
}
"""Name -> (words, what it lets its bearer do, permissions)."""

ENDS: Final = {"never": ("Never", None), "30": ("In 30 days", 30), "90": ("In 90 days", 90), "365": ("In a year", 365)}
OVERLAPS: Final = {
    "0": ("At once", 0),
    "1": ("In an hour", HOUR_MS),
    "24": ("In a day", DAY_MS),
    "168": ("In 7 days", 7 * DAY_MS),
    "720": ("In 30 days", 30 * DAY_MS),
}
STATE_WORDS: Final = {
    KeyState.ACTIVE: "Active",
    KeyState.ENDS_SOON: "Ends soon",
    KeyState.EXPIRED: "Expired",
    KeyState.REVOKED: "Revoked",
}


async def key_list_page(visit: Visit) -> Response:
    keys = await _of_keys(visit, list_keys)
    return visit.page(
        "key_list.html",
        keys=[(key, permission_words(key.permissions)) for key in keys.items],
        has_more=keys.has_more,
        most_shown=MOST_KEYS_SHOWN,
        states=STATE_WORDS,
    )


async def new_key_page(visit: Visit) -> Response:
    await run_in_threadpool(
        list_keys, visit.toolbox, await visit.caller_everywhere(), visit.group_id
    )  # an owner, or a refusal
    return _form(visit, {"preset": "read", "mode": "live", "ends": "90"}, visit.toolbox.new_id())


async def create(visit: Visit) -> Response:
    """Make the key and show its text; the same form sent twice makes one key, and the second answer says what to do."""
    form = await visit.form()
    form_id = form.get("form_id", "")
    if not is_object_id(form_id):
        raise invalid_body("form_id", "is not of a form of this page")
    try:
        new = _new_key(visit, form)
        issued = await _of_keys(visit, create_key, new, form_id)
    except Problem as problem:
        if problem.kind is ErrorKind.CONFLICT:
            return visit.page("key_lost.html", 409, key_id=problem.details)
        if problem.kind is not ErrorKind.MALFORMED_REQUEST:
            raise
        return _form(visit, form, form_id, problem.details)
    return _shown(visit, issued, f"The key {new.name}" if new.name else "The new key")


async def roll_page(visit: Visit) -> Response:
    key = await _find(visit)
    if key.successor_id is not None:
        return visit.page("key_lost.html", 409, key_id=key.successor_id)
    return visit.page("key_roll.html", key=key, overlaps=OVERLAPS)


async def roll(visit: Visit) -> Response:
    key, form = await _find(visit), await visit.form()
    if form.get("overlap") not in OVERLAPS:
        raise invalid_body("overlap", "choose when the old key ends")
    try:
        issued = await _of_keys(visit, roll_key, key.id, OVERLAPS[form["overlap"]][1])
    except Problem as problem:
        successor_id = (await _find(visit)).successor_id if problem.kind is ErrorKind.NOT_IN_THIS_STATE else None
        if successor_id is None:
            raise
        return visit.page("key_lost.html", 409, key_id=successor_id)
    return _shown(visit, issued, f"The successor of {key.name or key.id}")


async def revoke_page(visit: Visit) -> Response:
    return visit.page("key_revoke.html", key=await _find(visit), word=REVOKE_WORD, error=None)


async def revoke(visit: Visit) -> Response:
    key, form = await _find(visit), await visit.form()
    if form.get("word", "").strip().casefold() != REVOKE_WORD:
        return visit.page("key_revoke.html", 422, key=key, word=REVOKE_WORD, error=f"Type the word {REVOKE_WORD}.")
    await _of_keys(visit, revoke_key, key.id)
    return visit.redirect(visit.path("keys"))


def permission_words(permissions: tuple[str, ...]) -> str | None:
    """Return the name of the preset that has just these permissions; None: they must be named one by one."""
    return next((words for words, _, preset in PRESETS.values() if preset == frozenset(permissions)), None)


def _new_key(visit: Visit, form: Mapping[str, str]) -> NewKey:
    """Return what the form asks for.

    Raises:
        Problem: MALFORMED_REQUEST, the words are for whoever filled it in.
    """
    if form.get("preset") not in (*PRESETS, CHOSEN) or form.get("ends") not in ENDS:
        raise invalid_body("form", "choose what the key may do and when it ends")
    if form.get("mode") not in ("live", "test"):
        raise invalid_body("form", "choose whether the key is live or for tests")
    chosen = frozenset(permission for permission in Permission if permission in form)
    allowed = chosen if form["preset"] == CHOSEN else PRESETS[form["preset"]][2]
    _, days = ENDS[form["ends"]]
    return NewKey(
        account_group_ids=[visit.group_id],
        permissions=[permission for permission in Permission if permission in allowed],
        name=form.get("name", "").strip(),
        is_test=form["mode"] == "test",
        expires_ms=None if days is None else visit.toolbox.now_ms() + days * DAY_MS,
    )


async def _find(visit: Visit) -> KeyReport:
    """Return the key of the address, among those that the list shows."""
    key_id = visit.request.path_params["keyId"]
    keys = await _of_keys(visit, list_keys)
    found = next((key for key in keys.items if key.id == key_id), None)
    if found is None:
        raise Problem(ErrorKind.NOT_FOUND)
    return found


def _form(visit: Visit, form: Mapping[str, str], form_id: str, error: str | None = None) -> Response:
    values: dict[str, Any] = {"presets": PRESETS, "chosen": CHOSEN, "ends": ENDS, "meanings": MEANINGS}
    values |= {"form": form, "form_id": form_id, "error": error}
    return visit.page("key_new.html", 422 if error else 200, **values)


def _shown(visit: Visit, issued: IssuedKey, what: str) -> Response:
    return visit.page("key_shown.html", issued=issued, what=what, now_ms=visit.toolbox.now_ms())


async def _of_keys(visit: Visit, verb: Callable[..., Result], *arguments: object) -> Result:
    """Let a verb of keys work, for the user in all account groups that they reach: a key may reach several too."""
    caller = await visit.caller_everywhere()
    return await run_in_threadpool(verb, visit.toolbox, caller, visit.group_id, *arguments)
