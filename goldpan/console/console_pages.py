"""Every page of the console: to add one, write its function and its template, and name it here."""

from typing import Final

from goldpan.console import (
    access_pages,
    audience_list_page,
    audience_page,
    credit_page,
    file_pages,
    job_list_page,
    job_page,
    key_pages,
    new_job_page,
    people_page,
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
    Page("new_job", "GET", f"{_GROUP}/jobs/new", new_job_page.new_job_page),
    Page("new_job", "POST", f"{_GROUP}/jobs/new", new_job_page.new_job),
    Page("new_job_preview", "POST", f"{_GROUP}/jobs/new/preview", new_job_page.new_job_preview),
    Page("new_job_estimate", "POST", f"{_GROUP}/jobs/new/estimate", new_job_page.new_job_estimate),
    Page("job", "GET", f"{_GROUP}/jobs/{{jobId}}", job_page.job_page),
    Page("job_live", "GET", f"{_GROUP}/jobs/{{jobId}}/live", job_page.job_live, is_live=True),
    Page("job_raw", "GET", f"{_GROUP}/jobs/{{jobId}}/json", job_page.job_raw_page),
    Page("job_cancel", "GET", f"{_GROUP}/jobs/{{jobId}}/cancel", job_page.cancel_page),
    Page("job_cancel", "POST", f"{_GROUP}/jobs/{{jobId}}/cancel", job_page.cancel),
    Page("job_resume", "GET", f"{_GROUP}/jobs/{{jobId}}/resume", job_page.resume_page),
    Page("job_resume", "POST", f"{_GROUP}/jobs/{{jobId}}/resume", job_page.resume),
    Page("audiences", "GET", f"{_GROUP}/audiences", audience_list_page.audience_list_page),
    Page("audiences", "POST", f"{_GROUP}/audiences", audience_list_page.new_audience),
    Page("audience", "GET", f"{_GROUP}/audiences/{{audienceId}}", audience_page.audience_page),
    Page("export", "GET", f"{_GROUP}/audiences/{{audienceId}}/export", audience_page.export, is_counted=True),
    Page("people", "GET", f"{_GROUP}/people", people_page.people_page),
    Page("person", "GET", f"{_GROUP}/people/{{prospectId}}", people_page.person_page),
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
