"""Every page of the console: to add one, write its function and its template, and name it here."""

from typing import Final

from goldpan.console import access_pages, job_list_page, start_page
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
)
