"""Write everybody in an audience to a CSV file, however many they are."""

import sys

from goldpan.client import AudienceNotReady, Goldpan

audience_id, path = sys.argv[1:]
with Goldpan() as client:
    try:
        client.audiences.export(audience_id, path, format="csv")
    except AudienceNotReady:
        sys.exit("A job is still filling this audience: try again when it has ended.")
print(f"{path} is written")
