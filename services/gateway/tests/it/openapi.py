"""Reads OpenAPI documents from standard input, one a line, and says which are not valid."""

import json
import sys

from openapi_spec_validator import OpenAPIV30SpecValidator

count = 0
for line in sys.stdin:
    document = json.loads(line)
    count += 1
    for error in OpenAPIV30SpecValidator(document).iter_errors():
        print(document["info"]["title"], list(error.absolute_path), error.message)
print(f"{count} documents")
