-- A year of the call centre: @calls@ calls over 360 days, more by day than by night, from a third as many numbers, every third of whose calls comes some
-- hours beside another, stored in the order they came; two of three answered calls became requests of seed.sql, one missed call of two a call-back. seed.rs
-- takes the indexes away meanwhile.
INSERT INTO call (id, source, key, direction, caller_kind, caller, phone, dialled, queue, agent, started_at, answered_at, ended_at, ivr_us, wait_us, talk_us,
                  hold_us, transfers, outcome, flags, callback_made, imported_at, updated_at)
SELECT lpad(to_hex(k), 32, '0')::uuid, 'main', 'year:' || k, CASE WHEN k % 20 = 0 THEN 'outbound' ELSE 'inbound' END, 'phone', phone, phone, '109',
       'queue ' || k % 4, CASE WHEN outcome = 'answered' THEN (100 + k * 31 % 40)::text END, at,
       CASE WHEN outcome = 'answered' THEN at + interval '15 seconds' END, at + interval '2 minutes', 3000000, (k * 7919 % 60000000)::bigint,
       CASE WHEN outcome = 'answered' THEN (k * 104729 % 300000000)::bigint ELSE 0 END, 0, 0, outcome, '', false, at, at
FROM generate_series(1, @calls@::bigint) k,
     LATERAL (SELECT '+7701' || lpad((CASE WHEN k % 3 = 0 THEN k - 1 ELSE k END * 7919 % (@calls@ / 3 + 1))::text, 7, '0') AS phone,
                     (ARRAY['answered', 'answered', 'answered', 'answered', 'answered', 'answered', 'abandoned_in_queue', 'missed', 'abandoned_in_ivr',
                            'answered'])[1 + k * 13 % 10] AS outcome,
                     now() - (CASE WHEN k % 3 = 0 THEN k - 1 ELSE k END * 104729 / 7 % 360) * interval '1 day'
                         - (k * 3571 % CASE WHEN k % 5 = 0 THEN 86400 ELSE 43200 END) * interval '1 second' AS at) x
ORDER BY at;

INSERT INTO call_link (call_id, request_id, how, actor, at)
SELECT id, id, 'agent_and_time', 'system:calls', started_at FROM call WHERE outcome = 'answered' AND abs(hashtext(id::text)) % 3 > 0;

INSERT INTO callback_task (id, phone, state, urgency, missed, attempts, call_id, first_missed_at, last_missed_at, due_at, next_at, outcome, closed_by,
                           closed_at, created_at)
SELECT id, phone, 'closed', 1, 1, 1, id, started_at, started_at, started_at + interval '30 minutes', started_at, 'reached', 'staff:bench',
       started_at + abs(hashtext(id::text)) % 3600 * interval '1 second', started_at
FROM call WHERE outcome IN ('missed', 'abandoned_in_queue') AND abs(hashtext(id::text)) % 2 = 0;
