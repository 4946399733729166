-- What the pages of the console look at beside open requests and calls: conversations, journals, words that can be found, and an audit of @requests@ lines.
-- On top of seed.sql and seed-calls.sql, after the account `bench` was made. @words@ is an array literal of folded words that every request holds; besides
-- each holds its street and its house.
INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, last_inbound_at, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'telegram', 'main', k::text, lpad(to_hex(k), 32, '0')::uuid, 'kk', '{"step":{"at":"idle"},"lang":"kk"}', now(), now()
FROM generate_series(1, @requests@) k;

INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
SELECT r.id, seq, r.received_at, 'resident:' || r.resident_id, CASE seq WHEN 1 THEN 'registered' ELSE 'queued' END,
       CASE seq
       WHEN 1 THEN json_build_object('kind', 'registered', 'number', r.number, 'channel', r.channel, 'lang', r.lang, 'resident', r.resident_id,
                                     'conversation', r.conversation_id, 'class', r.class, 'service', r.service, 'district', r.district, 'hazard', NULL,
                                     'priority', r.priority, 'needs_utility', r.needs_utility, 'text', json_build_object('message', r.id, 'digest', '5a'),
                                     'reported_at', at, 'received_at', at)::text
       ELSE '{"kind":"queued","queue":"' || r.queue || '","rule":"incident: the service''s own organisation in the district"}'
       END, decode(repeat('5a', 32), 'hex')
FROM request r, LATERAL (SELECT to_char(r.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at) x, generate_series(1, 3) seq;

INSERT INTO request_word (word, request_id)
SELECT w, id
FROM (SELECT lpad(to_hex(k), 32, '0')::uuid AS id, unnest(@words@::text[] || ARRAY['абай' || k / 20000, (k / 20 % 1000 + 1)::text]) AS w
      FROM generate_series(1, @requests@) k) x
ON CONFLICT DO NOTHING;
UPDATE message SET searched = TRUE;
UPDATE request_place SET searched = TRUE;

INSERT INTO access_log (at, actor, what, request_id, reason)
SELECT now() - k * interval '30 seconds',
       CASE WHEN k % 50 = 0 THEN (SELECT 'staff:' || id FROM staff WHERE login = 'bench') ELSE 'staff:' || lpad(to_hex(k % 40), 32, '0')::uuid END,
       'thread', lpad(to_hex(k), 32, '0')::uuid, NULL
FROM generate_series(1, @requests@) k;
