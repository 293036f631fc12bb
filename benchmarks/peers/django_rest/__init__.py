"""The list endpoint as a team that knows Django writes it: Django REST Framework, served by gunicorn.

Like the other peer it does less than Goldpan, to its own advantage: no log line, and models of those columns only that
the list and the key need.
"""
