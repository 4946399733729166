-- What the operator's desk looks at beside open requests: callers' numbers, addresses, houses, and @calls@ calls of those numbers in the last days.
-- Twenty requests share each house. On top of seed.sql.
INSERT INTO resident (id, phone, name, lang, created_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, '+7701' || lpad(k::text, 7, '0'), 'Айгүл Сейітова', 'kk', now() FROM generate_series(1, @requests@) k;

INSERT INTO request_place (request_id, address)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'Абай' || k / 20000 || ' көшесі ' || k / 20 % 1000 + 1 FROM generate_series(1, @requests@) k;

INSERT INTO request_house (request_id, house, at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'абай' || k / 20000 || '|' || k / 20 % 1000 + 1, now() FROM generate_series(1, @requests@) k;

INSERT INTO call (id, source, key, direction, caller_kind, caller, phone, dialled, started_at, answered_at, ended_at, ivr_us, wait_us, talk_us, hold_us,
                  transfers, outcome, flags, callback_made, imported_at, updated_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'main', 'bench:' || k, 'inbound', 'phone', '+7701' || lpad((k * 10)::text, 7, '0'), '+7701' || lpad((k * 10)::text, 7, '0'), '109',
       at, at + interval '20 seconds', at + interval '2 minutes', 0, 20000000, 100000000, 0, 0, 'answered', '[]', false, at, at
FROM generate_series(1, @calls@) k, LATERAL (SELECT now() - (k % 86400) * interval '1 second' AS at) x;
ANALYZE;
