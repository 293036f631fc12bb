"""What DBOS has to say goes into our log: warnings and worse, but not that a job was cancelled."""

import logging
from typing import Any

from dbos import error as engine_error

# A user cancels a job; DBOS reports it as a failure of the workflow, twice and with a traceback.
_CANCELLATIONS = (engine_error.DBOSAwaitedWorkflowCancelledError, engine_error.DBOSWorkflowCancelledError)


class _Forwarder(logging.Handler):
    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        if not _is_cancellation(record):
            self._logger.log(record.levelno, "engine", message=record.getMessage(), exc_info=record.exc_info)


def forward_engine_log(logger: Any) -> None:
    """Let `logger` have what DBOS logs; call it before DBOS is built, or it prints to standard error besides."""
    engine_logger = logging.getLogger("dbos")
    engine_logger.handlers = [_Forwarder(logger)]
    engine_logger.propagate = False


def _is_cancellation(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, _CANCELLATIONS) or "was cancelled during execution" in record.getMessage()
