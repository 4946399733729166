-- What else a store of @requests@ requests holds: events, people, chats, journal and sent answers. For measuring intake into a large store.
INSERT INTO raw_event (channel, account, external_id, conversation_key, slot, body, status, attempts, received_at, next_attempt_at, processed_at, outcome)
SELECT 'telegram', 'main', 'past:' || k, 'telegram:main:' || k, (k % 16)::smallint, convert_to(repeat('x', 400), 'UTF8'), 'done', 0, now(), now(), now(), 'done'
FROM generate_series(1, @requests@) k;

INSERT INTO resident (id, name, lang, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'Айгүл Сейітова', 'kk', now() FROM generate_series(1, @requests@) k;

INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'telegram', 'main', k::text, lpad(to_hex(k), 32, '0')::uuid, 'kk', '{"step":{"at":"idle"},"lang":"kk"}', now()
FROM generate_series(1, @requests@) k;

INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
SELECT lpad(to_hex(k), 32, '0')::uuid, seq, now(), 'resident:' || lpad(to_hex(k), 32, '0'), 'queued',
       '{"kind":"queued","queue":"water_taraz","rule":"incident: the service''s own organisation in the district"}', decode(repeat('5a', 32), 'hex')
FROM generate_series(1, @requests@) k, generate_series(1, 3) seq;

INSERT INTO outbox (channel, account, chat, lang, rank, conversation_id, request_id, template, params, keyboard, condition, status, attempts,
                    next_attempt_at, dedupe, created_at, sent_at, provider_id, sent_text)
SELECT 'telegram', 'main', k::text, 'kk', 1, lpad(to_hex(k), 32, '0')::uuid, lpad(to_hex(k), 32, '0')::uuid, 'ack.registered', '{}', '"none"',
       '"always"', 'sent', 1, now(), 'ack:past:' || k, now(), now(), k::text, repeat('x', 200)
FROM generate_series(1, @requests@) k;
