"""Goldpan's tables as Django's models see them."""

from django.db import models


class ApiKey(models.Model):
    id = models.TextField(primary_key=True)
    secret_hash = models.BinaryField()
    permissions = models.TextField()
    expires_ms = models.BigIntegerField(null=True)
    revoked_ms = models.BigIntegerField(null=True)

    is_authenticated = True  # what Django REST Framework asks of a user

    class Meta:
        managed = False
        db_table = "api_key"


class ApiKeyAccountGroup(models.Model):
    pk = models.CompositePrimaryKey("api_key_id", "account_group_id")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    account_group_id = models.TextField()

    class Meta:
        managed = False
        db_table = "api_key_account_group"


class Job(models.Model):
    id = models.TextField(primary_key=True)
    account_group_id = models.TextField()
    status = models.TextField()
    created_ms = models.BigIntegerField()
    updated_ms = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "job"
