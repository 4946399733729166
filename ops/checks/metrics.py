#!/usr/bin/env python3
"""Holds three things together: the promised list of metrics, what the server shows, and what alerts and dashboards ask for.

Usage: metrics.py --list metrics.txt [--exposition FILE] QUERIES...   (QUERIES: alert rules in YAML, dashboards in JSON)

- every promised family is shown, with the promised type and labels;
- every metric and label in a query is promised, and every promised family is shown by a panel;
- with an exposition, a query that asks for one label value (`outcome="dead"`) finds a series: a misspelt value never fires.
"""

import argparse
import json
import re
import sys
from pathlib import Path

# Labels that Prometheus itself adds, and the bucket bound of histograms.
ADDED = {"job", "instance", "le", "severity", "alertname", "alertstate"}
# Metrics that others make, with their labels.
MADE = {
    "up": set(),
    "ALERTS": set(),
    # By blackbox_exporter and node_exporter, of which ops/prometheus/prometheus.yml shows how they are asked.
    "probe_ssl_earliest_cert_expiry": set(),
    "node_filesystem_avail_bytes": {"device", "fstype", "mountpoint"},
    "node_filesystem_size_bytes": {"device", "fstype", "mountpoint"},
}
# Families of ours: all shown ones with these beginnings must be promised.
OURS = ("jambyl_", "http_")
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+\S+")
PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_list(path):
    """name -> (type, set of labels)."""
    families = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        fields = line.split("#")[0].split()
        if fields:
            families[fields[0]] = (fields[1], set(fields[2].split(",")) if len(fields) > 2 else set())
    return families


def family_of(name, families):
    """The family that a series name belongs to, histogram suffixes removed, or None."""
    if name in families:
        return name
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if base in families and families[base][0] in ("histogram", "summary") else None


def check_shown(path, families):
    """Faults of the exposition against the list, and its series as (name, labels)."""
    faults, types, series = [], {}, []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
        elif line and not line.startswith("#"):
            match = SAMPLE.match(line)
            if match:
                series.append((match[1], dict(PAIR.findall(match[2] or ""))))
    for name, (kind, labels) in families.items():
        if name not in types:
            faults.append(f"{name} is promised and not shown")
            continue
        if types[name] != kind:
            faults.append(f"{name} is a {types[name]}, promised as a {kind}")
        for shown, pairs in series:
            if family_of(shown, families) == name and set(pairs) - {"le"} != labels:
                faults.append(f"{name} has labels {sorted(set(pairs) - {'le'})}, promised {sorted(labels)}")
                break
    for name in types:
        if name.startswith(OURS) and name not in families:
            faults.append(f"{name} is shown and stands in no list: add it to ops/prometheus/metrics.txt")
    return faults, series


def expressions(path):
    """The queries of a rules file or a dashboard, with the place of each."""
    text = Path(path).read_text(encoding="utf-8")
    if path.endswith(".json"):
        for where, query in walk(json.loads(text)):
            yield f"{path}: {where}", query
        return
    # Our rules files keep to one form: `expr: one line`, or `expr: |` (or `>`) with deeper lines below.
    rows = text.splitlines()
    for number, row in enumerate(rows):
        match = re.match(r"^(\s*(?:- )?)expr:\s*(.*)$", row)
        if not match:
            continue
        query = match[2]
        if re.fullmatch(r"[|>][+-]?|", query):
            indent, block = len(match[1]), []
            for below in rows[number + 1 :]:
                if below.strip() and len(below) - len(below.lstrip()) <= indent:
                    break
                block.append(below.strip())
            query = " ".join(block)
        yield f"{path}:{number + 1}", query


def walk(node, title=""):
    """Queries of a dashboard: `expr` of panels, and `label_values(...)` of variables."""
    if isinstance(node, dict):
        title = node.get("title", title)
        if isinstance(node.get("expr"), str):
            yield title, node["expr"]
        for value in node.values():
            yield from walk(value, title)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, title)


def check_query(where, query, families, series):
    """Faults of one query. `series` is None when no server was asked."""
    faults = []
    selectors = re.findall(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}", query)
    grouped = re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", query)
    bare = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", query)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', " ", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    words = set(re.findall(r"(?<![\w.$])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])", bare))
    names = words - {"and", "or", "unless", "bool", "offset", "by", "on", "without", "inf", "nan"}

    known = set()
    for name in sorted(names):
        family = family_of(name, families)
        if family:
            known |= families[family][1]
        elif name in MADE:
            known |= MADE[name]
        else:
            faults.append(f"{where}: {name} is not in the list")
    for group in grouped:
        for label in re.findall(r"\w+", group):
            if label not in known | ADDED:
                faults.append(f"{where}: groups by '{label}', which none of its metrics has")
    for name, matchers in selectors:
        family = family_of(name, families)
        labels = families[family][1] if family else MADE.get(name, set())
        exact = {}
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
            if label not in labels | ADDED:
                faults.append(f"{where}: {name} has no label '{label}'")
            elif operator == "=" and label in labels and "$" not in value:
                exact[label] = value
        # Routes and statuses appear with the first call, everything else stands from the start.
        if series is not None and family and not family.startswith("http_") and exact:
            if not any(family_of(shown, families) == family and exact.items() <= pairs.items() for shown, pairs in series):
                faults.append(f"{where}: no series of {family} has {exact}")
    return faults


def main():
    """Prints every fault; the exit code says whether there was one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", required=True)
    parser.add_argument("--exposition")
    parser.add_argument("queries", nargs="+")
    options = parser.parse_args()

    families = read_list(options.list)
    faults, series = check_shown(options.exposition, families) if options.exposition else ([], None)
    count = 0
    for path in options.queries:
        before = count
        for where, query in expressions(path):
            count += 1
            faults += check_query(where, query, families, series)
        if count == before:
            faults.append(f"{path}: no query found")
    for path in filter(lambda p: p.endswith(".json"), options.queries):
        text = " ".join(query for _, query in expressions(path))
        asked = {family_of(word, families) for word in re.findall(r"[a-zA-Z_:][\w:]*", text)}
        faults += [f"{path}: no panel shows {name}" for name in families if name not in asked]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    shown = f", {len(series)} series shown" if series is not None else ""
    print(f"   {len(families)} families promised{shown}, {count} queries checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
