"""DOOR: THE SHELL. The `goldpan` command: translates options into verbs or API calls, answers in text or JSON.

Importing it must stay cheap (`goldpan --help` in under 150 ms): whatever opens a database, speaks HTTP or draws on a
terminal is imported where a command runs.
"""

from goldpan.cli.command_line import main as main
