"""Checks JSON on standard input against a schema: validate-json.py SCHEMA. Ends with 1 and every fault."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)))
for error in errors:
    print(f"{error.json_path}: {error.message[:300]}")
sys.exit(1 if errors else 0)
