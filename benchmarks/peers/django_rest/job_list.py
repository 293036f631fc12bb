"""The list of jobs: its serializer, its pages, its view, and the URL that leads there."""

import base64
import json
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_rest.models import Job


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


def format_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TimeField(serializers.Field):
    def to_representation(self, value: int) -> str:
        return format_time(value)


class JobSerializer(serializers.ModelSerializer):
    jobId = serializers.CharField(source="id")
    type = serializers.ReadOnlyField(default="prospecting")
    createdAt = TimeField(source="created_ms")
    updatedAt = TimeField(source="updated_ms")

    class Meta:
        model = Job
        fields = ("jobId", "type", "status", "createdAt", "updatedAt")
        read_only_fields = fields


class JobListQuery(serializers.Serializer):
    status = serializers.ChoiceField(choices=[status.value for status in JobStatus], required=False)


class JobPagination(CursorPagination):
    """Pages by (created_ms, id) with the cursor of the contract: the library's own counts off equal times instead."""

    page_size = 25
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = ("-created_ms", "-id")

    def paginate_queryset(self, queryset: QuerySet[Job], request: Request, view: APIView | None = None) -> list[Job]:
        size = self.get_page_size(request)
        cursor = request.query_params.get(self.cursor_query_param)
        if cursor is not None:
            created_ms, id_ = self._read(cursor)
            # The first condition is what the index is walked by.
            queryset = queryset.filter(created_ms__lte=created_ms).filter(Q(created_ms__lt=created_ms) | Q(id__lt=id_))
        jobs = list(queryset.order_by(*self.ordering)[: size + 1])
        self.has_next = len(jobs) > size
        self.page = jobs[:size]
        return self.page

    def get_paginated_response(self, data: list[dict[str, Any]]) -> Response:
        next_cursor = self._write(self.page[-1]) if self.has_next else None
        page = {"items": data, "nextCursor": next_cursor, "hasMore": self.has_next}
        return Response({"success": True, "data": page, "error": None, "traceId": uuid.uuid4().hex})

    def _write(self, job: Job) -> str:
        plain = json.dumps({"createdAt": format_time(job.created_ms), "id": job.id}, separators=(",", ":"))
        return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()

    def _read(self, text: str) -> tuple[int, str]:
        try:
            place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return round(datetime.fromisoformat(place["createdAt"]).timestamp() * 1000), place["id"]
        except (ValueError, KeyError) as error:
            raise ValidationError({"cursor": "must be a nextCursor of this list"}) from error


class JobList(ListAPIView):
    serializer_class = JobSerializer
    pagination_class = JobPagination
    queryset: ClassVar[QuerySet[Job]] = Job.objects.all()

    def get_queryset(self) -> QuerySet[Job]:
        query = JobListQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        jobs = super().get_queryset().filter(account_group_id=self.kwargs["account_group_id"])
        return jobs.filter(status=query.validated_data["status"]) if query.validated_data else jobs


urlpatterns = [path("v1/accounts/<str:account_group_id>/prospecting", JobList.as_view())]
