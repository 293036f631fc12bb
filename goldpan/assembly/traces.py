"""Where a process sends its traces, if anywhere; OpenTelemetry is imported here and in `goldpan.tracing` alone."""

import goldpan
from goldpan import tracing
from goldpan.assembly.database_access import CannotStart
from goldpan.settings import Settings


def check_traces(settings: Settings) -> None:
    """Make sure that traces can be sent as the settings say.

    Raises:
        CannotStart: the endpoint is no URL, or the extra is not installed.
    """
    if not settings.traces_endpoint:
        return
    if not settings.traces_endpoint.startswith(("http://", "https://")):
        raise CannotStart("GOLDPAN_TRACES_ENDPOINT must look like http://127.0.0.1:4318/v1/traces")
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401 whether they are there
    except ImportError as error:
        raise CannotStart(
            "GOLDPAN_TRACES_ENDPOINT needs OpenTelemetry: pip install '/path/to/goldpan[otel]'"
        ) from error


def send_traces(settings: Settings) -> None:
    """Send the spans of this process to the endpoint from now on; those that are left go when the process ends.

    Raises:
        CannotStart: as above.
    """
    check_traces(settings)
    if not settings.traces_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    tracing.switch_on(OTLPSpanExporter(endpoint=settings.traces_endpoint), goldpan.__version__)
