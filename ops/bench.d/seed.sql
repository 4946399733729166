-- Open requests for the scenarios that need a large store: @requests@ of them, spread evenly over the queues named in @queues@ (an array literal).
-- Each is assigned, with what was said, the clock that was met and the clock that runs. seed.rs brings the public numbers (bench_number) and takes
-- the indexes away while the rows come.
INSERT INTO request (id, number, status, is_open, class, service, district, queue, priority, needs_utility, channel, lang, resident_id,
                     conversation_id, reported_at, received_at, accepted_at, updated_at, reopened, refused, breaches, sort_due, overdue, version, last_hash)
SELECT lpad(to_hex(k), 32, '0')::uuid, number, 'assigned', true, 'incident', 'water', 'taraz',
       (@queues@::text[])[1 + k % array_length(@queues@::text[], 1)], (1 + k % 3)::smallint, false, 'telegram', 'kk',
       lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, at, at, at, at, 0, 0, 0, at + interval '30 days', false, 3,
       decode(repeat('5a', 32), 'hex')
FROM bench_number, LATERAL (SELECT now() - (k::bigint * 7919 % 1000000) * interval '1 second' AS at) x;

INSERT INTO sla_timer (id, request_id, stage, round, state, started_at, due_at, ended_at)
SELECT lpad(to_hex(k * 2), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'accept', 1, 'met', now(), now(), now()
FROM generate_series(1, @requests@) k
UNION ALL
SELECT lpad(to_hex(k * 2 + 1), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'restore', 1, 'running', now(),
       now() + interval '30 days' + (k::bigint * 7919 % 1000000) * interval '1 second', NULL
FROM generate_series(1, @requests@) k;

INSERT INTO message (id, request_id, conversation_id, direction, author, text, salt, at)
SELECT lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'in',
       'resident:' || lpad(to_hex(k), 32, '0'), 'Тараз қаласы, Абай көшесі ' || k || '. Кеше кештен бері су жоқ, қашан береді?',
       decode(repeat('5a', 16), 'hex'), now()
FROM generate_series(1, @requests@) k;

-- What the service keeps with every change.
INSERT INTO open_delta (queue, status, overdue, n) SELECT queue, status, overdue, count(*) FROM request WHERE is_open GROUP BY queue, status, overdue;
