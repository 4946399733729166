-- Makes a year of the requests that seed.sql made: @requests@ spread over 360 days, 96 of a hundred closed, with classes, services, districts and doors as
-- a year has them, owners of clocks, houses, messages. seed.rs takes the indexes away meanwhile.
UPDATE request r
SET received_at = at, reported_at = at, updated_at = at, accepted_at = at + (k % 7200) * interval '1 second',
    arrived_at = CASE WHEN k % 4 = 0 THEN at + (k % 14400) * interval '1 second' END,
    resolved_at = CASE WHEN k % 25 <> 0 THEN at + (k * 13 % 250000) * interval '1 second' END,
    closed_at = CASE WHEN k % 25 <> 0 THEN at + (k * 17 % 400000) * interval '1 second' END,
    status = CASE WHEN k % 25 <> 0 THEN 'closed' ELSE 'assigned' END, is_open = (k % 25 = 0), overdue = (k % 100 = 0),
    class = CASE WHEN k % 100 < 80 THEN 'consultation' WHEN k % 100 < 97 THEN 'incident' WHEN k % 100 < 98 THEN 'complaint' ELSE 'proposal' END,
    service = (ARRAY['electricity', 'water', 'sewerage', 'gas', 'heating', 'housing', 'waste', 'roads', 'lighting', 'transport'])[1 + k / 7 % 10],
    district = (ARRAY['taraz', 'taraz', 'taraz', 'taraz', 'baizak', 'zhambyl', 'zhualy', 'korday', 'merki', 'shu', 'talas'])[1 + k / 3 % 11],
    channel = CASE WHEN k % 50 < 46 THEN 'phone' WHEN k % 50 < 48 THEN 'whatsapp' WHEN k % 50 < 49 THEN 'telegram' ELSE 'app' END,
    rating = CASE WHEN k % 6 = 0 THEN 1 + k % 5 END, reopened = CASE WHEN k % 30 = 0 THEN 1 ELSE 0 END
FROM (SELECT k, lpad(to_hex(k), 32, '0')::uuid AS key, now() - (k::bigint * 104729 % 31104000) * interval '1 second' AS at
      FROM generate_series(1, @requests@) k) x
WHERE r.id = x.key;

UPDATE sla_timer t
SET state = CASE WHEN r.is_open AND t.stage = 'restore' THEN 'running' WHEN r.reopened > 0 THEN 'breached' ELSE 'met' END,
    run = '{"policy":"p","revision":1,"need_us":3600000000,"laps":[{"owner":"' || r.queue || '","calendar":"always","from":"2026-01-01T00:00:00Z","to":null,"us":0}]}'
FROM request r WHERE r.id = t.request_id;

DELETE FROM open_delta;
DELETE FROM open_count;
INSERT INTO open_count (queue, status, overdue, n)
SELECT COALESCE(queue, ''), status, overdue, COUNT(*) FROM request WHERE is_open = TRUE GROUP BY COALESCE(queue, ''), status, overdue;

INSERT INTO request_house (request_id, house, at)
SELECT id, 'абай' || (abs(hashtext(id::text)) % 900) || '|' || (abs(hashtext(id::text)) / 7 % 120), received_at
FROM request WHERE abs(hashtext(id::text)) % 10 < 3;

INSERT INTO outbox (channel, account, chat, lang, rank, request_id, template, params, keyboard, condition, status, attempts, next_attempt_at, dedupe,
                    created_at, sent_at, provider_id, sent_text, stage)
SELECT CASE WHEN k % 3 = 0 THEN 'whatsapp' ELSE 'telegram' END, 'main', k::text, 'kk', 1, lpad(to_hex(k), 32, '0')::uuid, 'ack.registered', '{}', '"none"',
       '"always"', CASE WHEN k % 200 = 0 THEN 'dead' ELSE 'sent' END, 1, at, 'ack:year:' || k, at, at, 'y' || k, repeat('x', 200), CASE WHEN k % 3 = 0 THEN 4 ELSE 1 END
FROM generate_series(1, @requests@) k, LATERAL (SELECT now() - (31104000 - k::bigint * 31104000 / @requests@) * interval '1 second' AS at) x;
