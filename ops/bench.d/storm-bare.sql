-- What firing clocks writes, for @ids@ of one claim, as one statement: the flip, the request's new state, the journal row.
WITH flipped AS (
  UPDATE sla_timer SET state = 'breached' WHERE id = ANY($1::uuid[]) AND state = 'running' RETURNING request_id, due_at
), changed AS (
  UPDATE request r SET priority = greatest(r.priority - 1, 1), breaches = r.breaches + 1, overdue = true, sort_due = f.due_at, updated_at = now(), version = r.version + 1,
         last_hash = decode(repeat('5b', 32), 'hex')
  FROM flipped f WHERE r.id = f.request_id RETURNING r.id, r.version, f.due_at
)
INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
SELECT id, version, now(), 'system:sweeper', 'breached',
       '{"kind":"breached","stage":"restore","due_at":"' || due_at || '","priority":1}', decode(repeat('5b', 32), 'hex') FROM changed;
