-- The first page of a queue, the statement alone. For pgbench -n -M prepared.
\set q random(1, :queues)
SELECT * FROM request WHERE queue = (ARRAY[@queues@])[:q::int] AND is_open = true ORDER BY priority, sort_due, id LIMIT 51;
