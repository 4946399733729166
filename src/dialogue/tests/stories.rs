//! Conversations as they go: each line is one move and what it must bring.

use super::*;
use crate::dialogue::{Linked, Step, crew_job, districts as district_keys};
use crate::domain::outgoing::Keyboard;
use crate::domain::phone::Phone;
use crate::domain::reading::Problem;
use crate::domain::request::Status;

/// One move of a story.
enum Move {
    Text(&'static str),
    Edit(&'static str),
    Press(&'static str),
    Photo(&'static str),
    Captioned(&'static str, &'static str),
    Album(&'static str),
    AlbumCaptioned(&'static str, &'static str),
    Place(Option<&'static str>),
    Command(&'static str, &'static str),
    Silence,
    Wait(i64),
    Blocked,
}
use Move::*;

/// Numbers in button data: `{1}` is the first request that the chat made.
fn with_numbers(chat: &Chat, data: &str) -> String {
    (1..=9).fold(data.to_owned(), |s, n| s.replace(&format!("{{{n}}}"), chat.number(n).digits()))
}

fn play(chat: &mut Chat, story: &[(Move, &str)]) {
    for (i, (action, expected)) in story.iter().enumerate() {
        let out = match action {
            Text(t) => {
                let t = with_numbers(chat, t);
                chat.text(&t)
            }
            Edit(t) => chat.give(&Input::Edited { text: t, reading: &read(t) }),
            Press(data) => {
                let data = with_numbers(chat, data);
                chat.press(&data)
            }
            Photo(id) => chat.photo(id, None, None),
            Captioned(id, t) => chat.photo(id, Some(t), None),
            Album(id) => chat.photo(id, None, Some("g")),
            AlbumCaptioned(id, t) => chat.photo(id, Some(t), Some("g")),
            Place(d) => chat.give(&Input::Location { lat: 42.9, lon: 71.36, district: d.map(code), rough: false }),
            Command(name, arg) => chat.give(&Input::Command { name, arg }),
            Silence => chat.silence(),
            Blocked => chat.give(&Input::Blocked),
            Wait(secs) => {
                chat.now = plus_secs(chat.now, *secs);
                continue;
            }
        };
        assert_eq!(short(&out), *expected, "move {i}");
    }
}

fn story(moves: &[(Move, &str)]) -> Chat {
    let mut chat = Chat::new();
    play(&mut chat, moves);
    chat
}

const ASKED: &str = "ask.place | ask.district";

#[test]
fn greeting_then_fault_then_place() {
    let chat = story(&[
        (Text("hello"), "welcome"),
        (Press("lg:kk"), "lang(kk) | lang.set | ask.what"),
        (Text("!fault !water no water"), ASKED),
        (Text("house by the bridge"), "register(!fault !water no water/house by the bridge; ?; house by the bridge; )"),
        (Text("hello"), "status(1)"),
    ]);
    assert_eq!(chat.state.reply_lang(None), Lang::Kk, "a chosen language stays");
    assert_eq!(chat.silence_at, None);
}

#[test]
fn the_place_question_takes_every_answer() {
    let fault = || (Text("!fault !water"), ASKED);
    story(&[fault(), (Press("ds:shu"), "register(!fault !water; shu; -; ) | ask.house")]);
    story(&[fault(), (Press("ds:skip"), "register(!fault !water; ?; -; )")]);
    story(&[fault(), (Press("ds:paris"), "button.old"), (Press("ds:taraz"), "register(!fault !water; taraz; -; ) | ask.house")]);
    story(&[fault(), (Place(Some("merki")), "register(!fault !water; merki; -; )")]);
    story(&[fault(), (Place(None), "register(!fault !water; ?; -; )")]);
    story(&[fault(), (Silence, "register(!fault !water; ?; -; )")]);
    story(&[fault(), (Text("@taraz #street"), "register(!fault !water/@taraz #street; taraz; street 5; )")]);
    story(&[fault(), (Text("hello?"), "register(!fault !water/hello?; ?; -; )")]);
    story(&[fault(), (Photo("p"), ""), (Silence, "register(!fault !water; ?; -; p)")]);
    story(&[fault(), (Captioned("p", "hello"), ""), (Press("ds:shu"), "register(!fault !water/hello; shu; -; p) | ask.house")]);
    story(&[fault(), (Edit("!fault !water @shu"), "register(!fault !water/!fault !water @shu; shu; -; ) | ask.house")]);
    story(&[fault(), (Command("my", ""), "mine"), (Command("start", ""), "welcome"), (Silence, "register(!fault !water; ?; -; )")]);
    story(&[fault(), (Blocked, "register(!fault !water; ?; -; ) | blocked")]);
}

#[test]
fn an_answer_may_state_a_danger() {
    story(&[
        (Text("!fault !gas"), ASKED),
        (Text("^gas it smells"), "register(!fault !gas/^gas it smells; ?; -; ) | !safety.gas_leak | ask.place | ask.district"),
    ]);
}

#[test]
fn only_the_districts_that_have_such_a_place_are_asked() {
    let mut chat = Chat::new();
    let out = chat.text("!fault !water @abay");
    assert_eq!(short(&out), "ask.which_district");
    let towns: Vec<_> = super::districts().into_iter().filter(|d| d.code.as_str() != "taraz").collect();
    assert_eq!(out.says[0].keyboard, district_keys(&towns, 0, 100));
    let Keyboard::Inline(rows) = &out.says[0].keyboard else { panic!("no buttons") };
    assert_eq!(rows.last().unwrap()[0].data, "ds:skip");
}

#[test]
fn danger_is_registered_before_any_question() {
    let danger = || (Text("^gas !gas smell"), "register(^gas !gas smell; ?; -; ) | !safety.gas_leak | ask.place | ask.district");
    story(&[danger(), (Text("#street flat 3"), "locate(1; -; ?; #street flat 3)"), (Text("when?"), "add(1; when?; )")]);
    story(&[danger(), (Text("by the school"), "locate(1; -; ?; by the school)")]);
    story(&[danger(), (Place(Some("taraz")), "locate(1; geo; taraz; -)")]);
    story(&[danger(), (Press("ds:taraz"), "locate(1; -; taraz; -)")]);
    story(&[danger(), (Press("ds:skip"), "ask.skipped")]);
    story(&[danger(), (Text("hello"), ASKED), (Silence, "")]);
    story(&[danger(), (Photo("p"), "add(1; ; p)"), (Text("^gas quick"), "add(1; ^gas quick; )"), (Place(None), "locate(1; geo; ?; -)")]);
    story(&[danger(), (Text("^fire @taraz"), "register(^fire @taraz; taraz; -; ) | !safety.fire | ask.house")]);
    story(&[(Text("^fire @taraz"), "register(^fire @taraz; taraz; -; ) | !safety.fire | ask.house")]);
}

#[test]
fn other_classes_are_never_held() {
    for text in ["!thanks", "!ask !water", "!complain", "!idea !roads", "strange words"] {
        let mut chat = Chat::new();
        assert_eq!(short(&chat.text(text)), format!("register({text}; ?; -; )"));
    }
}

#[test]
fn a_second_message_joins_unless_it_speaks_of_something_else() {
    let first = || (Text("!fault !water @taraz"), "register(!fault !water @taraz; taraz; -; ) | ask.house");
    story(&[first(), (Silence, ""), (Text("third floor"), "add(1; third floor; )")]);
    story(&[first(), (Text("!fault !water still"), "add(1; !fault !water still; )")]);
    story(&[first(), (Text("!thanks"), "add(1; !thanks; )")]);
    story(&[first(), (Photo("p"), "add(1; ; p)"), (Captioned("q", "see"), "add(1; see; q)")]);
    story(&[first(), (Place(Some("taraz")), "locate(1; geo; taraz; -)")]);
    story(&[first(), (Edit("@taraz house 7"), "add(1; @taraz house 7; )")]);
    story(&[first(), (Text("!fault !roads @shu"), "register(!fault !roads @shu; shu; -; ) | ask.house"), (Text("deep"), "add(2; deep; )")]);
    story(&[first(), (Text("!complain they were rude"), "register(!complain they were rude; ?; -; )")]);
    story(&[first(), (Text("^gas @taraz"), "register(^gas @taraz; taraz; -; ) | !safety.gas_leak | ask.house")]);
    story(&[first(), (Edit("^fire @taraz"), "register(^fire @taraz; taraz; -; ) | !safety.fire | ask.house")]);
    story(&[first(), (Silence, ""), (Wait(601), ""), (Text("third floor"), "register(third floor; ?; -; )")]);
    story(&[first(), (Silence, ""), (Wait(9000), ""), (Edit("@taraz house 7"), "add(1; @taraz house 7; )"), (Text("hello"), "ask.what")]);
}

#[test]
fn files_and_places_wait_for_words() {
    story(&[(Photo("p"), "ask.what"), (Text("!fault !roads @taraz"), "register(!fault !roads @taraz; taraz; -; p) | ask.house")]);
    story(&[(Photo("p"), "ask.what"), (Text("hello"), "ask.what"), (Silence, "register(hello; ?; -; p)")]);
    story(&[(Place(Some("shu")), "ask.what"), (Photo("p"), ""), (Text("!fault !roads"), "register(!fault !roads; shu; -; p)")]);
    story(&[(Photo("p"), "ask.what"), (Silence, "register(; ?; -; p)")]);
    story(&[(Captioned("p", "!fault !roads @taraz"), "register(!fault !roads @taraz; taraz; -; p) | ask.house")]);
    story(&[(Photo("p"), "ask.what"), (Text("^fire"), "register(^fire; ?; -; p) | !safety.fire | ask.place | ask.district")]);
}

#[test]
fn an_album_stays_together() {
    story(&[
        (AlbumCaptioned("a", "!fault !roads @taraz"), "register(!fault !roads @taraz; taraz; -; a) | ask.house"),
        (Album("b"), "add_quiet(1; ; b)"),
        (Text("!fault !water @shu"), "register(!fault !water @shu; shu; -; ) | ask.house"),
        (Album("late"), "add_quiet(1; ; late)"),
    ]);
    story(&[
        (Album("a"), "ask.what"),
        (Album("b"), ""),
        (AlbumCaptioned("c", "!fault @shu"), "register(!fault @shu; shu; -; a,b,c) | ask.house"),
        (Album("d"), "add_quiet(1; ; d)"),
    ]);
    story(&[(AlbumCaptioned("a", "!fault"), ASKED), (Album("b"), ""), (Press("ds:shu"), "register(!fault; shu; -; a,b) | ask.house")]);
}

#[test]
fn a_heap_of_files_does_not_swell_the_memory() {
    let mut chat = Chat::new();
    for i in 0..19 {
        assert!(chat.photo(&i.to_string(), None, None).commands.is_empty());
    }
    let out = chat.photo("last", None, None);
    assert!(matches!(&out.commands[..], [crate::dialogue::Command::Register(d)] if d.media.len() == 20));
}

#[test]
fn done_and_not_done() {
    let one = || (Text("!ask"), "register(!ask; ?; -; )");
    story(&[one(), (Press("cf:{1}"), "confirm(1)"), (Press("rt:{1}:5"), "rate(1; 5)"), (Press("rt:{1}:6"), "button.old")]);
    story(&[one(), (Press("nf:{1}"), "ask.reason"), (Text("still dry"), "not_fixed(1; still dry)"), (Photo("p"), "add(1; ; p)")]);
    story(&[one(), (Press("nf:{1}"), "ask.reason"), (Captioned("p", "look"), "not_fixed(1; look) | add_quiet(1; ; p)")]);
    story(&[one(), (Press("nf:{1}"), "ask.reason"), (Album("p"), "not_fixed(1; -) | add_quiet(1; ; p)"), (Album("q"), "add_quiet(1; ; q)")]);
    story(&[one(), (Press("nf:{1}"), "ask.reason"), (Silence, "not_fixed(1; -)")]);
    story(&[
        one(),
        (Press("nf:{1}"), "ask.reason"),
        (Press("nf:{1}"), "ask.reason"),
        (Press("cf:{1}"), "confirm(1)"),
        (Text("thanks"), "add(1; thanks; )"),
    ]);
    story(&[one(), (Press("nf:{1}"), "ask.reason"), (Text("^gas now"), "not_fixed(1; ^gas now) | !safety.gas_leak")]);
    story(&[
        (Text("!fault !water"), ASKED),
        (Press("nf:{7}"), "register(!fault !water; ?; -; ) | ask.reason"),
        (Text("it leaks"), "not_fixed(7; it leaks)"),
    ]);
}

#[test]
fn numbers_and_lists() {
    story(&[(Text("{3}"), "status(3)"), (Press("st:{3}"), "status(3)"), (Press("my"), "mine"), (Command("my", ""), "mine")]);
    story(&[(Command("start", ""), "welcome"), (Command("help", ""), "help"), (Command("lang", ""), "lang.choose"), (Command("zzz", "a"), "help")]);
    // A telephone number that happens to pass the check digit is not a request.
    for year in [2070, 2005] {
        let phone = RequestNumber::compose(year, 1_234_567).digits().to_owned();
        let mut chat = Chat::new();
        assert_eq!(short(&chat.text(&phone)), format!("register({phone}; ?; -; )"));
    }
}

#[test]
fn an_early_silence_changes_nothing() {
    let mut chat = Chat::new();
    chat.text("!fault !water");
    let waits = chat.silence_at;
    let out = chat.give(&Input::Silence);
    assert_eq!((short(&out), out.silence_at), (String::new(), waits));
}

#[test]
fn the_crew_closes_with_evidence() {
    let crew = |moves: &[(Move, &str)]| {
        let mut chat = Chat { crew: Some(CrewCode::new("w1").unwrap()), ..Chat::new() };
        play(&mut chat, moves);
    };
    let asked = || (Press("cd:{1}"), "crew.done_ask");
    crew(&[(Command("jobs", ""), "jobs"), (Press("ca:{1}"), "accept(1)"), (Press("cg:{1}"), "start(1)"), (Press("cr:{1}"), "arrive(1)")]);
    crew(&[asked(), (Text("pipe changed"), "crew.done_photo"), (Photo("p"), "done(1; pipe changed; p)")]);
    crew(&[asked(), (Photo("p"), "crew.done_note"), (Text("pipe changed"), "done(1; pipe changed; p)")]);
    crew(&[asked(), (Captioned("p", "ok"), "done(1; ok; p)"), (Press("cx:{1}"), "done(1; -; )")]);
    crew(&[asked(), (Text("ok"), "crew.done_photo"), (Press("cx:{1}"), "done(1; ok; )")]);
    crew(&[asked(), (Silence, "done(1; -; )")]);
    crew(&[
        asked(),
        (AlbumCaptioned("a", "ok"), "crew.done_more"),
        (Album("b"), ""),
        (Press("cx:{1}"), "done(1; ok; a,b)"),
        (Album("c"), "add_quiet(1; ; c)"),
    ]);
    crew(&[asked(), (Text("a"), "crew.done_photo"), (Press("cd:{2}"), "done(1; a; ) | crew.done_ask"), (Press("cx:{2}"), "done(2; -; )")]);
    crew(&[(Text("!fault !roads @shu"), "register(!fault !roads @shu; shu; -; ) | ask.house")]);
    story(&[(Press("ca:{1}"), "crew.not_linked"), (Press("cd:{1}"), "crew.not_linked"), (Command("jobs", ""), "crew.not_linked")]);
    story(&[(Command("link", " K7 "), "link(K7)"), (Command("link", ""), "crew.link_how")]);
}

#[test]
fn a_job_shows_the_next_press_only() {
    let n = Chat::new().number(1);
    let data = |k: Keyboard| match k {
        Keyboard::Inline(rows) => rows.concat().into_iter().map(|k| k.data[..2].to_owned()).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let shown = [Status::Queued, Status::Assigned, Status::InProgress, Status::Closed].map(|s| data(crew_job(&n, s, false)));
    assert_eq!(shown, ["ca", "cg cd cp", "cr cd cp", ""]);
    assert_eq!(data(crew_job(&n, Status::InProgress, true)), "cd cp");
    assert_eq!(data(crew_job(&n, Status::OnHold, true)), "cu");
}

#[test]
fn old_messages_are_registered_and_not_questioned() {
    let mut chat = Chat { stale: true, ..Chat::new() };
    play(
        &mut chat,
        &[
            (Text("hello"), ""),
            (Text("!fault !water"), "register(!fault !water; ?; -; )"),
            (Wait(601), ""),
            (Photo("p"), "register(; ?; -; p)"),
            (Command("start", ""), ""),
        ],
    );
    let mut chat = Chat { stale: true, ..Chat::new() };
    play(&mut chat, &[(Text("^gas"), "register(^gas; ?; -; ) | !safety.gas_leak")]);
}

#[test]
fn without_buttons_only_words_are_shown() {
    let mut chat = Chat { channel: ChannelKind::Sms, ..Chat::new() };
    let out = chat.text("!fault !water");
    assert_eq!(short(&out), "ask.place");
    assert_eq!(out.says[0].keyboard, Keyboard::None);
}

#[test]
fn the_language_follows_until_it_is_chosen() {
    let mut chat = Chat::new();
    assert_eq!(chat.state.reply_lang(Some(Lang::Ru)), Lang::Ru);
    chat.text("!ask қ");
    assert_eq!(chat.state.reply_lang(None), Lang::Kk);
    chat.text("!ask");
    assert_eq!(chat.state.reply_lang(None), Lang::Ru);
    chat.press("lg:kk");
    chat.text("!ask");
    assert_eq!(chat.state.reply_lang(None), Lang::Kk);
}

#[test]
fn contacts_blocks_and_the_unreadable() {
    let mut chat = Chat::new();
    let phone = Phone::parse("87012345678").unwrap();
    assert_eq!(short(&chat.give(&Input::Contact { phone: Some(phone.clone()), own: true })), "phone(+77012345678) | contact.saved");
    assert_eq!(short(&chat.give(&Input::Contact { phone: Some(phone), own: false })), "contact.not_own");
    assert_eq!(short(&chat.give(&Input::Contact { phone: None, own: true })), "contact.bad");
    assert_eq!(short(&chat.give(&Input::Unsupported { kind: "poll" })), "unsupported");
    assert_eq!(short(&chat.give(&Input::Location { lat: f64::NAN, lon: 1.0, district: None, rough: false })), "unsupported");
    assert_eq!(short(&chat.give(&Input::Blocked)), "blocked");
    assert_eq!(short(&chat.give(&Input::Unblocked)), "unblocked");
}

#[test]
fn old_rows_still_read() {
    let empty: Conversation = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, Conversation::default());
    let waiting: Conversation = serde_json::from_str(r#"{"step":{"at":"after_place","asked_at":"2026-11-20T09:00:00Z"},"later":1}"#).unwrap();
    assert_eq!(waiting.step, Step::AfterPlace { number: None, asked_at: day(), house: false });
}

#[test]
fn several_problems_are_told_apart_later() {
    let gas = ServiceCode::new("gas").unwrap();
    let further = |hazard| Problem {
        text: "!fault !gas".into(),
        class: Guess::default(),
        service: Guess { best: Some(gas.clone()), confidence: 1.0, sure: true },
        hazard,
    };
    let mut chat = Chat::new();
    let mut reading = read("^fire @taraz");
    reading.others = vec![further(Some(Hazard::GasLeak)), further(Some(Hazard::Fire))];
    // Each danger is spoken of once, before anything else.
    assert_eq!(
        short(&chat.give(&Input::Text { text: "^fire", reading: &reading })),
        "register(^fire; taraz; -; ) | !safety.fire | !safety.gas_leak | ask.house"
    );
    chat.state.last.as_mut().unwrap().linked = vec![Linked { number: chat.number(9), service: Some(gas.clone()) }];
    assert_eq!(
        short(&chat.text("!fault !gas still")),
        format!("add({}; !fault !gas still; )", chat.number(9)).replace(&chat.number(9).to_string(), "9")
    );
    // Both again: they are known. One more: it is not.
    let mut both = read("!fault !gas");
    both.others = vec![further(None)];
    assert!(short(&chat.give(&Input::Text { text: "both", reading: &both })).starts_with("add("));
    both.others[0].service.best = ServiceCode::new("roads").ok();
    assert!(!short(&chat.give(&Input::Text { text: "and more", reading: &both })).starts_with("add("));
}

#[test]
fn a_short_question_asks_after_the_last_request() {
    let first = || (Text("!fault !water @taraz"), "register(!fault !water @taraz; taraz; -; ) | ask.house");
    story(&[first(), (Text("!fault when will it be mended?"), "add(1; !fault when will it be mended?; )")]);
    story(&[first(), (Text("!fault when"), "add(1; !fault when; )")]);
    story(&[first(), (Text("!fault something else is broken here"), ASKED)]);
    story(&[first(), (Text("!fault @shu why?"), "register(!fault @shu why?; shu; -; ) | ask.house")]);
}

#[test]
fn near_a_rough_border_the_point_completes_and_does_not_correct() {
    let near = |district: &str| Input::Location { lat: 42.9, lon: 71.4, district: Some(code(district)), rough: true };
    let mut chat = Chat::new();
    chat.text("!fault !water");
    assert_eq!(short(&chat.give(&near("shu"))), "register(!fault !water; shu; -; )");
    let mut chat = Chat::new();
    chat.photo("p", None, None);
    chat.give(&near("shu"));
    assert_eq!(short(&chat.text("!fault !water @taraz")), "register(!fault !water @taraz; taraz; -; p)");
    // A certain point stands, whatever the words say.
    let mut chat = Chat::new();
    chat.photo("p", None, None);
    chat.give(&Input::Location { lat: 42.9, lon: 71.4, district: Some(code("shu")), rough: false });
    assert_eq!(short(&chat.text("!fault !water @taraz")), "register(!fault !water @taraz; shu; -; p)");
}
