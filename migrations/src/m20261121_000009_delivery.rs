//! How far a message got, what stands in for one that did not arrive, which wires are down, and whom to call because of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, small_integer, string, string_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

fn index(name: &'static str, table: &'static str, cols: &[&'static str]) -> IndexCreateStatement {
    let mut ix = Index::create();
    ix.name(name).table(table);
    for c in cols {
        ix.col(*c);
    }
    ix
}

async fn add(m: &SchemaManager<'_>, table: &'static str, columns: Vec<ColumnDef>) -> Result<(), DbErr> {
    // SQLite takes one column a statement.
    for column in columns {
        m.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
    }
    Ok(())
}

async fn outbox(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        // 0 nothing known, 1 accepted, 2 sent on, 3 failed, 4 delivered, 5 read, 6 played: a later word counts when its number is greater.
        small_integer("stage").default(0).to_owned(),
        string_null("reason"),
        timestamp_with_time_zone_null("delivered_at"),
        timestamp_with_time_zone_null("read_at"),
        timestamp_with_time_zone_null("failed_at"),
        // The first message of those that stand in for one another.
        big_integer_null("origin_id"),
        // The approved template as which it went out.
        string_null("approved"),
    ];
    add(m, "outbox", columns).await?;
    let c = m.get_connection();
    for sql in [
        // Telegram and mail tell nothing of what they took.
        "CREATE INDEX ix_outbox_provider ON outbox (provider_id, channel) WHERE provider_id IS NOT NULL AND channel <> 'telegram' AND channel <> 'mail'",
        "CREATE INDEX ix_outbox_origin ON outbox (origin_id) WHERE origin_id IS NOT NULL",
        "DROP INDEX ix_outbox_list",
        "CREATE INDEX ix_outbox_list ON outbox (status, id) WHERE status = 'dead' OR status = 'expired' OR status = 'parked' OR status = 'moved' \
         OR status = 'pending' OR status = 'sending'",
    ] {
        c.execute_unprepared(sql).await?;
    }
    m.create_table(
        Table::create()
            .table("outbox_receipt")
            .col(big_pk_auto("id"))
            .col(string("channel"))
            .col(string("account"))
            .col(string("provider_id"))
            .col(string("stage"))
            .col(string_null("failure"))
            .col(timestamp_with_time_zone("at"))
            .col(timestamp_with_time_zone("received_at"))
            .to_owned(),
    )
    .await?;
    let mut one = index("ux_outbox_receipt", "outbox_receipt", &["channel", "account", "provider_id", "stage"]);
    m.create_index(one.unique().to_owned()).await?;
    m.create_index(index("ix_outbox_receipt_received", "outbox_receipt", &["received_at"])).await
}

async fn chats(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    // Set while something waits until the resident writes again.
    add(m, "conversation", vec![timestamp_with_time_zone_null("held_at")]).await?;
    m.get_connection()
        .execute_unprepared("CREATE INDEX ix_conversation_held ON conversation (held_at, last_inbound_at) WHERE held_at IS NOT NULL")
        .await?;
    m.create_table(
        Table::create()
            .table("wire_state")
            .col(string("channel"))
            .col(string("account"))
            .col(boolean("up"))
            .col(string_null("reason"))
            .col(timestamp_with_time_zone("since"))
            .col(timestamp_with_time_zone("seen_at"))
            .primary_key(Index::create().col("channel").col("account"))
            .to_owned(),
    )
    .await?;
    Ok(())
}

const TASK: &str = "id, phone, open_for, state, urgency, missed, attempts, call_id, first_missed_at, last_missed_at, due_at, next_at, taken_by, taken_at, \
    promised_at, outcome, closed_by, closed_at, created_at";

/// A task to call somebody may stand without a missed call: because of messages that did not arrive. SQLite makes the table anew for that.
async fn tasks(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    let c = m.get_connection();
    if m.get_database_backend() == DbBackend::Sqlite {
        c.execute_unprepared("ALTER TABLE callback_task RENAME TO callback_task_before").await?;
        for ix in ["ix_callback_task_list", "ix_callback_task_created", "ix_callback_task_phone", "ix_callback_task_call"] {
            c.execute_unprepared(&format!("DROP INDEX {ix}")).await?;
        }
        m.create_table(
            Table::create()
                .table("callback_task")
                .col(uuid("id").primary_key())
                .col(string_null("phone"))
                .col(string_null("open_for").unique_key())
                .col(string("state"))
                .col(small_integer("urgency"))
                .col(integer("missed"))
                .col(integer("attempts"))
                .col(uuid_null("call_id"))
                .col(timestamp_with_time_zone("first_missed_at"))
                .col(timestamp_with_time_zone("last_missed_at"))
                .col(timestamp_with_time_zone("due_at"))
                .col(timestamp_with_time_zone("next_at"))
                .col(uuid_null("taken_by"))
                .col(timestamp_with_time_zone_null("taken_at"))
                .col(timestamp_with_time_zone_null("promised_at"))
                .col(string_null("outcome"))
                .col(string_null("closed_by"))
                .col(timestamp_with_time_zone_null("closed_at"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await?;
        c.execute_unprepared(&format!("INSERT INTO callback_task ({TASK}) SELECT {TASK} FROM callback_task_before")).await?;
        m.drop_table(Table::drop().table("callback_task_before").to_owned()).await?;
        m.create_index(index("ix_callback_task_list", "callback_task", &["state", "urgency", "first_missed_at", "id"])).await?;
        m.create_index(index("ix_callback_task_created", "callback_task", &["created_at"])).await?;
        m.create_index(index("ix_callback_task_phone", "callback_task", &["phone"])).await?;
        m.create_index(index("ix_callback_task_call", "callback_task", &["call_id"])).await?;
    } else {
        c.execute_unprepared("ALTER TABLE callback_task ALTER COLUMN call_id DROP NOT NULL").await?;
    }
    m.create_table(
        Table::create()
            .table("call_errand")
            .col(big_integer("outbox_id").primary_key())
            .col(uuid("task_id"))
            .col(uuid_null("request_id"))
            .col(text_null("reason"))
            .col(timestamp_with_time_zone("at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_call_errand_task", "call_errand", &["task_id", "outbox_id"])).await
}

/// What stands under posts, and words that their authors took back.
async fn social(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("social_comment")
            .col(big_pk_auto("id"))
            .col(string("channel"))
            .col(string("account"))
            .col(string("comment"))
            .col(string("post"))
            .col(string_null("parent"))
            .col(string_null("author"))
            .col(string("need"))
            .col(uuid_null("request_id"))
            .col(uuid_null("message_id"))
            .col(timestamp_with_time_zone("posted_at"))
            .col(timestamp_with_time_zone("received_at"))
            .col(timestamp_with_time_zone_null("answered_at"))
            .col(timestamp_with_time_zone_null("removed_at"))
            .to_owned(),
    )
    .await?;
    let mut one = index("ux_social_comment", "social_comment", &["channel", "account", "comment"]);
    m.create_index(one.unique().to_owned()).await?;
    m.create_index(index("ix_social_comment_posted", "social_comment", &["posted_at", "id"])).await?;
    m.create_index(index("ix_social_comment_request", "social_comment", &["request_id"])).await?;
    m.create_index(index("ix_social_comment_author", "social_comment", &["channel", "account", "author"])).await?;
    // `shown` is what may still be seen of a message of which a part was taken back.
    add(m, "message", vec![timestamp_with_time_zone_null("unsent_at"), text_null("shown")]).await
}

/// Takes the above away again.
async fn no_social(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in ["shown", "unsent_at"] {
        m.alter_table(Table::alter().table("message").drop_column(column).to_owned()).await?;
    }
    m.drop_table(Table::drop().table("social_comment").to_owned()).await
}

/// Whose number it is: proved or only said; how chats came to their residents; what residents were told of their data.
async fn identities(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    add(m, "resident", vec![timestamp_with_time_zone_null("phone_verified_at"), string_null("claimed_phone")]).await?;
    add(m, "conversation", vec![string_null("proved_phone")]).await?;
    let c = m.get_connection();
    for sql in [
        "CREATE INDEX ix_resident_claimed ON resident (claimed_phone) WHERE claimed_phone IS NOT NULL",
        // Until now a number named on the telephone stood in the same column as one that was proved in a chat or by a code.
        "UPDATE resident SET phone_verified_at = created_at WHERE phone IS NOT NULL AND (EXISTS (SELECT 1 FROM conversation          WHERE conversation.resident_id = resident.id) OR EXISTS (SELECT 1 FROM token WHERE token.subject_id = resident.id))",
        "UPDATE resident SET claimed_phone = phone, phone = NULL WHERE phone IS NOT NULL AND phone_verified_at IS NULL",
    ] {
        c.execute_unprepared(sql).await?;
    }
    m.create_table(
        Table::create()
            .table("resident_join")
            .col(uuid("id").primary_key())
            .col(uuid("conversation_id"))
            .col(uuid("from_resident"))
            .col(uuid("to_resident"))
            .col(string("proof"))
            .col(timestamp_with_time_zone("at"))
            .col(timestamp_with_time_zone_null("undone_at"))
            .col(uuid_null("undone_by"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_resident_join_chat", "resident_join", &["conversation_id", "at"])).await?;
    m.create_index(index("ix_resident_join_to", "resident_join", &["to_resident", "at"])).await?;
    m.create_table(
        Table::create()
            .table("consent_text")
            .col(string("digest").primary_key())
            .col(string("lang"))
            .col(text("text"))
            .col(timestamp_with_time_zone("since"))
            .to_owned(),
    )
    .await?;
    m.create_table(
        Table::create()
            .table("resident_consent")
            .col(uuid("resident_id"))
            .col(string("digest"))
            .col(string("channel"))
            .col(timestamp_with_time_zone("told_at"))
            .col(timestamp_with_time_zone_null("given_at"))
            .primary_key(Index::create().col("resident_id").col("digest"))
            .to_owned(),
    )
    .await
}

/// Takes the above away again.
async fn no_identities(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    for t in ["resident_consent", "consent_text", "resident_join"] {
        m.drop_table(Table::drop().table(t).to_owned()).await?;
    }
    m.get_connection().execute_unprepared("DROP INDEX ix_resident_claimed").await?;
    for (table, column) in [("conversation", "proved_phone"), ("resident", "claimed_phone"), ("resident", "phone_verified_at")] {
        m.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
    }
    Ok(())
}

async fn delivery(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    outbox(m).await?;
    chats(m).await?;
    tasks(m).await
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        delivery(m).await?;
        social(m).await?;
        identities(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        no_identities(m).await?;
        no_social(m).await?;
        let c = m.get_connection();
        for t in ["call_errand", "wire_state", "outbox_receipt"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        // Tasks without a call have no place in the older schema.
        c.execute_unprepared("DELETE FROM callback_task WHERE call_id IS NULL").await?;
        if m.get_database_backend() == DbBackend::Postgres {
            c.execute_unprepared("ALTER TABLE callback_task ALTER COLUMN call_id SET NOT NULL").await?;
        }
        for index in ["ix_conversation_held", "ix_outbox_provider", "ix_outbox_origin", "ix_outbox_list"] {
            c.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        c.execute_unprepared(
            "CREATE INDEX ix_outbox_list ON outbox (status, id) WHERE status = 'dead' OR status = 'expired' OR status = 'parked' OR status = 'pending' \
             OR status = 'sending'",
        )
        .await?;
        m.alter_table(Table::alter().table("conversation").drop_column("held_at").to_owned()).await?;
        for column in ["approved", "origin_id", "failed_at", "read_at", "delivered_at", "reason", "stage"] {
            m.alter_table(Table::alter().table("outbox").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
