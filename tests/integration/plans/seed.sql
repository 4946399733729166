-- A store that has grown: 20,000 requests, half of them in one queue, with everything around them. @numbers@, @resident@ and @crew@ come from the test.
INSERT INTO resident (id, name, lang, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'Айгүл', 'kk', now() FROM generate_series(1, 20000) k;

INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, silence_at, last_inbound_at, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'telegram', 'main', (500000 + k)::text, lpad(to_hex(k), 32, '0')::uuid, 'kk', '{}',
       CASE WHEN k % 10 = 0 THEN timestamptz '2030-01-01' + k * interval '1 second' END, now(), now()
FROM generate_series(1, 20000) k;

INSERT INTO request (id, number, status, is_open, class, service, district, queue, crew, priority, needs_utility, channel, lang, resident_id,
                     conversation_id, reported_at, received_at, accepted_at, updated_at, reopened, refused, breaches, sort_due, overdue, version, last_hash)
SELECT lpad(to_hex(k), 32, '0')::uuid, number, CASE WHEN k % 5 = 0 THEN 'closed' WHEN k % 5 = 1 THEN 'queued' ELSE 'assigned' END, k % 5 <> 0,
       CASE WHEN k % 3 = 0 THEN 'complaint' ELSE 'incident' END, 'electricity', CASE WHEN k % 4 = 0 THEN 'shu' ELSE 'taraz' END,
       CASE WHEN k % 2 = 0 THEN 'electricity' ELSE 'water_taraz' END, CASE WHEN k % 100 = 2 THEN '@crew@' END, (1 + k % 3)::smallint, false,
       'telegram', 'kk', CASE WHEN k <= 2000 THEN '@resident@'::uuid ELSE lpad(to_hex(k), 32, '0')::uuid END,
       lpad(to_hex(k), 32, '0')::uuid, at, at, at, at, 0, 0, 0, at + interval '30 days', k % 50 = 2, 3, decode(repeat('5a', 32), 'hex')
FROM unnest(string_to_array('@numbers@', ',')) WITH ORDINALITY AS n(number, k),
     LATERAL (SELECT timestamptz '2026-11-20 00:00Z' + (k * 7919 % 100000) * interval '1 second' AS at) x;

INSERT INTO request_place (request_id, address) SELECT lpad(to_hex(k), 32, '0')::uuid, 'Абай ' || k FROM generate_series(1, 20000) k;

INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
SELECT lpad(to_hex(k), 32, '0')::uuid, seq, now(), 'system', 'queued', '{}', decode(repeat('5a', 32), 'hex')
FROM generate_series(1, 20000) k, generate_series(1, 2) seq;

INSERT INTO sla_timer (id, request_id, stage, round, state, started_at, due_at, ended_at)
SELECT lpad(to_hex(k * 2 + s), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, CASE s WHEN 0 THEN 'accept' ELSE 'restore' END, 1,
       CASE s WHEN 0 THEN 'met' ELSE 'running' END, timestamptz '2026-10-01' + k * interval '1 minute', timestamptz '2030-01-01' + k * interval '1 second',
       CASE s WHEN 0 THEN now() END
FROM generate_series(1, 20000) k, generate_series(0, 1) s;

INSERT INTO message (id, request_id, conversation_id, direction, author, text, salt, at)
SELECT lpad(to_hex(k * 2 + s), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'in', 'resident',
       'Кеше кештен бері жарық жоқ ' || k, decode(repeat('5a', 16), 'hex'), now()
FROM generate_series(1, 20000) k, generate_series(0, 1) s;

INSERT INTO attachment (id, request_id, conversation_id, channel, account, kind, file_id, status, attempts, next_attempt_at, at)
SELECT lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'telegram', 'main', 'photo', 'f' || k,
       CASE WHEN k % 20 = 0 THEN 'waiting' ELSE 'lost' END, 1, timestamptz '2030-01-01', now()
FROM generate_series(1, 20000) k;

INSERT INTO outbox (channel, account, chat, lang, rank, conversation_id, request_id, template, params, keyboard, condition, status, attempts,
                    next_attempt_at, dedupe, created_at, sent_at)
SELECT 'telegram', 'main', (500000 + k)::text, 'kk', 1, lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'ack.incident', '{}', '"none"',
       '"always"', CASE WHEN k % 40 = 0 THEN 'dead' WHEN k % 4 = 1 THEN 'pending' WHEN k % 40 = 2 THEN 'expired' WHEN k % 400 = 3 THEN 'parked' ELSE 'sent' END,
       1, timestamptz '2030-01-01', 'seed:' || k, now(), now()
FROM generate_series(1, 20000) k;

INSERT INTO raw_event (channel, account, external_id, conversation_key, slot, body, status, attempts, received_at, next_attempt_at)
SELECT 'telegram', 'main', 'seed:' || k, 'telegram:main:' || (500000 + k), (k % 16)::smallint, convert_to('{}', 'UTF8'),
       CASE WHEN k % 100 = 0 THEN 'waiting' WHEN k % 500 = 1 THEN 'parked' WHEN k % 500 = 2 THEN 'unreadable' ELSE 'done' END, 1, now(), timestamptz '2030-01-01'
FROM generate_series(1, 20000) k;

-- Letters: each thread has one that came and one that went out; two years of digests for thirty readers.
INSERT INTO mail_letter (account, letter, chat, address, subject, outbox_id, at)
SELECT 'main', 'l' || k || '.' || s || '@mail.test', 'a' || k % 4000 || '@mail.test#' || lpad(to_hex(k), 16, '0'), 'a' || k % 4000 || '@mail.test',
       CASE s WHEN 0 THEN 'Жарық жоқ' END, CASE s WHEN 1 THEN k END, timestamptz '2026-10-01' + (k * 2 + s) * interval '1 minute'
FROM generate_series(1, 20000) k, generate_series(0, 1) s;

INSERT INTO mail_whole (account, external_id, chat, body, at)
SELECT 'main', 'l' || k || '.0@mail.test/0', 'a' || k % 4000 || '@mail.test#' || lpad(to_hex(k), 16, '0'), convert_to('letter', 'UTF8'),
       timestamptz '2026-10-01' + k * interval '1 minute'
FROM generate_series(1, 20000) k;

INSERT INTO digest_letter (key, day, address, subject, text, html, made_at)
SELECT 'digest:' || d || ':r' || r || '@akimat.test', d::text, 'r' || r || '@akimat.test', 's', 't', 'h', d + interval '8 hours'
FROM generate_series(timestamptz '2025-01-01', timestamptz '2026-11-20', interval '1 day') d, generate_series(1, 30) r;

INSERT INTO digest_reader (address, lang, scope, active, changed_at)
SELECT 'r' || r || '@akimat.test', 'kk', 'all', r % 3 <> 0, now() FROM generate_series(1, 30) r;

INSERT INTO token (hash, kind, subject_id, created_at, expires_at)
SELECT md5(k::text) || md5(k::text), 'resident', lpad(to_hex(k), 32, '0')::uuid, now(), timestamptz '2030-01-01' FROM generate_series(1, 20000) k;

INSERT INTO otp (id, purpose, subject, code_hash, attempts, created_at, expires_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'sign_in', '+7701' || lpad(k::text, 7, '0'), 'x', 0, now(), timestamptz '2030-01-01' FROM generate_series(1, 20000) k;

INSERT INTO access_log (at, actor, what, request_id)
SELECT timestamptz '2026-11-20 12:00:00Z' - k * interval '5 minutes', 'staff:' || (k % 40), 'thread', lpad(to_hex(k), 32, '0')::uuid
FROM generate_series(1, 20000) k;

INSERT INTO idempotency (scope, key, body_hash, status, created_at)
SELECT 'seed', k::text, 'x', 201, now() FROM generate_series(1, 20000) k;

INSERT INTO open_delta (queue, status, overdue, n) SELECT queue, status, overdue, count(*) FROM request WHERE is_open GROUP BY 1, 2, 3;

INSERT INTO call (id, source, key, direction, caller_kind, caller, phone, dialled, queue, agent, started_at, answered_at, ended_at, ivr_us, wait_us, talk_us,
                  hold_us, transfers, outcome, flags, callback_made, imported_at, updated_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'main', 'seed:' || k, CASE WHEN k % 9 = 0 THEN 'outbound' ELSE 'inbound' END, 'phone', phone, phone, '109', 'q' || k % 3,
       '10' || k % 9, at, at + interval '20 seconds', at + interval '2 minutes', 0, 20000000, 100000000, 0, 0, CASE WHEN k % 8 = 0 THEN 'missed' ELSE 'answered' END,
       '', false, at, at
FROM generate_series(1, 20000) k, LATERAL (SELECT timestamptz '2026-11-23 00:00Z' - k * interval '15 minutes' AS at, '+7701' || lpad((k % 7000)::text, 7, '0') AS phone) x;
INSERT INTO call_link (call_id, request_id, how, actor, at)
SELECT lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'named', 'seed', now() FROM generate_series(1, 20000) k WHERE k % 2 = 0;
INSERT INTO callback_task (id, phone, state, urgency, missed, attempts, call_id, first_missed_at, last_missed_at, due_at, next_at, outcome, closed_at, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, '+7701' || lpad(k::text, 7, '0'), 'closed', 1, 1, 1, lpad(to_hex(k), 32, '0')::uuid, at, at, at, at, 'reached', at, at
FROM generate_series(1, 20000) k, LATERAL (SELECT timestamptz '2026-11-23 00:00Z' - k * interval '15 minutes' AS at) x;

UPDATE message SET searched = TRUE WHERE id > lpad(to_hex(300), 32, '0')::uuid;
UPDATE request_place SET searched = TRUE WHERE request_id > lpad(to_hex(300), 32, '0')::uuid;
INSERT INTO request_word (word, request_id)
SELECT w, lpad(to_hex(k), 32, '0')::uuid FROM generate_series(1, 20000) k, LATERAL (VALUES ('жарык'), ('жок'), ('соз' || k % 5000)) v(w);
INSERT INTO search_gram (gram, word)
SELECT DISTINCT substr('^' || word || '$', i, 3), word FROM (SELECT DISTINCT word FROM request_word) x, LATERAL generate_series(1, length(word)) i;
INSERT INTO staff_seen (staff_id, request_id, at)
SELECT lpad(to_hex(s), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, now() FROM generate_series(1, 4) s, generate_series(1, 20000) k;
