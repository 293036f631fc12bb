"""The parameters of an export."""

from goldpan.api.parameters import Parameter
from goldpan.contract.export_choices import ExportFormat, ExportPreset

EXPORT_FORMAT = Parameter(
    "format",
    "query",
    "export_format",
    ExportFormat,
    ExportFormat.CSV,
    f"must be one of {', '.join(ExportFormat)}",
    "How the file is written.",
    {"type": "string", "enum": list(ExportFormat), "default": "csv"},
)
EXPORT_PRESET = Parameter(
    "preset",
    "query",
    "preset",
    ExportPreset,
    ExportPreset.PLAIN,
    f"must be one of {', '.join(ExportPreset)}",
    "Whose columns: ours, or those that another tool's importer knows. With `format=jsonl` only `plain`.",
    {"type": "string", "enum": list(ExportPreset), "default": "plain"},
)
