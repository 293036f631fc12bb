"""Getting in and out: the page behind a link, signing in, signing out."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.password_turns import Turns
from goldpan.console.request_guard import session_cookie
from goldpan.console.visit import Visit, local_path
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.access_rules import caller_of
from goldpan.domain.console_rules import FEWEST_LETTERS_OF_A_PASSWORD, SESSION_MS, name_key
from goldpan.operations import console_access_operations as access

_turns = Turns(at_once=2, most_waiting=40)  # who comes last waits a second or two


async def welcome_page(visit: Visit) -> Response:
    """Show who may choose a password."""
    is_good, name = await run_in_threadpool(access.name_on_link, visit.toolbox, _token(visit))
    return _welcome(visit, name) if is_good else visit.page("link_gone.html", 410)


async def welcome(visit: Visit) -> Response:
    """Take the password, and let its owner in."""
    form = await visit.form()
    await _hit_address_limit(visit)
    password = form.get("password", "")
    is_good, known_name = await run_in_threadpool(access.name_on_link, visit.toolbox, _token(visit))
    if not is_good:
        return visit.page("link_gone.html", 410)
    if password != form.get("again", ""):
        return _welcome(visit, known_name, "The two passwords differ.", form.get("name", ""))
    try:
        async with _turns.taken():
            token = await run_in_threadpool(
                access.use_link, visit.toolbox, _token(visit), form.get("name", ""), password
            )
    except ValueError as error:
        return _welcome(visit, known_name, str(error), form.get("name", ""))
    return visit.page("link_gone.html", 410) if token is None else _let_in(visit, token, "/")


async def sign_in_page(visit: Visit) -> Response:
    next_path = local_path(visit.request.query_params.get("next", ""))
    return visit.redirect(next_path) if visit.who else _sign_in(visit, next_path)


async def sign_in(visit: Visit) -> Response:
    form = await visit.form()
    next_path, name, password = local_path(form.get("next", "")), form.get("name", ""), form.get("password", "")
    await _hit_address_limit(visit)
    verdict = await visit.parts.sign_in_limit.hit(f"{_address(visit)} {name_key(name)[:200]}")
    if not verdict.is_allowed:
        seconds = verdict.headers["Retry-After"]
        visit.headers["Retry-After"] = seconds
        return _sign_in(visit, next_path, 429, f"Too many tries. Wait {seconds} seconds and try again.", name)
    earlier = visit.request.cookies.get(session_cookie(visit.origin))
    async with _turns.taken():
        token = await run_in_threadpool(access.sign_in, visit.toolbox, name, password[:2000], earlier)
    if token is None:
        return _sign_in(visit, next_path, 401, "Name and password do not fit together.", name)
    return _let_in(visit, token, next_path)


async def sign_out(visit: Visit) -> Response:
    assert visit.who is not None
    await run_in_threadpool(access.sign_out, visit.toolbox, visit.who.token)
    response = visit.redirect(visit.path("sign_in"))
    _set_cookie(visit, response, "", 0)
    return response


def _token(visit: Visit) -> str:
    token: str = visit.request.path_params["token"]
    return token


def _address(visit: Visit) -> str:
    return caller_of(visit.request.client.host) if visit.request.client else ""


async def _hit_address_limit(visit: Visit) -> None:
    verdict = await visit.parts.address_limit.hit(_address(visit))
    if not verdict.is_allowed:
        seconds = verdict.headers["Retry-After"]
        raise Problem(ErrorKind.RATE_LIMITED, f"wait {seconds} seconds", headers={"Retry-After": seconds})


def _welcome(visit: Visit, known_name: str | None, error: str | None = None, name: str = "") -> Response:
    values = {"known_name": known_name, "name": name, "error": error, "fewest_letters": FEWEST_LETTERS_OF_A_PASSWORD}
    return visit.page("welcome.html", 422 if error else 200, **values)


def _sign_in(visit: Visit, next_path: str, status: int = 200, error: str | None = None, name: str = "") -> Response:
    return visit.page("sign_in.html", status, next_path=next_path, error=error, name=name)


def _let_in(visit: Visit, token: str, path: str) -> Response:
    response = visit.redirect(path)
    _set_cookie(visit, response, token, SESSION_MS // 1000)
    return response


def _set_cookie(visit: Visit, response: Response, token: str, seconds: int) -> None:
    response.set_cookie(
        session_cookie(visit.origin),
        token,
        max_age=seconds,
        path="/",
        secure=visit.origin.is_secure,
        httponly=True,
        samesite="lax",
    )
