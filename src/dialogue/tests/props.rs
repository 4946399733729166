//! Whatever is sent, in whatever order: nothing said is lost, memory survives JSON, and no step waits for ever.

use super::*;
use crate::dialogue::{CrewCommand, Step};
use crate::domain::door::Door;
use crate::domain::outgoing::Keyboard;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Move {
    Text(String),
    Edit(String),
    Media(Option<String>, Option<u8>),
    Press(String),
    Command(String),
    Place(bool),
    Silence,
    Early,
    Wait(i64),
    Block,
    Unsupported,
    /// A word that may come at any moment.
    Wish(&'static str),
    /// The chat is linked to a crew, or no longer.
    Link(bool),
}

fn doors() -> impl Strategy<Value = ChannelKind> {
    use ChannelKind::{Facebook, Instagram, Mail, Sms, Telegram, Whatsapp};
    prop::sample::select(vec![Telegram, Whatsapp, Instagram, Facebook, Sms, Mail])
}

fn words() -> impl Strategy<Value = String> {
    let mark = prop::sample::select(vec![
        "",
        "!fault",
        "!ask",
        "!thanks",
        "!complain",
        "!water",
        "!roads",
        "@taraz",
        "@abay",
        "#street",
        "^gas",
        "^fire",
        "hello",
    ]);
    prop::collection::vec(mark, 0..4).prop_map(|v| v.join(" "))
}

fn moves() -> impl Strategy<Value = Move> {
    let number = || (1u64..4).prop_map(|n| RequestNumber::compose(2026, n).digits().to_owned());
    let press = (prop::sample::select(vec!["cf", "nf", "st", "ca", "cg", "cr", "cd", "cx", "fp"]), number()).prop_map(|(w, n)| format!("{w}:{n}"));
    let fixed =
        prop::sample::select(vec!["ds:skip", "ds:taraz", "ds:none", "dp:1", "lg:kk", "lg:ru", "my", "fx:2600000014:0", "fs:2600000014:gas", "junk"])
            .prop_map(str::to_owned);
    prop_oneof![
        6 => words().prop_map(Move::Text),
        1 => words().prop_map(Move::Edit),
        4 => (prop::option::of(words()), prop::option::of(0u8..2)).prop_map(|(c, g)| Move::Media(c, g)),
        4 => prop_oneof![press, fixed].prop_map(Move::Press),
        1 => prop::sample::select(vec!["start", "my", "jobs", "link", "lang"]).prop_map(|s| Move::Command(s.to_owned())),
        1 => any::<bool>().prop_map(Move::Place),
        2 => Just(Move::Silence),
        1 => Just(Move::Early),
        1 => (1i64..900).prop_map(Move::Wait),
        1 => Just(Move::Block),
        1 => Just(Move::Unsupported),
        2 => prop::sample::select(vec!["статус", "оператор", "другой язык", "қазақша", "справка", "да", "жоқ", "1", "2", "7", "мой номер 87012345678", "123456"]).prop_map(Move::Wish),
        1 => any::<bool>().prop_map(Move::Link),
    ]
}

/// Everything the commands pass on: words and handles of files.
fn passed_on(out: &Outcome) -> String {
    let mut all = String::new();
    let mut take = |text: &str, media: &[MediaRef]| {
        all.push_str(text);
        all.push('\n');
        for m in media {
            all.push_str(&m.file_id);
            all.push('\n');
        }
    };
    for c in &out.commands {
        match c {
            Command::Register(d) => take(&d.text, &d.media),
            Command::AddMessage { text, media, .. } => take(text, media),
            Command::Operator { text, .. } | Command::Withdraw { text, .. } => take(text, &[]),
            Command::NotFixed { reason, .. } => take(reason.as_deref().unwrap_or(""), &[]),
            Command::Locate { text, .. } => take(text.as_deref().unwrap_or(""), &[]),
            Command::Crew(CrewCommand::Done { note, media, .. }) => take(note.as_deref().unwrap_or(""), media),
            _ => {}
        }
    }
    all
}

/// What the memory holds and has not yet passed on.
fn held(state: &Conversation) -> String {
    match &state.step {
        Step::AwaitingText { draft, .. } | Step::AwaitingPlace { draft, .. } => {
            format!("{}\n{}\n", draft.text, draft.media.iter().map(|m| m.file_id.as_str()).collect::<Vec<_>>().join("\n"))
        }
        Step::CrewAwaitingResult { note, media, .. } => {
            format!("{}\n{}\n", note.as_deref().unwrap_or(""), media.iter().map(|m| m.file_id.as_str()).collect::<Vec<_>>().join("\n"))
        }
        _ => String::new(),
    }
}

fn play(chat: &mut Chat, i: usize, m: &Move, tag: &mut Option<(String, bool)>) -> Option<Outcome> {
    Some(match m {
        Move::Text(t) => {
            let t = format!("{t} w{i}.");
            let out = chat.text(&t);
            *tag = Some((format!("w{i}."), read(&t).empty));
            out
        }
        Move::Edit(t) => {
            let t = format!("{t} w{i}.");
            *tag = Some((format!("w{i}."), read(&t).empty));
            chat.give(&Input::Edited { text: &t, reading: &read(&t) })
        }
        Move::Media(caption, group) => {
            *tag = Some((format!("f{i}."), false));
            let caption = caption.as_ref().map(|c| format!("{c} c{i}."));
            let group = group.map(|g| g.to_string());
            chat.photo(&format!("f{i}."), caption.as_deref(), group.as_deref())
        }
        Move::Press(data) => chat.press(data),
        Move::Command(name) => chat.give(&Input::Command { name, arg: "x" }),
        Move::Place(known) => chat.give(&Input::Location { lat: 42.5, lon: 71.25, district: known.then(|| code("shu")), rough: false }),
        Move::Silence => match chat.silence_at {
            Some(_) => chat.silence(),
            None => return None,
        },
        Move::Early => chat.give(&Input::Silence),
        Move::Wait(s) => {
            chat.now = plus_secs(chat.now, *s);
            return None;
        }
        Move::Block => chat.give(&Input::Blocked),
        Move::Wish(word) => chat.text(word),
        Move::Unsupported => chat.give(&Input::Unsupported { kind: "poll" }),
        Move::Link(on) => {
            chat.crew = on.then(|| CrewCode::new("w1").unwrap());
            return None;
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn nothing_said_is_lost(story in prop::collection::vec(moves(), 1..25), stale in any::<bool>(), last_open in any::<bool>(), pending in any::<bool>(), channel in doors()) {
        let mut chat = Chat { stale, last_open, channel, ..Chat::new() };
        chat.pending = pending.then(|| chat.number(1));
        // Tags of words and files that must be passed on in the end.
        let mut owed: Vec<String> = Vec::new();
        let mut all_passed = String::new();
        for (i, m) in story.iter().enumerate() {
            let before = chat.state.clone();
            let mut tag = None;
            let Some(out) = play(&mut chat, i, m, &mut tag) else { continue };

            all_passed.push_str(&passed_on(&out));
            if let Some((tag, empty)) = tag {
                let answered = empty && (stale || !out.says.is_empty() || out.commands.iter().any(|c| matches!(c, Command::ShowStatus { .. })));
                let kept = all_passed.contains(&tag) || held(&chat.state).contains(&tag);
                prop_assert!(kept || answered, "move {i} {m:?} lost {tag} from {before:?}: {out:?}");
                if kept { owed.push(tag); }
                if let Move::Media(Some(_), _) = m { owed.push(format!("c{i}.")); }
            }

            // The memory survives its storage.
            let stored = serde_json::to_string(&chat.state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Conversation>(&stored).unwrap(), &chat.state);
            // Whoever waits is woken, and nobody else.
            let waits = !matches!(chat.state.step, Step::Fresh | Step::Idle);
            prop_assert_eq!(out.silence_at.is_some(), waits);
            // A danger whose place is asked knows its number as soon as it is registered.
            prop_assert!(!matches!(&chat.state.step, Step::AfterPlace { number: None, .. }), "{:?}", chat.state.step);
            // Whoever blocked us is not spoken to.
            if matches!(m, Move::Block) { prop_assert!(out.says.is_empty()); }
            for say in &out.says {
                // No door is given what it cannot show.
                prop_assert_eq!(&Door::of(channel).fit(say.keyboard.clone()), &say.keyboard);
                if let Keyboard::Inline(rows) = &say.keyboard {
                    for key in rows.concat() { prop_assert!(key.data.len() <= 64 && !key.label.is_empty()); }
                }
            }
        }
        if chat.silence_at.is_some() {
            let out = chat.silence();
            all_passed.push_str(&passed_on(&out));
            prop_assert_eq!(&chat.state.step, &Step::Idle, "silence ends every waiting");
        }
        for tag in owed {
            prop_assert_eq!(all_passed.matches(&tag).count(), 1, "{} must be passed on once", tag);
        }
    }

    #[test]
    fn the_same_step_twice_is_the_same(story in prop::collection::vec(moves(), 1..12)) {
        let (mut a, mut b) = (Chat::new(), Chat::new());
        for (i, m) in story.iter().enumerate() {
            let one = play(&mut a, i, m, &mut None);
            let two = play(&mut b, i, m, &mut None);
            prop_assert_eq!(one, two);
        }
    }
}
