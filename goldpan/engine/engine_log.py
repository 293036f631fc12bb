"""What DBOS has to say goes into our log: warnings and worse, but not that a job was cancelled."""

import logging
from typing import Any

from dbos import error as engine_error

from goldpan.json_log import LogForwarder

# A user cancels a job; DBOS reports it as a failure of the workflow, twice and with a traceback.
_CANCELLATIONS = (engine_error.DBOSAwaitedWorkflowCancelledError, engine_error.DBOSWorkflowCancelledError)


def forward_engine_log(logger: Any) -> None:
    """Let `logger` have what DBOS logs; call it before DBOS is built, or it prints to standard error besides."""
    forwarder = LogForwarder(logger, "engine")
    forwarder.addFilter(lambda record: not _is_cancellation(record))
    engine_logger = logging.getLogger("dbos")
    engine_logger.handlers = [forwarder]
    engine_logger.propagate = False


def _is_cancellation(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, _CANCELLATIONS) or "was cancelled during execution" in record.getMessage()
