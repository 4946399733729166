//! Telephone calls: records as they came, calls put together from them, call-backs, drafts of operators.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, integer, pk_auto, pk_uuid, small_integer, string, string_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

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

async fn records(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("call_source")
            .col(string("name").primary_key())
            .col(string("zone"))
            .col(string("profile"))
            .col(timestamp_with_time_zone("fed_at"))
            .to_owned(),
    )
    .await?;
    m.create_table(
        Table::create()
            .table("call_record")
            .col(pk_auto("id").big_integer())
            .col(string("key").unique_key())
            .col(string("source"))
            .col(uuid("call_id"))
            .col(timestamp_with_time_zone("at"))
            .col(text("body"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_call_record_call", "call_record", &["call_id"])).await?;
    m.create_table(
        Table::create()
            .table("call_key")
            .col(string("source"))
            .col(string("link"))
            .col(uuid("call_id"))
            .primary_key(Index::create().col("source").col("link"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_call_key_call", "call_key", &["call_id"])).await?;
    m.create_table(
        Table::create()
            .table("call_file")
            .col(string("source"))
            .col(string("path"))
            .col(big_integer("inode"))
            .col(big_integer("position"))
            .col(big_integer("line"))
            .col(big_integer("head_len"))
            .col(string("head_hash"))
            .col(timestamp_with_time_zone("updated_at"))
            .primary_key(Index::create().col("source").col("path"))
            .to_owned(),
    )
    .await?;
    m.create_table(
        Table::create()
            .table("call_event")
            .col(pk_auto("id").big_integer())
            .col(string("door"))
            .col(string("digest"))
            .col(binary("body"))
            .col(string("status"))
            .col(integer("attempts"))
            .col(timestamp_with_time_zone("received_at"))
            .col(timestamp_with_time_zone("next_attempt_at"))
            .col(timestamp_with_time_zone_null("processed_at"))
            .col(text_null("error"))
            .to_owned(),
    )
    .await?;
    let mut digest = index("ux_call_event_digest", "call_event", &["door", "digest"]);
    m.create_index(digest.unique().to_owned()).await?;
    m.create_index(index("ix_call_event_status", "call_event", &["status", "id"])).await?;
    m.create_table(
        Table::create().table("call_tally").col(string("outcome").primary_key()).col(big_integer("counted")).col(big_integer("told")).to_owned(),
    )
    .await
}

async fn calls(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("call")
            .col(pk_uuid("id"))
            .col(string("source"))
            .col(string("key"))
            .col(string("direction"))
            .col(string("caller_kind"))
            .col(string_null("caller"))
            .col(string_null("caller_name"))
            // The number outside, whichever way the call went.
            .col(string_null("phone"))
            .col(string_null("dialled"))
            .col(string_null("queue"))
            .col(string_null("agent"))
            .col(uuid_null("staff_id"))
            .col(timestamp_with_time_zone("started_at"))
            .col(timestamp_with_time_zone_null("answered_at"))
            .col(timestamp_with_time_zone_null("ended_at"))
            .col(big_integer("ivr_us"))
            .col(big_integer("wait_us"))
            .col(big_integer("talk_us"))
            .col(big_integer("hold_us"))
            .col(integer("transfers"))
            .col(string("outcome"))
            .col(string_null("recording"))
            .col(string("flags"))
            // When it is to become part of a call-back task, unless it turns out to have been answered.
            .col(timestamp_with_time_zone_null("callback_at"))
            .col(boolean("callback_made"))
            .col(timestamp_with_time_zone("imported_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(string_null("topic"))
            .col(string_null("topic_by"))
            .col(timestamp_with_time_zone_null("topic_at"))
            .to_owned(),
    )
    .await?;
    let mut key = index("ux_call_key", "call", &["source", "key"]);
    m.create_index(key.unique().to_owned()).await?;
    for (name, column) in [
        ("ix_call_phone", "phone"),
        ("ix_call_outcome", "outcome"),
        ("ix_call_queue", "queue"),
        ("ix_call_agent", "agent"),
        ("ix_call_staff", "staff_id"),
    ] {
        m.create_index(index(name, "call", &[column, "started_at", "id"])).await?;
    }
    m.create_index(index("ix_call_callback", "call", &["callback_at", "id"])).await?;
    m.create_index(index("ix_call_started", "call", &["started_at", "id"])).await?;
    m.create_table(
        Table::create()
            .table("call_link")
            .col(uuid("call_id"))
            .col(uuid("request_id"))
            .col(string("how"))
            .col(string("actor"))
            .col(timestamp_with_time_zone("at"))
            .col(timestamp_with_time_zone_null("removed_at"))
            .col(string_null("removed_by"))
            .primary_key(Index::create().col("call_id").col("request_id"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_call_link_request", "call_link", &["request_id"])).await?;
    m.create_table(
        Table::create()
            .table("call_intake")
            .col(uuid("request_id").primary_key())
            .col(uuid("staff_id"))
            .col(timestamp_with_time_zone("at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_call_intake_staff", "call_intake", &["staff_id", "at"])).await?;
    m.create_table(Table::create().table("staff_agent").col(string("agent").primary_key()).col(uuid("staff_id")).to_owned()).await
}

async fn work(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("callback_task")
            .col(pk_uuid("id"))
            .col(string_null("phone"))
            // The caller while the task is open: so there is never a second open one.
            .col(string_null("open_for").unique_key())
            .col(string("state"))
            .col(small_integer("urgency"))
            .col(integer("missed"))
            .col(integer("attempts"))
            .col(uuid("call_id"))
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
    m.create_index(index("ix_callback_task_list", "callback_task", &["state", "urgency", "first_missed_at", "id"])).await?;
    m.create_index(index("ix_callback_task_created", "callback_task", &["created_at"])).await?;
    m.create_index(index("ix_callback_task_phone", "callback_task", &["phone"])).await?;
    m.create_index(index("ix_callback_task_call", "callback_task", &["call_id"])).await?;
    m.create_table(
        Table::create()
            .table("callback_attempt")
            .col(pk_auto("id").big_integer())
            .col(uuid("task_id"))
            .col(uuid("staff_id"))
            .col(string("outcome"))
            .col(text_null("note"))
            .col(timestamp_with_time_zone("at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_callback_attempt_task", "callback_attempt", &["task_id", "id"])).await?;
    m.create_table(
        Table::create()
            .table("staff_draft")
            .col(uuid("staff_id"))
            .col(string("name"))
            .col(text("body"))
            .col(timestamp_with_time_zone("updated_at"))
            .primary_key(Index::create().col("staff_id").col("name"))
            .to_owned(),
    )
    .await?;
    m.create_table(
        Table::create()
            .table("request_house")
            .col(uuid("request_id").primary_key())
            .col(string("house"))
            .col(timestamp_with_time_zone("at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("ix_request_house", "request_house", &["house", "at"])).await
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        records(m).await?;
        calls(m).await?;
        work(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in [
            "request_house",
            "staff_draft",
            "callback_attempt",
            "callback_task",
            "staff_agent",
            "call_intake",
            "call_link",
            "call",
            "call_tally",
            "call_event",
            "call_file",
            "call_key",
            "call_record",
            "call_source",
        ] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
