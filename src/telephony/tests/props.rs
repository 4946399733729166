use super::dialects::document;
use super::join::{ROW, Row, answered_in_queue};
use super::*;
use crate::telephony::join::{calls, components};
use crate::telephony::lines::Position;
use crate::telephony::profile::PROFILES;
use crate::telephony::record::Fact;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Several calls of several dialects, with chains, forks and rows without an identifier.
fn many() -> Vec<Record> {
    let (cdr, log) = answered_in_queue();
    let mut all = [cdr, log].concat();
    let mut text = String::new();
    for n in 2..8u32 {
        let (id, link) = (format!("17149896{n:02}.{n}"), format!("17149896{:02}.{}", n - n % 2, n - n % 2));
        let row = Row { id: &id, link: &link, app: "Dial", peer: "PJSIP/101-00000002", t: (n, n + 1, n * 9), ending: "ANSWERED", sequence: n, ..ROW };
        text += &row.line();
        text += &Row { id: "", link: "", ending: "BUSY", ..row }.line();
    }
    all.extend(records(Profile::Asterisk, &text, &utc()));
    let (a, b) = ("7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11", "7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f12");
    all.extend(records(Profile::FreeswitchJson, &document(a, a, "inbound", 1_714_989_602, "NORMAL_CLEARING"), &utc()));
    all.extend(records(Profile::FreeswitchJson, &document(b, a, "outbound", 0, "NO_ANSWER"), &utc()));
    all
}

/// What a store does: records under their key, identifiers to calls, calls that turn out to be one made one.
#[derive(Default)]
struct Store {
    records: BTreeMap<String, (Record, usize)>,
    by_link: BTreeMap<String, usize>,
    next: usize,
}

impl Store {
    fn add(&mut self, record: &Record) {
        let known: BTreeSet<usize> = record.links.iter().filter_map(|l| self.by_link.get(l).copied()).collect();
        let call = known.first().copied().unwrap_or(self.next);
        self.next += 1;
        self.by_link.values_mut().filter(|c| known.contains(c)).for_each(|c| *c = call);
        self.records.values_mut().filter(|(_, c)| known.contains(c)).for_each(|(_, c)| *c = call);
        record.links.iter().for_each(|l| {
            self.by_link.insert(l.clone(), call);
        });
        self.records.entry(record.key.as_str().to_owned()).or_insert_with(|| (record.clone(), call));
    }

    fn calls(&self) -> BTreeMap<String, Call> {
        let mut by_call: BTreeMap<usize, Vec<&Record>> = BTreeMap::new();
        self.records.values().for_each(|(r, c)| by_call.entry(*c).or_default().push(r));
        let all = by_call.values().filter_map(|rs| super::super::join::merge(rs, &utc()));
        all.map(|c| (c.key.clone(), c)).collect()
    }
}

const GOOD: [(Profile, &str); 5] = [
    (
        Profile::Asterisk,
        "\"\",\"8701\",\"109\",\"in\",\"\",\"SIP/a\",\"SIP/b\",\"Dial\",\"\",\"2024-05-06 10:00:00\",,\"2024-05-06 10:00:20\",20,0,\"BUSY\",\"DEFAULT\",\"1714989600.1\",\"\"\n",
    ),
    (
        Profile::QueueLog,
        "1714989612|1714989590.1|600|SIP/101|CONNECT|12|1714989606.5|4\n1714989672|1714989590.1|600|SIP/101|ATTENDEDTRANSFER|BRIDGE|x|12|60|1\n",
    ),
    (
        Profile::FreeswitchCsv,
        "\"B\",\"7701\",\"109\",\"p\",\"2024-02-29 23:10:00\",\"\",\"2024-02-29 23:10:20\",\"20\",\"0\",\"NO_ANSWER\",\"u\",\"\",\"\",\"\",\"\"\n",
    ),
    (
        Profile::FreeswitchJson,
        "{\"variables\":{\"uuid\":\"u\",\"start_epoch\":\"1714989600\",\"end_epoch\":\"1714989660\",\"hangup_cause\":\"NO_ANSWER\"},\"callflow\":[]}",
    ),
    (Profile::Events, "{\"event\":\"ended\",\"call_id\":\"1\",\"at\":1714989600,\"outcome\":\"busy\"}"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_any_batches_any_repetition(order in Just(many()).prop_shuffle(), again in proptest::collection::vec(0usize..24, 0..12)) {
        let whole = calls(&many(), &utc());
        prop_assert_eq!(whole.len(), 1 + 3 + 6 + 1);
        let mut list = order.clone();
        list.extend(again.iter().filter_map(|i| order.get(*i).cloned()));
        prop_assert_eq!(&calls(&list, &utc()), &whole);
        let mut store = Store::default();
        list.iter().for_each(|r| store.add(r));
        prop_assert_eq!(store.calls(), whole.into_iter().map(|c| (c.key.clone(), c)).collect::<BTreeMap<_, _>>());
    }

    #[test]
    fn every_subset_is_read_without_panic_and_stays_sane(order in Just(many()).prop_shuffle(), n in 0usize..24) {
        for call in calls(&order[..n.min(order.len())], &utc()) {
            prop_assert!(call.ivr_us >= 0 && call.wait_us >= 0 && call.talk_us >= 0 && call.hold_us >= 0);
            prop_assert_eq!(call.answered(), call.answered_at.is_some());
            prop_assert!(call.ended_at.is_none_or(|e| e >= call.started_at));
        }
        let parts = components(&order);
        prop_assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), order.len());
    }

    #[test]
    fn chunks_of_a_file_are_the_file(cuts in proptest::collection::vec(1usize..40, 1..30)) {
        let text: String = (0..6).map(|n| Row { sequence: n, t: (n, 0, n + 5), ..ROW }.line()).collect();
        let layout = detect(Profile::Asterisk, text.as_bytes(), true, &Told::default(), &utc()).unwrap();
        let whole = read(layout.clone(), text.as_bytes(), &utc());
        let source = utc();
        let (mut rest, mut got, mut at) = (text.as_bytes(), Vec::new(), Position::default());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            // A new process each time: the remembered position, and bytes from there on.
            let from = usize::try_from(at.offset).unwrap();
            let seen = text.len() - rest.len() + (*cut).min(rest.len());
            let mut reader = Reader::resume(layout.clone(), &source, at);
            reader.feed(&text.as_bytes()[from..seen]);
            while let Some(item) = reader.next_item() { got.push(item); }
            at = reader.position();
            rest = &text.as_bytes()[seen..];
        }
        prop_assert_eq!(got, whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), which in 0usize..8) {
        let about = PROFILES[which];
        let mut layout = Layout::plain(about.profile);
        let _ = layout.read(&bytes, &almaty());
        layout.delimiter = b';';
        let _ = read(layout, &bytes, &almaty());
        let _ = detect(about.profile, &bytes, true, &Told::default(), &almaty());
        let _ = crate::telephony::dialects::live::body(&bytes, &almaty());
        let _ = crate::telephony::dialects::freeswitch_json::body(&bytes, &almaty());
    }

    #[test]
    fn good_lines_spoilt_never_panic_and_what_is_read_is_sane(which in 0usize..5, hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6)) {
        let (profile, text) = GOOD[which];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte, how) in hits {
            let i = at.index(bytes.len());
            match how { 0 => bytes[i] = byte, 1 => { bytes.remove(i); }, _ => bytes.insert(i, byte) }
            if bytes.is_empty() { break; }
        }
        let all: Vec<Record> = read(Layout::plain(profile), &bytes, &almaty()).into_iter().filter_map(|i| if let Item::Record(r) = i { Some(*r) } else { None }).collect();
        for r in &all {
            let text = serde_json::to_string(r).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), r);
            if let Fact::Leg(l) = &r.fact { prop_assert!(l.duration_us >= 0 && l.billed_us >= 0); }
            prop_assert!(r.links.contains(&r.call));
        }
        for call in calls(&all, &almaty()) { prop_assert!(call.talk_us >= 0 && call.wait_us >= 0); }
    }
}
