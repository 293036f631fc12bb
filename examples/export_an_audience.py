"""Write everybody in an audience to a CSV file, however many they are."""

import argparse
import sys

from goldpan.client import AudienceNotReady, Goldpan

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("audience_id")
parser.add_argument("path", help="the file to write")
arguments = parser.parse_args()

with Goldpan() as client:
    try:
        client.audiences.export(arguments.audience_id, arguments.path, format="csv")
    except AudienceNotReady:
        sys.exit("A job is still filling this audience: try again when it has ended.")
print(f"{arguments.path} is written")
