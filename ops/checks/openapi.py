#!/usr/bin/env python3
"""Checks the shape of an OpenAPI 3.1 file: what a client generator would stumble over.

Usage: openapi.py FILE.json
"""

import json
import re
import sys
from pathlib import Path

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def resolve(document, reference):
    """The node that a local reference names, or None."""
    if not reference.startswith("#/"):
        return None
    node = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return None
    return node


def references(node, where="#"):
    """Every `$ref` with the place where it stands. A property that is called `$ref` holds a schema, not a string."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield where, node["$ref"]
        for key, value in node.items():
            yield from references(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from references(value, f"{where}/{index}")


def parameters_of(document, holder):
    """The parameters of a path or an operation, references followed."""
    found = []
    for parameter in holder.get("parameters", []):
        found.append(resolve(document, parameter["$ref"]) or {} if "$ref" in parameter else parameter)
    return found


def check_operation(document, where, path, item, operation):
    """Faults of one operation."""
    faults = []
    if not operation.get("operationId"):
        faults.append(f"{where}: no operationId")
    if not (operation.get("summary") or operation.get("description")):
        faults.append(f"{where}: neither summary nor description")
    responses = operation.get("responses")
    if not isinstance(responses, dict) or not responses:
        faults.append(f"{where}: no responses")
        responses = {}
    for status, response in responses.items():
        if not re.fullmatch(r"[1-5](\d\d|XX)|default", status):
            faults.append(f"{where}: '{status}' is no status")
        if "$ref" not in response and not response.get("description"):
            faults.append(f"{where}: response {status} has no description")
    if responses and not any(status.startswith(("1", "2", "3")) or status == "default" for status in responses):
        faults.append(f"{where}: says how it fails, and not how it succeeds")

    parameters = parameters_of(document, item) + parameters_of(document, operation)
    named = {parameter.get("name") for parameter in parameters if parameter.get("in") == "path"}
    wanted = set(re.findall(r"\{([^}]+)\}", path))
    for name in sorted(wanted - named):
        faults.append(f"{where}: path parameter '{name}' is not described")
    for name in sorted(str(name) for name in named - wanted):
        faults.append(f"{where}: describes path parameter '{name}', which the path lacks")
    for parameter in parameters:
        if parameter.get("in") == "path" and parameter.get("required") is not True:
            faults.append(f"{where}: path parameter '{parameter.get('name')}' must be required")
        if "schema" not in parameter and "content" not in parameter:
            faults.append(f"{where}: parameter '{parameter.get('name')}' has no schema")

    schemes = document.get("components", {}).get("securitySchemes", {})
    for requirement in operation.get("security", document.get("security", [])):
        for name in requirement:
            if name not in schemes:
                faults.append(f"{where}: security scheme '{name}' does not exist")
    return faults


def check(document):
    """All faults of the document, and the count of its operations."""
    faults = []
    if not re.fullmatch(r"3\.1\.\d+", str(document.get("openapi"))):
        faults.append(f"openapi is {document.get('openapi')!r}, not 3.1.x")
    for key in ("title", "version"):
        if not document.get("info", {}).get(key):
            faults.append(f"info.{key} is missing")
    for where, reference in references(document):
        if resolve(document, reference) is None:
            faults.append(f"{where}: {reference} leads nowhere")

    seen = {}
    shapes = {}
    count = 0
    paths = document.get("paths") or {}
    if not paths:
        faults.append("no paths")
    for path, item in paths.items():
        if not path.startswith("/"):
            faults.append(f"{path}: does not start with a slash")
        shape = re.sub(r"\{[^}]+\}", "{}", path)
        if shape in shapes:
            faults.append(f"{path}: cannot be told from {shapes[shape]}")
        shapes[shape] = path
        operations = {method: value for method, value in item.items() if method in METHODS}
        if not operations:
            faults.append(f"{path}: no operations")
        for method, operation in operations.items():
            count += 1
            where = f"{method.upper()} {path}"
            faults += check_operation(document, where, path, item, operation)
            name = operation.get("operationId")
            if name and name in seen:
                faults.append(f"{where}: operationId '{name}' is taken by {seen[name]}")
            seen[name] = where
    return faults, count


def main(path):
    """Prints every fault; the exit code says whether there was one."""
    faults, count = check(json.loads(Path(path).read_text(encoding="utf-8")))
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    print(f"   {count} operations checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
