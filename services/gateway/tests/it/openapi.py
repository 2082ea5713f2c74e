"""Reads OpenAPI documents from standard input, one a line, and says which are not valid."""

import json
import sys

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

count = 0
for line in sys.stdin:
    document = json.loads(line)
    count += 1
    is_31 = document["openapi"].startswith("3.1")
    validator = OpenAPIV31SpecValidator if is_31 else OpenAPIV30SpecValidator
    for error in validator(document).iter_errors():
        print(document["info"]["title"], list(error.absolute_path), error.message)
print(f"{count} documents")
