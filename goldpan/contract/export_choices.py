"""What a caller can choose of an export: how it is written, and for whose importer its columns are named."""

from enum import StrEnum


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"


class ExportPreset(StrEnum):
    PLAIN = "plain"
    HUBSPOT = "hubspot"
    HEYREACH = "heyreach"
    LEMLIST = "lemlist"
    APOLLO = "apollo"
