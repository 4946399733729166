//! Requests, their journal and clocks, what was said, what goes out.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, double_null, integer, pk_auto, pk_uuid, small_integer, small_integer_null, string,
    string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    #[allow(clippy::too_many_lines, reason = "a list of columns has no parts worth naming")]
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("request")
                .col(pk_uuid("id"))
                .col(string("number").unique_key())
                .col(string("status"))
                .col(boolean("is_open"))
                .col(string_null("held_from"))
                .col(string_null("class"))
                .col(string_null("service"))
                .col(string_null("district"))
                .col(string_null("queue"))
                .col(string_null("crew"))
                .col(string_null("hazard"))
                .col(small_integer("priority"))
                .col(boolean("needs_utility"))
                .col(string("channel"))
                .col(string("lang"))
                .col(uuid_null("resident_id"))
                .col(uuid_null("conversation_id"))
                .col(uuid_null("parent_id"))
                .col(timestamp_with_time_zone("reported_at"))
                .col(timestamp_with_time_zone("received_at"))
                .col(timestamp_with_time_zone_null("accepted_at"))
                .col(timestamp_with_time_zone_null("arrived_at"))
                .col(timestamp_with_time_zone_null("resolved_at"))
                .col(timestamp_with_time_zone_null("closed_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .col(integer("reopened"))
                .col(integer("refused"))
                .col(integer("breaches"))
                .col(small_integer_null("rating"))
                .col(timestamp_with_time_zone("sort_due"))
                .col(boolean("overdue"))
                .col(big_integer("version"))
                .col(binary("last_hash"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_request_queue", "request", &["queue", "is_open", "priority", "sort_due", "id"])).await?;
        m.create_index(index("ix_request_queue_status", "request", &["queue", "status", "priority", "sort_due", "id"])).await?;
        m.create_index(index("ix_request_queue_overdue", "request", &["queue", "overdue", "priority", "sort_due", "id"])).await?;
        m.create_index(index("ix_request_crew", "request", &["crew", "is_open", "priority", "sort_due", "id"])).await?;
        m.create_index(index("ix_request_resident", "request", &["resident_id", "received_at", "id"])).await?;
        m.create_index(index("ix_request_conversation", "request", &["conversation_id", "received_at", "id"])).await?;
        m.create_index(index("ix_request_open", "request", &["is_open", "queue", "status"])).await?;
        m.create_index(index("ix_request_received", "request", &["received_at"])).await?;

        m.create_table(
            Table::create()
                .table("request_journal")
                .col(pk_auto("id").big_integer())
                .col(uuid("request_id"))
                .col(big_integer("seq"))
                .col(timestamp_with_time_zone("at"))
                .col(string("actor"))
                .col(string("kind"))
                .col(text("payload"))
                .col(binary("hash"))
                .to_owned(),
        )
        .await?;
        let mut seq = index("ux_request_journal_seq", "request_journal", &["request_id", "seq"]);
        m.create_index(seq.unique().to_owned()).await?;

        m.create_table(
            Table::create()
                .table("request_place")
                .col(pk_uuid("request_id"))
                .col(text_null("address"))
                .col(double_null("lat"))
                .col(double_null("lon"))
                .to_owned(),
        )
        .await?;

        m.create_table(
            Table::create()
                .table("message")
                .col(pk_uuid("id"))
                .col(uuid_null("request_id"))
                .col(uuid_null("conversation_id"))
                .col(string("direction"))
                .col(string("author"))
                .col(text_null("text"))
                .col(binary_null("salt"))
                .col(big_integer_null("raw_event_id"))
                .col(timestamp_with_time_zone("at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_message_request", "message", &["request_id", "at"])).await?;
        m.create_index(index("ix_message_conversation", "message", &["conversation_id", "at"])).await?;

        m.create_table(
            Table::create()
                .table("attachment")
                .col(pk_uuid("id"))
                .col(uuid_null("request_id"))
                .col(uuid_null("conversation_id"))
                .col(string("channel"))
                .col(string("account"))
                .col(string("kind"))
                .col(string_null("file_id"))
                .col(string_null("mime"))
                .col(big_integer_null("size"))
                .col(string_null("sha256"))
                .col(string_null("store_key"))
                .col(string("status"))
                .col(integer("attempts"))
                .col(timestamp_with_time_zone("next_attempt_at"))
                .col(timestamp_with_time_zone("at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_attachment_request", "attachment", &["request_id", "at"])).await?;
        m.create_index(index("ix_attachment_waiting", "attachment", &["status", "next_attempt_at"])).await?;

        m.create_table(
            Table::create()
                .table("sla_timer")
                .col(pk_uuid("id"))
                .col(uuid("request_id"))
                .col(string("stage"))
                .col(integer("round"))
                .col(string("state"))
                .col(timestamp_with_time_zone("started_at"))
                .col(timestamp_with_time_zone("due_at"))
                .col(big_integer_null("remaining_us"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .to_owned(),
        )
        .await?;
        let mut round = index("ux_sla_timer_round", "sla_timer", &["request_id", "stage", "round"]);
        m.create_index(round.unique().to_owned()).await?;
        m.create_index(index("ix_sla_timer_due", "sla_timer", &["state", "due_at"])).await?;

        m.create_table(
            Table::create()
                .table("outbox")
                .col(pk_auto("id").big_integer())
                .col(string("channel"))
                .col(string("account"))
                .col(string("chat"))
                .col(string("lang"))
                .col(small_integer("rank"))
                .col(uuid_null("conversation_id"))
                .col(uuid_null("request_id"))
                .col(string_null("template"))
                .col(text("params"))
                .col(uuid_null("message_id"))
                .col(text("keyboard"))
                .col(text("condition"))
                .col(string("status"))
                .col(integer("attempts"))
                .col(timestamp_with_time_zone("next_attempt_at"))
                .col(string_null("lease_owner"))
                .col(timestamp_with_time_zone_null("lease_until"))
                .col(string_null("dedupe").unique_key())
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("sent_at"))
                .col(string_null("provider_id"))
                .col(text_null("sent_text"))
                .col(text_null("error"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_outbox_due", "outbox", &["status", "next_attempt_at"])).await?;
        m.create_index(index("ix_outbox_chat", "outbox", &["channel", "account", "chat", "status", "rank", "id"])).await?;
        m.create_index(index("ix_outbox_request", "outbox", &["request_id"])).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["outbox", "sla_timer", "attachment", "message", "request_place", "request_journal", "request"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
