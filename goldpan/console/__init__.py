"""The browser's door: pages on the same operations as the API; no SQL, no rules, and nothing from other hosts.

One page is one function that takes a `Visit`, one template, and one row in `console_pages`.
"""
