-- The rows of one registered request in one statement: what the database alone can commit. For pgbench -n -M prepared.
-- base keeps runs apart, client_id and n keep rows apart. JSON has a space after each colon: pgbench would take `:name` for a variable.
\set n :n + 1
\set k :base + :n * 64 + :client_id
WITH v AS (
  SELECT lpad(to_hex(:k::bigint), 32, '0')::uuid AS id, lpad(to_hex(:k::bigint * 2), 32, '0')::uuid AS t1,
         lpad(to_hex(:k::bigint * 2 + 1), 32, '0')::uuid AS t2, lpad((:k::bigint * 7919317 % 10000000000)::text, 10, '0') AS number,
         :k::bigint::text AS update_id, (7000000000 + :k::bigint)::text AS chat, clock_timestamp() AS at
), event AS (
  INSERT INTO raw_event (channel, account, external_id, conversation_key, slot, body, status, attempts, received_at, next_attempt_at, processed_at, outcome)
  SELECT 'telegram', 'main', update_id, 'telegram:' || 'main:' || chat, (ascii(right(update_id, 1)) % 16)::smallint,
         convert_to('{"update_id": ' || update_id || ',"message": {"message_id": ' || update_id || ',"from": {"id": ' || chat
           || ',"is_bot": false,"first_name": "Айгүл","last_name": "Сейітова","language_code": "kk"},"chat": {"id": ' || chat
           || ',"first_name": "Айгүл","last_name": "Сейітова","type": "private"},"date": 1795228481,"text": '
           || '"Тараз қаласы, Салтанат мөлтек ауданы, Абай көшесі 12 үй. Кеше кештен бері су жоқ, қашан береді?"}}', 'UTF8'),
         'done', 0, at, at, at, 'done' FROM v RETURNING id
), person AS (
  INSERT INTO resident (id, name, lang, created_at) SELECT id, 'Айгүл Сейітова', 'kk', at FROM v
), talk AS (
  INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, last_inbound_at, created_at)
  SELECT id, 'telegram', 'main', chat, id, 'kk',
         '{"step": {"at": "idle"},"lang": "kk","lang_chosen": false,"last": {"number": "' || number
           || '","at": "2026-11-21T02-34-42.011321Z","service": "water","hazard": null},"media_group": null}', at, at FROM v
), registered AS (
  INSERT INTO request (id, number, status, is_open, class, service, district, queue, priority, needs_utility, channel, lang, resident_id,
                       conversation_id, reported_at, received_at, updated_at, reopened, refused, breaches, sort_due, overdue, version, last_hash)
  SELECT id, number, 'queued', true, 'incident', 'water', 'taraz', 'water_taraz', 2, false, 'telegram', 'kk', id,
         id, at, at, at, 0, 0, 0, at + interval '20 minutes', false, 2, decode(repeat('5a', 32), 'hex') FROM v
), journal AS (
  INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
  SELECT id, 1, at, 'resident:' || id, 'registered',
         '{"kind": "registered","number": "' || number || '","channel": "telegram","lang": "kk","resident": "' || id || '","conversation": "' || id
           || '","class": "incident","service": "water","district": "taraz","hazard": null,"priority": 2,"needs_utility": false,"text": {"message": "'
           || id || '","digest": "' || repeat('a3f5f47f', 8) || '"},"reported_at": "2026-11-21T02-34-41Z","received_at": "2026-11-21T02-34-42.006705Z"}',
         decode(repeat('5a', 32), 'hex') FROM v
  UNION ALL
  SELECT id, 2, at, 'resident:' || id, 'queued',
         '{"kind": "queued","queue": "water_taraz","rule": "incident, the service''s own organisation in the district"}', decode(repeat('5a', 32), 'hex') FROM v
), place AS (
  INSERT INTO request_place (request_id, address) SELECT id, 'Салтанат мөлтек ауданы, Абай көшесі 12 үй' FROM v
), said AS (
  INSERT INTO message (id, request_id, conversation_id, direction, author, text, salt, raw_event_id, at)
  SELECT v.id, v.id, v.id, 'in', 'resident:' || v.id,
         'Тараз қаласы, Салтанат мөлтек ауданы, Абай көшесі 12 үй. Кеше кештен бері су жоқ, қашан береді?',
         decode(repeat('5a', 16), 'hex'), event.id, v.at FROM v, event
), clocks AS (
  INSERT INTO sla_timer (id, request_id, stage, round, state, started_at, due_at)
  SELECT t1, id, 'accept', 1, 'running', at, at + interval '20 minutes' FROM v
  UNION ALL SELECT t2, id, 'restore', 1, 'running', at, at + interval '1 day' FROM v
)
INSERT INTO outbox (channel, account, chat, lang, rank, conversation_id, request_id, template, params, keyboard, condition, status, attempts,
                    next_attempt_at, dedupe, created_at)
SELECT 'telegram', 'main', chat, 'kk', 1, id, id, 'ack.registered',
       '{"accept_due": "@time:' || at || '","district": "@district.taraz","due": "@time:' || at || '","number": "' || number
         || '","queue": "@queue.water_taraz","restore_due": "@time:' || at || '","service": "@service.water","status": "@state.queued"}',
       '{"inline": [[{"label": "btn.status","data": "st:' || number || '"},{"label": "btn.my","data": "my"}]]}', '"always"', 'pending', 0,
       at, 'ack:' || id, at FROM v;
