//! The schema's history on tables that hold something: what stood before a migration stands after it.

use crate::harness::{Backend, Kit, stories};
use jambyl109::domain::callback::State;
use jambyl109::domain::phone::Phone;
use jambyl109::store::{Db, callbacks, outbox, residents};
use migrations::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

stories! { deliveries_and_identities_keep_what_stood }

/// Migrations that had run when these rows were written: the next one is that of deliveries and identities.
const BEFORE: u32 = 8;
const AT: &str = "2026-11-20 04:00:00+00:00";

/// An identifier as the backend writes it.
fn id(kit: &Kit, n: u32) -> String {
    match kit.backend {
        Backend::Postgres => format!("'00000000-0000-7000-8000-{n:012}'"),
        Backend::Sqlite => format!("x'000000000000700080{n:014}'"),
    }
}

async fn open(kit: &Kit) -> DatabaseConnection {
    let url = match kit.backend {
        Backend::Postgres => kit.database.clone(),
        Backend::Sqlite => {
            std::fs::create_dir_all(kit.dir.path().join("data")).unwrap();
            format!("{}?mode=rwc", kit.database)
        }
    };
    Database::connect(url).await.unwrap()
}

async fn fill(kit: &Kit, c: &DatabaseConnection) {
    let u = |n| id(kit, n);
    let mut rows = Vec::new();
    // Tasks in every state, with and without a number, taken, promised, closed.
    for n in 1..=300u32 {
        let (state, open_for, phone) = match n % 3 {
            0 => ("closed", "NULL".to_owned(), format!("'+7701000{n:04}'")),
            1 => ("open", format!("'+7701000{n:04}'"), format!("'+7701000{n:04}'")),
            _ => ("closed", "NULL".to_owned(), "NULL".to_owned()),
        };
        let (outcome, closed) = if state == "closed" { ("'reached'", format!("'{AT}'")) } else { ("NULL", "NULL".to_owned()) };
        rows.push(format!(
            "INSERT INTO callback_task (id, phone, open_for, state, urgency, missed, attempts, call_id, first_missed_at, last_missed_at, due_at, next_at, \
             taken_by, taken_at, promised_at, outcome, closed_by, closed_at, created_at) VALUES ({}, {phone}, {open_for}, '{state}', 2, {}, 1, {}, \
             '{AT}', '{AT}', '{AT}', '{AT}', {}, '{AT}', NULL, {outcome}, NULL, {closed}, '{AT}')",
            u(n),
            n % 5 + 1,
            u(10_000 + n),
            u(20_000),
        ));
    }
    // One who wrote in a chat, one who signed in, one who was only a voice, one without a number.
    for (n, phone) in [(1, "'+77010000001'"), (2, "'+77010000002'"), (3, "'+77010000003'"), (4, "NULL")] {
        rows.push(format!("INSERT INTO resident (id, phone, name, lang, created_at) VALUES ({}, {phone}, 'n{n}', 'kk', '{AT}')", u(n)));
    }
    for (n, resident) in [(1, 1), (2, 4)] {
        rows.push(format!(
            "INSERT INTO conversation (id, channel, account, chat, resident_id, lang, state, created_at) VALUES ({}, 'telegram', 'main', '{n}', {}, 'kk', '{{}}', '{AT}')",
            u(n),
            u(resident)
        ));
    }
    rows.push(format!("INSERT INTO token (hash, kind, subject_id, created_at, expires_at) VALUES ('h', 'resident', {}, '{AT}', '{AT}')", u(2)));
    for (n, status) in ["pending", "sent", "dead", "expired"].into_iter().enumerate() {
        rows.push(format!(
            "INSERT INTO outbox (id, channel, account, chat, lang, rank, params, keyboard, condition, status, attempts, next_attempt_at, created_at) VALUES \
             ({}, 'telegram', 'main', '1', 'kk', 1, '{{}}', '\"none\"', '\"always\"', '{status}', 0, '{AT}', '{AT}')",
            n + 1
        ));
    }
    rows.push(format!(
        "INSERT INTO message (id, conversation_id, direction, author, text, at) VALUES ({}, {}, 'in', 'resident', 'су жоқ', '{AT}')",
        u(1),
        u(1)
    ));
    for sql in rows {
        c.execute_unprepared(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}

async fn deliveries_and_identities_keep_what_stood(mut kit: Kit) {
    let c = open(&kit).await;
    Migrator::up(&c, Some(BEFORE)).await.unwrap();
    fill(&kit, &c).await;
    Migrator::up(&c, None).await.unwrap();
    c.close().await.unwrap();

    let db = Db::connect(&kit.database, 4).await.unwrap();
    assert!(db.pending_migrations().await.unwrap().is_empty());
    // Tasks: all of them, and the open ones still have one number each.
    let mut open_tasks = 0;
    for n in 1..=300u32 {
        let phone = Phone::parse(&format!("+7701000{n:04}")).unwrap();
        let found = callbacks::open_for(db.read(), std::slice::from_ref(&phone)).await.unwrap();
        open_tasks += found.len();
        let Some(task) = found.first() else { continue };
        assert_eq!((n % 3, task.state, task.missed, task.attempts), (1, State::Open, n % 5 + 1, 1), "{n}");
        assert!(task.call.is_some() && task.taken_by.is_some() && task.phone.as_ref() == Some(&phone), "{n}");
    }
    assert_eq!(open_tasks, 100);
    let raw = open(&kit).await;
    let count = async |sql: &str| {
        let row = raw.query_one_raw(sea_orm::Statement::from_string(raw.get_database_backend(), sql.to_owned())).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    };
    assert_eq!(count("SELECT COUNT(*) FROM callback_task").await, 300);
    assert_eq!(count("SELECT COUNT(*) FROM callback_task WHERE closed_at IS NOT NULL AND outcome = 'reached'").await, 200);
    // The column takes a task without a call now, the key is still a key, and what was looked for by an index still is.
    let again = format!(
        "INSERT INTO callback_task (id, open_for, state, urgency, missed, attempts, first_missed_at, last_missed_at, due_at, next_at, created_at) \
         SELECT {}, '+77010000001', state, urgency, missed, attempts, first_missed_at, last_missed_at, due_at, next_at, created_at FROM callback_task \
         WHERE open_for = '+77010000001'",
        id(&kit, 999)
    );
    assert!(raw.execute_unprepared(&again).await.is_err(), "a second open task for one number");
    assert_eq!(raw.execute_unprepared(&again.replace("'+77010000001', state", "'+77010009999', state")).await.unwrap().rows_affected(), 1);
    let indexes = match kit.backend {
        Backend::Postgres => "SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'callback_task' AND indexname",
        Backend::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'callback_task' AND name",
    };
    let named = "('ix_callback_task_call', 'ix_callback_task_created', 'ix_callback_task_list', 'ix_callback_task_phone')";
    assert_eq!(count(&format!("{indexes} IN {named}")).await, 4);
    // Numbers: proved where there was a chat or a token, else only said.
    for (n, proved, said) in [(1, true, false), (2, true, false), (3, false, true)] {
        let phone = Phone::parse(&format!("+7701000000{n}")).unwrap();
        assert_eq!(residents::by_phone(db.read(), &phone).await.unwrap().is_some(), proved, "{n}");
        assert_eq!(residents::by_claim(db.read(), &phone).await.unwrap().is_some(), said, "{n}");
    }
    assert_eq!(count("SELECT COUNT(*) FROM resident").await, 4);
    assert_eq!(count("SELECT COUNT(*) FROM conversation WHERE proved_phone IS NULL AND held_at IS NULL").await, 2);
    // Messages keep where they stand, and nothing is told of how far they got.
    for state in ["pending", "dead", "expired"] {
        let rows = outbox::list(db.read(), state, None, 9).await.unwrap();
        assert_eq!((rows.len(), rows[0].stage, rows[0].origin_id), (1, 0, None), "{state}");
    }
    assert_eq!(count("SELECT COUNT(*) FROM message WHERE text = 'су жоқ' AND unsent_at IS NULL AND searched = FALSE").await, 1);
    raw.close().await.unwrap();
    db.close().await.unwrap();
    kit.clear().await;
}
