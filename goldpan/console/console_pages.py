"""Every page of the console: to add one, write its function and its template, and name it here."""

from typing import Final

from goldpan.console import (
    access_pages,
    credit_page,
    file_pages,
    job_list_page,
    key_pages,
    start_page,
    system_page,
)
from goldpan.console.console_app import Access, Page

_GROUP = "/accounts/{accountGroupId}"

PAGES: Final = (
    Page("start", "GET", "/", start_page.start_page),
    Page("sign_in", "GET", "/login", access_pages.sign_in_page, Access.ANYONE),
    Page("sign_in", "POST", "/login", access_pages.sign_in, Access.ANYONE),
    Page("sign_out", "POST", "/logout", access_pages.sign_out),
    Page("welcome", "GET", "/welcome/{token}", access_pages.welcome_page, Access.ANYONE),
    Page("welcome", "POST", "/welcome/{token}", access_pages.welcome, Access.ANYONE),
    Page("jobs", "GET", f"{_GROUP}/jobs", job_list_page.job_list_page),
    Page("jobs_live", "GET", f"{_GROUP}/jobs/live", job_list_page.job_list_live, is_live=True),
    Page("files", "GET", f"{_GROUP}/files", file_pages.file_list_page),
    Page("files", "POST", f"{_GROUP}/files", file_pages.upload),
    Page("file", "GET", f"{_GROUP}/files/{{fileId}}", file_pages.file_page),
    Page("credits", "GET", f"{_GROUP}/credits", credit_page.credit_page),
    Page("keys", "GET", f"{_GROUP}/keys", key_pages.key_list_page),
    Page("new_key", "GET", f"{_GROUP}/keys/new", key_pages.new_key_page),
    Page("new_key", "POST", f"{_GROUP}/keys/new", key_pages.create),
    Page("roll_key", "GET", f"{_GROUP}/keys/{{keyId}}/roll", key_pages.roll_page),
    Page("roll_key", "POST", f"{_GROUP}/keys/{{keyId}}/roll", key_pages.roll),
    Page("revoke_key", "GET", f"{_GROUP}/keys/{{keyId}}/revoke", key_pages.revoke_page),
    Page("revoke_key", "POST", f"{_GROUP}/keys/{{keyId}}/revoke", key_pages.revoke),
    Page("system", "GET", f"{_GROUP}/system", system_page.system_page),
)
