"""The log: one JSON object a line on standard error, whatever library of this process has something to say."""

import logging
import sys
import threading
from typing import Any

from goldpan.log_redaction import described_error, redacted
from goldpan.tracing import current_trace_id


class LogForwarder(logging.Handler):
    """Hands what a library logs to our logger, as `event`."""

    def __init__(self, logger: Any, event: str) -> None:
        super().__init__()
        self._logger = logger
        self._event = event

    def emit(self, record: logging.LogRecord) -> None:
        self._logger.log(
            record.levelno,
            self._event,
            library=record.name,
            message=redacted(record.getMessage()),
            exc_info=record.exc_info,
        )


def configure_logs() -> Any:
    """Return the logger, which from now on also has the warnings and worse of every library, uvicorn's included."""
    import msgspec
    import structlog

    def render(_logger: object, _method: str, event: Any) -> bytes:
        return msgspec.json.encode(dict(event), enc_hook=repr)

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(described_error),
            _add_trace_id,
            render,
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logger = structlog.get_logger()
    # Without a handler there, Python itself prints warnings to standard error, as bare text.
    logging.getLogger().handlers = [LogForwarder(logger, "library")]
    logging.captureWarnings(True)
    sys.excepthook = lambda *error: logger.critical("process_crashed", exc_info=error)
    threading.excepthook = lambda crash: logger.critical(
        "thread_crashed", thread=crash.thread.name if crash.thread else None, exc_info=crash[:3]
    )
    return logger


def _add_trace_id(_logger: object, _method: str, event: Any) -> Any:
    """Every line that is written for a request or for its job can be found by the trace id that the answer told."""
    if "trace_id" not in event and (trace_id := current_trace_id()):
        event["trace_id"] = trace_id
    return event
