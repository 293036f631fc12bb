"""The rules of the house that no linter knows; each failure says what to do."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldpan.api.routes import ROUTES, Access
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.permission_catalogue import MEANINGS, Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import MOVES
from goldpan.settings import TABLE
from goldpan.storage.database import SCHEMA_VERSION

ROOT = Path(__file__).parent.parent
PRODUCT = ROOT / "goldpan"
FILES = sorted(path for path in PRODUCT.rglob("*.py") if "versions" not in path.parts)

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_FILES = {"routes.py"}  # every route on one page, however long

# Table functions that look across account groups, each with its reason.
ACROSS_ACCOUNT_GROUPS = {
    "account_table.find_key": "tells which account groups a key reaches",
    "account_table.groups_of_key": "tells which account groups a key reaches",
    "account_table.add": "makes an account group",
    "account_table.all_groups": "the operator's list",
    "account_table.existing_groups": "the operator's check",
    "account_table.add_key": "a key reaches several account groups",
    "account_table.all_keys": "the operator's list",
    "account_table.read_key": "a key reaches several account groups",
    "account_table.limit_key": "a key reaches several account groups",
    "account_table.revoke_key": "a key reaches several account groups",
    "prospect_table.read_provenance": "reads a text, no database",
    "worker_table.take_lease": "workers serve every account group",
    "worker_table.renew_lease": "workers serve every account group",
    "worker_table.give_up_lease": "workers serve every account group",
    "worker_table.delete_dead_leases": "workers serve every account group",
    "worker_table.live_leases": "workers serve every account group",
    "worker_table.count_live_leases": "workers serve every account group",
    "worker_table.live_executor_ids": "workers serve every account group",
    "workflow_table.queue_counts": "the queues are of every account group",
    "workflow_table.stranded_jobs": "the engine's caretaker looks after every account group",
    "workflow_table.waiting_workflows": "the engine's caretaker looks after every account group",
    "workflow_table.workflows_of_executor": "workers serve every account group",
    "workflow_table.dead_owners": "workers serve every account group",
    "workflow_table.finished_workflows": "the engine's caretaker looks after every account group",
    "audience_table.deleted_with_members": "the engine's caretaker looks after every account group",
    "uploaded_file_table.old_files": "the engine's caretaker looks after every account group",
    "job_table.forget_key_uses": "the engine's caretaker looks after every account group",
    "quota_table.forget_uses": "the engine's caretaker looks after every account group",
    "job_table.versions": "one query for all jobs that are followed, each by somebody who was let through to it",
    "console_table.find_session": "a session is a person's",
    "console_table.groups_of_user": "tells which account groups a person reaches",
    "console_table.is_nobody_there": "the operator's check",
    "console_table.find_user": "a person reaches several account groups",
    "console_table.read_user": "a person reaches several account groups",
    "console_table.add_user": "a person reaches several account groups",
    "console_table.remove_user": "a person reaches several account groups",
    "console_table.hold_password": "a person reaches several account groups",
    "console_table.set_password": "a person reaches several account groups",
    "console_table.add_session": "a session is a person's",
    "console_table.note_session": "a session is a person's",
    "console_table.end_session": "a session is a person's",
    "console_table.end_sessions_of": "a session is a person's",
    "console_table.forget_sessions": "sessions are of people",
    "console_table.add_link": "a link is a person's",
    "console_table.find_link": "a link is a person's",
    "console_table.use_link": "a link is a person's",
    "console_table.forget_links": "links are of people",
    "job_event_table.forget": "the engine's caretaker looks after every account group",
}

# The contract promises them; their endpoints come later.
PERMISSIONS_TO_COME = {
    Permission.WEBHOOKS_READ,
    Permission.WEBHOOKS_WRITE,
    Permission.PRIVACY_WRITE,
}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def argument_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]]


def product_text(*without: str) -> str:
    return "\n".join(path.read_text() for path in FILES if path.name not in without)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_opens_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))

    assert docstring, f"{path}: say in one sentence at the top what lives here"
    assert docstring.split("\n\n")[0].rstrip().endswith("."), f"{path}: end the opening sentence with a full stop"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_stay_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 >= MAX_FUNCTION_LINES]

    assert path.name in LONG_FILES or lines <= MAX_FILE_LINES, f"{path} has {lines} lines: split it by what it is about"
    assert not long, f"{path}: {long} reach {MAX_FUNCTION_LINES} lines: take them apart"


def test_a_file_name_says_where_you_are() -> None:
    names = Counter(path.name for path in FILES if not path.name.startswith("__"))

    assert [name for name, count in names.items() if count > 1] == [], "give each file a name of its own"


@pytest.mark.parametrize("path", sorted((PRODUCT / "storage").glob("*_table.py")), ids=lambda path: path.stem)
def test_a_table_function_takes_the_account_group(path: Path) -> None:
    for function in public_functions(path):
        if f"{path.stem}.{function.name}" not in ACROSS_ACCOUNT_GROUPS:
            message = (
                f"{path.stem}.{function.name}: take account_group_id after the database, or say why not in this file"
            )
            assert argument_names(function)[1:2] == ["account_group_id"], message


def test_no_exception_from_the_account_group_is_stale() -> None:
    known = {f"{p.stem}.{f.name}" for p in (PRODUCT / "storage").glob("*_table.py") for f in public_functions(p)}

    assert set(ACROSS_ACCOUNT_GROUPS) - known == set(), "take these out of the list above"


@pytest.mark.parametrize("path", sorted((PRODUCT / "operations").glob("*.py")), ids=lambda path: path.stem)
def test_an_operation_with_a_caller_checks_it_first(path: Path) -> None:
    for function in public_functions(path):
        if "caller" not in argument_names(function) or function.name == "list_accounts":
            continue  # any key may list the account groups that it reaches
        first = function.body[1] if ast.get_docstring(function) else function.body[0]
        assert ast.unparse(first).startswith("caller.require("), f"{function.name}: ask caller.require(…) first"


@pytest.mark.parametrize("kind", ErrorKind, ids=lambda kind: kind.name)
def test_an_error_of_the_catalogue_is_used(kind: ErrorKind) -> None:
    assert f"ErrorKind.{kind.name}" in product_text("error_catalogue.py"), f"{kind.name}: nothing raises it, delete it"


@pytest.mark.parametrize("permission", Permission, ids=str)
def test_a_permission_of_the_catalogue_opens_something(permission: Permission) -> None:
    opens = any(route.permission == permission for route in ROUTES)

    assert permission in MEANINGS, f"{permission}: say in MEANINGS what it lets its bearer do"
    assert opens != (permission in PERMISSIONS_TO_COME), f"{permission}: keep PERMISSIONS_TO_COME true"


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_a_setting_is_used_and_documented(setting: object) -> None:
    name = setting.name  # type: ignore[attr-defined]
    field = name.removeprefix("GOLDPAN_").lower()

    assert f"`{name}`" in (ROOT / "docs" / "operating.md").read_text(), f"{name}: document it in docs/operating.md"
    assert re.search(rf"settings(\(\))?\.{field}\b", product_text("settings.py")), (
        f"{name}: nothing reads it, delete it"
    )


def test_only_settings_and_its_callers_touch_the_environment() -> None:
    readers = {path.name for path in FILES if re.search(r"os\.(environ|getenv)", path.read_text())}
    allowed = {path.name for room in ("assembly", "cli") for path in (PRODUCT / room).glob("*.py")}
    allowed |= {"clients.py"}  # the client runs where no settings are: decision 0057

    assert readers <= allowed, "read the environment through goldpan.settings"


def test_a_status_has_its_moves() -> None:
    assert set(MOVES) == set(JobStatus), "say in job_rules.MOVES where a job goes from here"


def test_a_route_stands_once() -> None:
    routes = Counter((route.method, route.path) for route in ROUTES)

    assert [route for route, count in routes.items() if count > 1] == []


def test_a_route_of_an_account_group_needs_a_permission() -> None:
    open_routes = [route.path for route in ROUTES if isinstance(route.permission, Access)]

    assert not [path for path in open_routes if "{accountGroupId}" in path], "name the permission in the route's row"


def test_the_schema_version_is_the_newest_migration() -> None:
    newest = max(path.name.split("_")[0] for path in (PRODUCT / "storage/migrations/versions").glob("*.py"))

    assert newest == SCHEMA_VERSION, "raise database.SCHEMA_VERSION with the migration"


def test_the_glossary_and_the_readme_name_only_files_that_exist() -> None:
    named = re.findall(r"`(goldpan/[\w/.*]+)`", (ROOT / "README.md").read_text() + architecture())

    assert [name for name in named if not list(ROOT.glob(name))] == [], "mend the path in the docs"


def architecture() -> str:
    return (ROOT / "docs" / "architecture.md").read_text()
