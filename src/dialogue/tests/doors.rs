//! The same conversation on doors that can do less, and the words that work at any moment.

use super::*;
use crate::dialogue::needs_choices;
use crate::domain::outgoing::Keyboard;

fn at(channel: ChannelKind) -> Chat {
    Chat { channel, ..Chat::new() }
}

fn keys(out: &Outcome) -> Vec<String> {
    let rows = out.says.iter().find_map(|s| match &s.keyboard {
        Keyboard::Inline(rows) => Some(rows.concat()),
        _ => None,
    });
    rows.unwrap_or_default().into_iter().map(|k| k.data).collect()
}

const FAULT: &str = "register(!fault !water @taraz; taraz; -; ) | ask.house";

#[test]
fn the_house_is_asked_after_the_number_was_given() {
    let asked = || {
        let mut chat = Chat::new();
        assert_eq!(short(&chat.text("!fault !water @taraz")), FAULT);
        chat
    };
    for (answer, want) in [
        ("#street", "locate(1; -; ?; #street)"),
        ("!fault #street", "locate(1; -; ?; !fault #street)"),
        ("!fault #street @shu", "register(!fault #street @shu; shu; street 5; )"),
        ("5 мкр 12", "locate(1; -; ?; 5 мкр 12)"),
        ("возле школы", "locate(1; -; ?; возле школы)"),
        ("@shu", "locate(1; -; shu; @shu)"),
        ("жду", "add(1; жду; )"),
        ("когда?", "add(1; когда?; )"),
        ("!thanks all", "add(1; !thanks all; )"),
        ("hello", "status(1)"),
        ("!fault !roads @shu", "register(!fault !roads @shu; shu; -; ) | ask.house"),
        ("!complain rude people", "register(!complain rude people; ?; -; )"),
    ] {
        assert_eq!(short(&asked().text(answer)), want, "{answer}");
    }
    let mut chat = asked();
    assert_eq!(short(&chat.silence()), "", "no answer is no harm");
    // Known already, or no place at all: nothing is asked.
    assert_eq!(short(&Chat::new().text("!fault !water @taraz #street")), "register(!fault !water @taraz #street; taraz; street 5; )");
    assert_eq!(short(&Chat::new().text("!ask @taraz")), "register(!ask @taraz; taraz; -; )");
}

#[test]
fn a_letter_holds_nothing_up_and_its_thread_goes_on_for_days() {
    let two_days = |chat: &mut Chat| chat.now = crate::domain::time::plus_secs(chat.now, 2 * 86_400);
    let begun = || {
        let mut chat = Chat { last_open: true, ..at(ChannelKind::Mail) };
        assert_eq!(short(&chat.text("!fault !water")), "register(!fault !water; ?; -; ) | ask.place");
        two_days(&mut chat);
        chat
    };
    for (answer, want) in [
        ("@taraz #street", "locate(1; -; taraz; @taraz #street)"),
        (
            "when will they come, it is the third day that we sit here without anything",
            "add(1; when will they come, it is the third day that we sit here without anything; )",
        ),
        ("!fault !water again", "add(1; !fault !water again; )"),
        ("!fault !roads @shu #street", "register(!fault !roads @shu #street; shu; street 5; )"),
        ("^gas", "register(^gas; ?; -; ) | !safety.gas_leak | ask.place"),
    ] {
        let mut chat = begun();
        let said = short(&chat.text(answer));
        assert_eq!(said, want, "{answer}");
    }
    // In a chat the same words two days later are another matter.
    let mut chat = Chat { last_open: true, ..at(ChannelKind::Telegram) };
    chat.text("!fault !water @taraz #street");
    two_days(&mut chat);
    assert!(short(&chat.text("a long story of many words which names no service at all but goes on and on")).starts_with("register"));
    // A photo alone is still asked about, and registered when nobody answers.
    let mut chat = at(ChannelKind::Mail);
    chat.photo("f", None, None);
    assert!(chat.silence_at.is_some_and(|at| at <= crate::domain::time::plus_secs(chat.now, 300)));
    assert_eq!(short(&chat.silence()), "register(; ?; -; f)");
}

#[test]
fn a_short_list_is_numbered_where_there_are_no_keys() {
    for (typed, want) in [
        ("1", "register(!fault !water @abay; shu; -; ) | ask.house"),
        ("2)", "register(!fault !water @abay; merki; -; ) | ask.house"),
        ("3", "register(!fault !water @abay; ?; -; )"),
        ("4", "register(!fault !water @abay/4; ?; 4; )"),
    ] {
        let mut chat = at(ChannelKind::Sms);
        let out = chat.text("!fault !water @abay");
        assert_eq!((short(&out), keys(&out)), ("ask.which_district".to_owned(), vec!["ds:shu".into(), "ds:merki".into(), "ds:skip".into()]));
        assert_eq!(short(&chat.text(typed)), want, "{typed}");
    }
    // Where keys are pressed, a typed digit is a word like any other.
    let mut chat = Chat::new();
    chat.text("!fault !water @abay");
    assert_eq!(short(&chat.text("1")), "register(!fault !water @abay/1; ?; 1; )");
}

#[test]
fn a_list_that_does_not_fit_is_not_shown() {
    let towns: Vec<District> =
        (0..12).map(|i| District { code: DistrictCode::new(format!("d{i}")).unwrap(), name: Named { kk: "x".into(), ru: "x".into() } }).collect();
    let shown = |channel, data: Option<&str>| {
        let (limits, state) = (Limits::default(), Conversation::default());
        let ctx = Context {
            now: day(),
            received_at: day(),
            reported_at: day(),
            channel,
            lang_hint: None,
            crew: None,
            districts: &towns,
            services: &[],
            choices: &[],
            last_open: false,
            pending: None,
            limits: &limits,
            stale: false,
        };
        let asked = step(&state, &Input::Text { text: "!fault", reading: &read("!fault") }, &ctx);
        let out = data.map_or_else(|| asked.clone(), |data| step(&asked.state, &Input::Button { data }, &ctx));
        (short(&out), keys(&out).len(), keys(&out).into_iter().filter(|k| k.starts_with("ds:d")).count())
    };
    assert_eq!(shown(ChannelKind::Telegram, None), ("ask.place | ask.district".into(), 13, 12));
    assert_eq!(shown(ChannelKind::Whatsapp, None), ("ask.place | ask.district".into(), 10, 8));
    assert_eq!(shown(ChannelKind::Whatsapp, Some("dp:1")), ("ask.district".into(), 6, 4));
    assert_eq!(shown(ChannelKind::Instagram, None), ("ask.place | ask.district".into(), 13, 12));
    assert_eq!(shown(ChannelKind::Sms, None), ("ask.place".into(), 0, 0));
}

#[test]
fn yes_and_no_answer_the_question_put_last() {
    let asked = |chat: &mut Chat| chat.choices = vec!["cf:2600000014".into(), "nf:2600000014".into()];
    for channel in [ChannelKind::Telegram, ChannelKind::Sms, ChannelKind::Whatsapp] {
        for (text, want) in [("Иә", "confirm(1)"), ("да, спасибо", "confirm(1)"), ("жоқ", "ask.reason"), ("Нет!", "ask.reason")] {
            let mut chat = at(channel);
            asked(&mut chat);
            assert!(needs_choices(text));
            assert_eq!(short(&chat.text(text)), want, "{channel} {text}");
        }
    }
    let mut chat = at(ChannelKind::Sms);
    asked(&mut chat);
    assert_eq!(short(&chat.text("2")), "ask.reason");
    assert_eq!(short(&chat.text("нет")), "not_fixed(1; нет)", "the second no is the reason, not another press");
    // Nothing was asked: a word like any other.
    assert_eq!(short(&Chat::new().text("да")), "register(да; ?; -; )");
    assert_eq!(short(&at(ChannelKind::Sms).text("2")), "register(2; ?; -; )");
}

#[test]
fn the_words_work_at_any_moment() {
    let fault = |chat: &mut Chat| assert!(short(&chat.text("!fault !water")).starts_with("ask.place"));
    let after_fault = |word: &str, want: &str, then: &str| {
        let mut chat = Chat::new();
        fault(&mut chat);
        assert_eq!(short(&chat.text(word)), want, "{word}");
        assert_eq!(short(&chat.text("#street")), then, "after {word}");
    };
    let registered = "register(!fault !water/#street; ?; street 5; )";
    after_fault("статус", "mine", registered);
    after_fault("мәртебе", "mine", registered);
    after_fault("другой язык", "lang(kk) | lang.set", registered);
    after_fault("қазақша", "lang(kk) | lang.set", registered);
    after_fault("мәзір", "help", registered);
    after_fault("отмена", "cancel.draft", "register(#street; ?; street 5; )");
    after_fault("бас тарту", "cancel.draft", "register(#street; ?; street 5; )");
    after_fault("оператор", "register(!fault !water; ?; -; ) | operator(new; оператор)", "add(1; #street; )");

    let mut chat = Chat::new();
    assert_eq!(short(&chat.text("Оператор")), "register(Оператор; ?; -; ) | operator(new; )");
    assert_eq!(short(&chat.text("операторға қосыңыз")), "operator(1; операторға қосыңыз)");
    assert_eq!(short(&chat.text("статус")), "status(1)");
    assert_eq!(short(&chat.text("отмените заявку")), "withdraw(1; отмените заявку)");
    let mut chat = Chat::new();
    assert_eq!(short(&chat.text("отмена")), "cancel.nothing");
    assert_eq!(short(&chat.text("статус")), "mine");
    let mut chat = Chat::new();
    chat.press("nf:2600000014");
    assert_eq!(short(&chat.text("отмена")), "cancel.question");
    assert_eq!(chat.silence_at, None);
    let number = chat.number(7).to_string();
    assert_eq!(short(&chat.text(&format!("109 СТАТУС {number}"))), "status(7)");
}

#[test]
fn a_number_is_proved_by_the_phone_or_by_a_code() {
    let out = Chat::new().text("мой номер");
    assert_eq!((short(&out), &out.says[0].keyboard), ("contact.ask".into(), &Keyboard::AskContact));
    for channel in [ChannelKind::Whatsapp, ChannelKind::Instagram, ChannelKind::Facebook, ChannelKind::Sms] {
        let mut chat = at(channel);
        assert_eq!(short(&chat.text("123456")), "register(123456; ?; -; )", "no code is awaited");
        let mut chat = Chat { state: Conversation::default(), ..chat };
        assert_eq!(short(&chat.text("менің нөмірім")), "contact.how");
        assert_eq!(short(&chat.text("менің нөмірім 87012345678")), "send_code(+77012345678)");
        assert_eq!(short(&chat.text("123456")), "prove(+77012345678; 123456)");
        assert_eq!(short(&chat.text("123457")), "prove(+77012345678; 123457)", "a slip can be mended");
        chat.state.proved();
        assert_eq!(short(&chat.text("123458")), "register(123458; ?; -; )");
        chat.text("мой номер 87012345678");
        chat.now = plus_secs(chat.now, 700);
        assert!(!short(&chat.text("123459")).starts_with("prove"), "too late");
    }
}

#[test]
fn a_wish_in_a_new_chat_is_not_greeted() {
    let mut chat = Chat::new();
    chat.text("статус");
    assert_eq!(short(&chat.text("hello")), "ask.what");
}

#[test]
fn what_was_understood_is_corrected_by_a_press() {
    let mut chat = at(ChannelKind::Whatsapp);
    assert_eq!(short(&chat.text("!fault !water @taraz #street")), "register(!fault !water @taraz #street; taraz; street 5; )");
    let data = |word: &str, rest: &str| format!("{word}:{}{rest}", chat.number(1).digits());
    let (list, gas, place) = (data("fx", ":0"), data("fs", ":gas"), data("fp", ""));
    let out = chat.press(&list);
    assert_eq!((short(&out), keys(&out).len()), ("ask.service".into(), 4));
    assert_eq!(short(&chat.press(&gas)), "correct(1; gas)");
    assert_eq!(short(&chat.press("fs:2600000014:nothing")), "button.old");
    assert_eq!(short(&chat.press(&place)), "ask.place | ask.district");
    assert_eq!(short(&chat.text("@shu #street")), "locate(1; -; shu; @shu #street)");
}

#[test]
fn later_messages_join_the_request_that_still_stands() {
    let open = |last_open: bool, text: &str| {
        let mut chat = Chat { last_open, ..Chat::new() };
        chat.text("!fault !water @taraz #street");
        chat.now = plus_secs(chat.now, 50_000);
        short(&chat.text(text))
    };
    for text in ["when at last?", "!ask when", "!fault !water again", "third floor", "!thanks"] {
        assert_eq!(open(true, text), format!("add(1; {text}; )"));
        assert!(open(false, text).starts_with("register(") || open(false, text).starts_with("ask.place"), "{text}");
    }
    // An object or a place of its own is another request; so is danger, and a long story.
    for text in ["!fault !roads @shu", "!fault !water #street", "^gas @shu", "!complain rude", "one two three four five six seven eight nine"] {
        assert!(!open(true, text).starts_with("add("), "{text}: {}", open(true, text));
    }
}

#[test]
fn whoever_was_asked_answers() {
    let asked = || {
        let mut chat = Chat::new();
        chat.text("!fault !water @taraz #street");
        chat.now = plus_secs(chat.now, 100_000);
        Chat { pending: Some(chat.number(1)), ..chat }
    };
    for text in ["45-пәтер", "hello", "!fault dry everywhere", "#street @shu 5", "!ask", "one two three four five six seven eight nine"] {
        assert_eq!(short(&asked().text(text)), format!("add(1; {text}; )"));
    }
    assert_eq!(short(&asked().photo("p", None, None)), "add(1; ; p)");
    assert_eq!(short(&asked().give(&Input::Location { lat: 42.9, lon: 71.4, district: None, rough: false })), "locate(1; geo; ?; -)");
    for text in ["!fault !roads @shu", "^gas @shu", "!complain rude", "!fault one two three four five six seven eight nine @shu"] {
        assert!(short(&asked().text(text)).starts_with("register("), "{text}");
    }
    // An older request is the one that was asked about.
    let mut chat = asked();
    chat.text("!fault !roads @shu #street");
    chat.pending = Some(chat.number(1));
    chat.now = plus_secs(chat.now, 100_000);
    assert_eq!(short(&chat.text("45-пәтер")), "add(1; 45-пәтер; )");
}

#[test]
fn pictures_that_come_together_are_acknowledged_once() {
    let mut chat = at(ChannelKind::Whatsapp);
    chat.text("!fault !roads @taraz #street");
    assert_eq!(short(&chat.photo("a", None, None)), "add(1; ; a)");
    assert_eq!(short(&chat.photo("b", None, None)), "add_quiet(1; ; b)");
    assert_eq!(short(&chat.photo("c", None, None)), "add_quiet(1; ; c)");
    chat.now = plus_secs(chat.now, 21);
    assert_eq!(short(&chat.photo("d", None, None)), "add(1; ; d)");
}

#[test]
fn a_voice_note_is_kept_for_a_person() {
    let voice = MediaRef { kind: MediaKind::Voice, ..photo("v") };
    let mut chat = Chat::new();
    assert_eq!(short(&chat.give(&Input::Media { media: &voice, caption: None, group: None })), "voice.kept");
    assert_eq!(short(&chat.silence()), "register(; ?; -; v)");
    let mut chat = Chat::new();
    chat.give(&Input::Media { media: &voice, caption: None, group: None });
    assert_eq!(short(&chat.text("!fault !water @taraz #street")), "register(!fault !water @taraz #street; taraz; street 5; v)");
}

#[test]
fn words_taken_back_are_forgotten_while_nothing_is_registered() {
    let unsent = |text| Input::Unsent { text };
    let mut chat = Chat::new();
    chat.text("!fault !water");
    assert_eq!(short(&chat.give(&unsent(Some("!fault !water")))), "");
    assert_eq!((chat.silence_at, &chat.state.step), (None, &crate::dialogue::Step::Idle));
    let mut chat = Chat::new();
    chat.photo("p", None, None);
    chat.text("hello");
    chat.give(&unsent(Some("hello")));
    chat.give(&unsent(Some("never said")));
    chat.give(&unsent(None));
    assert_eq!(short(&chat.silence()), "register(; ?; -; p)");
}
