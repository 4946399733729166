#!/usr/bin/env python3
"""Makes a resident and a request for the checks of the API, on a server with an embedded database.

Usage: seed_api.py URL DATABASE LOGIN PASSWORD

Prints lines for a shell: STAFF_TOKEN, RESIDENT_TOKEN, REQUEST_NUMBER. A resident signs in by a code that goes to a telephone, which no script holds;
so the resident's token is written into the table beside the one that the staff member got.
"""

import hashlib
import json
import secrets
import sqlite3
import sys
import urllib.request
import uuid


def call(url, path, body, token=None):
    """The JSON that a call answers."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{url}/api/v1{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def resident(database):
    """A token of a new resident."""
    token = secrets.token_hex(32)
    digest = hashlib.sha256(len(token).to_bytes(8, "big") + token.encode()).hexdigest()
    who, family = uuid.uuid4().bytes, uuid.uuid4().bytes
    with sqlite3.connect(database, timeout=10) as db:
        created, expires = db.execute("SELECT created_at, ends_at FROM staff_session").fetchone()
        db.execute("INSERT INTO resident (id, phone, lang, created_at) VALUES (?, '+77010000109', 'kk', ?)", (who, created))
        db.execute(
            "INSERT INTO token (hash, kind, subject_id, created_at, expires_at, family) VALUES (?, 'resident', ?, ?, ?, ?)",
            (digest, who, created, expires, family),
        )
    return token


def main(url, database, login, password):
    """Makes them."""
    staff = call(url, "/staff/login", {"login": login, "password": password})["token"]
    token = resident(database)
    made = call(url, "/requests", {"text": "Тараз, Абай көшесі 12, су жоқ"}, token)
    print(f"STAFF_TOKEN={staff}\nRESIDENT_TOKEN={token}\nREQUEST_NUMBER={made['number']}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
