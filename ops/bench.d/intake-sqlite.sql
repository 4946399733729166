-- The rows of one registered request as one statement: an INSERT into this view is one commit, and the trigger writes all rows of it.
CREATE VIEW bench_request AS
SELECT 0 AS k, x'' AS id, x'' AS t1, x'' AS t2, '' AS uuid, '' AS at, '' AS due, '' AS number, '' AS chat;

CREATE TRIGGER bench_request_insert INSTEAD OF INSERT ON bench_request BEGIN
  INSERT INTO raw_event (channel, account, external_id, conversation_key, slot, body, status, attempts, received_at, next_attempt_at, processed_at, outcome)
  VALUES ('telegram', 'main', NEW.k, 'telegram:main:' || NEW.chat, NEW.k % 16,
          CAST('{"update_id":' || NEW.k || ',"message":{"message_id":' || NEW.k || ',"from":{"id":' || NEW.chat
            || ',"is_bot":false,"first_name":"Айгүл","last_name":"Сейітова","language_code":"kk"},"chat":{"id":' || NEW.chat
            || ',"first_name":"Айгүл","last_name":"Сейітова","type":"private"},"date":1795228481,"text":'
            || '"Тараз қаласы, Салтанат мөлтек ауданы, Абай көшесі 12 үй. Кеше кештен бері су жоқ, қашан береді?"}}' AS BLOB),
          'done', 0, NEW.at, NEW.at, NEW.at, 'done');
  INSERT INTO message (id, request_id, conversation_id, direction, author, text, salt, raw_event_id, at)
  VALUES (NEW.id, NEW.id, NEW.id, 'in', 'resident:' || NEW.uuid,
          'Тараз қаласы, Салтанат мөлтек ауданы, Абай көшесі 12 үй. Кеше кештен бері су жоқ, қашан береді?',
          x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a', last_insert_rowid(), NEW.at);
  INSERT INTO resident (id, name, lang, created_at) VALUES (NEW.id, 'Айгүл Сейітова', 'kk', NEW.at);
  INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, last_inbound_at, created_at)
  VALUES (NEW.id, 'telegram', 'main', NEW.chat, NEW.id, 'kk',
          '{"step":{"at":"idle"},"lang":"kk","lang_chosen":false,"last":{"number":"' || NEW.number || '","at":"' || NEW.at
            || '","service":"water","hazard":null},"media_group":null}', NEW.at, NEW.at);
  INSERT INTO request (id, number, status, is_open, class, service, district, queue, priority, needs_utility, channel, lang, resident_id,
                       conversation_id, reported_at, received_at, updated_at, reopened, refused, breaches, sort_due, overdue, version, last_hash)
  VALUES (NEW.id, NEW.number, 'queued', 1, 'incident', 'water', 'taraz', 'water_taraz', 2, 0, 'telegram', 'kk', NEW.id,
          NEW.id, NEW.at, NEW.at, NEW.at, 0, 0, 0, NEW.due, 0, 2, x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a');
  INSERT INTO request_journal (request_id, seq, at, actor, kind, payload, hash)
  VALUES (NEW.id, 1, NEW.at, 'resident:' || NEW.uuid, 'registered',
          '{"kind":"registered","number":"' || NEW.number || '","channel":"telegram","lang":"kk","resident":"' || NEW.uuid || '","conversation":"'
            || NEW.uuid || '","class":"incident","service":"water","district":"taraz","hazard":null,"priority":2,"needs_utility":false,"text":{"message":"'
            || NEW.uuid || '","digest":"a3f5f47fa3f5f47fa3f5f47fa3f5f47fa3f5f47fa3f5f47fa3f5f47fa3f5f47f"},"reported_at":"' || NEW.at
            || '","received_at":"' || NEW.at || '"}', x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'),
         (NEW.id, 2, NEW.at, 'resident:' || NEW.uuid, 'queued',
          '{"kind":"queued","queue":"water_taraz","rule":"incident: the service''s own organisation in the district"}',
          x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a');
  INSERT INTO request_place (request_id, address) VALUES (NEW.id, 'Салтанат мөлтек ауданы, Абай көшесі 12 үй');
  INSERT INTO sla_timer (id, request_id, stage, round, state, started_at, due_at)
  VALUES (NEW.t1, NEW.id, 'accept', 1, 'running', NEW.at, NEW.due), (NEW.t2, NEW.id, 'restore', 1, 'running', NEW.at, NEW.due);
  INSERT INTO outbox (channel, account, chat, lang, rank, conversation_id, request_id, template, params, keyboard, condition, status, attempts,
                      next_attempt_at, dedupe, created_at)
  VALUES ('telegram', 'main', NEW.chat, 'kk', 1, NEW.id, NEW.id, 'ack.registered',
          '{"accept_due":"@time:' || NEW.due || '","district":"@district.taraz","due":"@time:' || NEW.due || '","number":"' || NEW.number
            || '","queue":"@queue.water_taraz","restore_due":"@time:' || NEW.due || '","service":"@service.water","status":"@state.queued"}',
          '{"inline":[[{"label":"btn.status","data":"st:' || NEW.number || '"},{"label":"btn.my","data":"my"}]]}', '"always"', 'pending', 0,
          NEW.at, 'ack:' || NEW.uuid, NEW.at);
END;
