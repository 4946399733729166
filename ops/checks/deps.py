#!/usr/bin/env python3
"""Checks the dependencies without the network: licences, sources, and heavy crates that come twice.

Usage: deps.py METADATA.json Cargo.lock FOLDER   (METADATA from `cargo metadata`, FOLDER holds licences.txt and duplicates.txt)
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
# Two versions of one of these cost minutes of build, megabytes of binary, or types that do not fit together.
HEAVY = {"actix-web", "chrono", "hyper", "reqwest", "rustls", "sea-orm", "serde", "sqlx-core", "tokio"}


def lines(path):
    """The lines of a list file without comments and blanks."""
    text = Path(path).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def allowed(expression, licences):
    """Whether an SPDX expression can be met with the listed licences; the old spelling `A/B` means OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", re.sub(r"\s*/\s*", " OR ", expression))
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1] if position <= len(tokens) else None

    def either():
        good = both()
        while peek() == "OR":
            take()
            good = both() or good
        return good

    def both():
        good = one()
        while peek() == "AND":
            take()
            good = one() and good
        return good

    def one():
        name = take()
        if name == "(":
            good = either()
            return take() == ")" and good
        if peek() == "WITH":
            take()
            name = f"{name} WITH {take()}"
        return name in licences

    good = either()
    return good and position == len(tokens)


def main(metadata_path, lock_path, folder):
    """Prints every fault; the exit code says whether there was one."""
    metadata = json.loads(Path(metadata_path).read_text(encoding="utf-8"))
    lock = Path(lock_path).read_text(encoding="utf-8")
    licences = set(lines(Path(folder) / "licences.txt"))
    faults = []

    ours = set(metadata["workspace_members"])
    foreign = [package for package in metadata["packages"] if package["id"] not in ours]
    for package in foreign:
        name = f"{package['name']} {package['version']}"
        if not allowed(package["license"] or "(none stated)", licences):
            faults.append(f"{name}: licence {package['license'] or 'not stated'} is not in ops/deps/licences.txt")

    # The lock file, because it also names what other platforms would bring.
    versions = defaultdict(set)
    own_names = {package["name"] for package in metadata["packages"] if package["id"] in ours}
    for block in lock.split("[[package]]")[1:]:
        fields = dict(re.findall(r'^(name|version|source|checksum) = "([^"]*)"', block, re.MULTILINE))
        name = f"{fields['name']} {fields['version']}"
        versions[fields["name"]].add(fields["version"])
        if "source" not in fields:
            if fields["name"] not in own_names:
                faults.append(f"{name}: comes from a path outside the workspace")
        elif fields["source"] != REGISTRY:
            faults.append(f"{name}: comes from {fields['source']}, not from the registry")
        elif "checksum" not in fields:
            faults.append(f"{name}: has no checksum")

    exceptions = {}
    for line in lines(Path(folder) / "duplicates.txt"):
        name, _, reason = line.partition(":")
        if not reason.strip():
            faults.append(f"duplicates.txt: {name} has no reason")
        exceptions[name.strip()] = reason.strip()
    for name in sorted(HEAVY):
        many = sorted(versions[name])
        if len(many) > 1 and name not in exceptions:
            faults.append(f"{name} comes in {len(many)} versions: {', '.join(many)}")
    for name in sorted(exceptions):
        if len(versions[name]) < 2:
            faults.append(f"duplicates.txt: {name} comes once now, remove the entry")

    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    print(f"   {len(foreign)} crates checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
