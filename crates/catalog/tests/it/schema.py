# Reads {"schema": …, "files": {name: file}}; prints each file that the schema refuses, and why.
import json
import sys

from jsonschema import Draft202012Validator

given = json.load(sys.stdin)
Draft202012Validator.check_schema(given["schema"])
validator = Draft202012Validator(given["schema"])
for name, file in sorted(given["files"].items()):
    for error in validator.iter_errors(file):
        print(f"{name}: {error.json_path}: {error.message}")
