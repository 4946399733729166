//! What an operator is told before typing: whether the words will arrive, and by which door.

use crate::config::Book;
use crate::dispatch::reach::Outlook;
use crate::domain::Lang;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::Params;
use crate::domain::reach::Plan;

/// What would become of an answer, as a sentence.
#[must_use]
pub fn plan_in_words(book: &Book, lang: Lang, seen: &Outlook) -> String {
    let mut p = Params::new();
    p.insert("channel".into(), seen.channel.map(|c| book.label(lang, &format!("channel.{c}"))).unwrap_or_default());
    if let Some(why) = seen.plan.why() {
        p.insert("why".into(), book.label(lang, &format!("delivery.reason.{why}")));
    }
    let key = match &seen.plan {
        Plan::Chat { until: Some(at) } => {
            p.insert("until".into(), format!("@time:{}", at.to_rfc3339()));
            "delivery.plan.chat_until"
        }
        Plan::Chat { until: None } => "delivery.plan.chat",
        Plan::Template => "delivery.plan.template",
        Plan::Other { channel: ChannelKind::Sms, .. } => "delivery.plan.other_sms",
        Plan::Other { channel, .. } => {
            p.insert("by".into(), book.label(lang, &format!("channel.{channel}")));
            "delivery.plan.other"
        }
        Plan::Call { .. } => "delivery.plan.call",
        Plan::Hold { .. } => "delivery.plan.hold",
        Plan::Lost { .. } => "delivery.plan.lost",
        Plan::Nowhere => "delivery.none",
    };
    book.render(lang, key, &p)
}
