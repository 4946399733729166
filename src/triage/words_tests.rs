//! The word layer against hand-made tables: several problems in one message, danger in calm words, and what must change nothing.

use super::*;
use crate::domain::reading::MessageLang;
use proptest::prelude::*;
use std::sync::OnceLock;

fn triage() -> &'static Triage {
    static ONE: OnceLock<Triage> = OnceLock::new();
    ONE.get_or_init(|| Triage::load(&TriageFiles::embedded()).unwrap())
}

/// The services of the problems of a message, with their dangers: `gas!` for a danger.
fn problems(text: &str) -> String {
    let t = triage();
    let message = normalize(text);
    let hits = t.lists.patterns.find(&message);
    let splitter = split::Splitter { services: &t.lists.services, classes: &t.lists.classes, dangers: &t.lists.dangers, patterns: &t.lists.patterns };
    let name = |p: &split::Statement| {
        let hits = t.lists.patterns.find(&p.message);
        let service = t.lists.services.guess(&hits, &t.lists.patterns, &mut Vec::new()).best.map(String::from).unwrap_or_default();
        format!("{service}{}", if p.hazard.is_some() { "!" } else { "" })
    };
    splitter.split(&message, &hits).iter().map(name).collect::<Vec<_>>().join(" ")
}

fn assert_problems(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(text, want)| (text, want, problems(text)))
        .filter(|(_, want, got)| *want != got)
        .map(|(t, w, g)| format!("{t}: want '{w}', got '{g}'"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

#[test]
fn several_problems_are_told_apart() {
    assert_problems(&[
        ("Нет света второй день. Мусор не вывозят неделю.", "electricity waste"),
        ("Света нет и воды нет", "electricity water"),
        ("фонари не горят, мусор не вывозят", "lighting waste"),
        ("Лифт не работает, мусор не вывозят", "housing waste"),
        ("Лифт не работает, а в подъезде пахнет газом", "gas! housing"),
        ("Мусор не вывозят. И ещё автобус 12 не приехал", "waste transport"),
        ("нет воды второй день, а также не горят фонари", "water lighting"),
        ("Батареи холодные. Кроме того, контейнеры переполнены", "heating waste"),
        ("батареи ледяные, света нет", "heating electricity"),
        ("автобус не ходит, фонари не горят", "transport lighting"),
        ("Дорога вся в ямах, фонари не горят, собаки стаей бросаются на детей", "landscaping! roads lighting"),
        ("нет газа с утра и мусор не вывозят", "gas waste"),
        ("Пахнет газом в подъезде. Ещё лифт сломан.", "gas! housing"),
        ("мусор не вывозят, открытый люк у школы", "sewerage! waste"),
        ("автобус не приехал, провод оборвало и он искрит", "electricity! transport"),
        ("нет света второй день мусор не вывозят", "electricity waste"),
        ("не горят фонари мусор не вывозят", "lighting waste"),
        ("свет отключили. Кстати, канализация забита", "electricity sewerage"),
        ("Скамейки в парке сломаны. Светофор не работает.", "landscaping roads"),
        ("Воды нет. Газа тоже нет.", "water gas"),
        ("интернет не работает. Мусор не вывозят.", "other waste"),
        ("нет тепла; нет света", "heating electricity"),
        ("жарық жоқ, қоқыс алмайды", "electricity waste"),
        ("Су жоқ. Жарық та жоқ.", "water electricity"),
        ("су жок жарык жок", "water electricity"),
        ("Қоқысты алмайды. Тағы көше шамы жанбайды.", "waste lighting"),
        ("автобус келмейді, қоқыс шығармайды", "transport waste"),
        ("Лифт істемейді, сосын қоқыс алмайды", "housing waste"),
        ("Газ иісі шығып тұр. Лифт те істемейді.", "gas! housing"),
        ("қоқыс толып кетті, газ иісі шығып тұр", "gas! waste"),
        ("жылу жоқ, жарық жоқ", "heating electricity"),
        ("кәріз тасып кетті. Оған қоса жарық жоқ.", "sewerage electricity"),
        ("көше шамы жанбайды, иттер қауып жатыр", "landscaping! lighting"),
        ("светофор жанбай тұр. Қоқыс алмайды", "roads waste"),
        ("Автобус жоқ, әрі фонарь жанбайды", "transport lighting"),
        ("свет жоқ, мусорды алмайды", "electricity waste"),
    ]);
}

#[test]
fn one_problem_with_two_nouns_stays_one() {
    assert_problems(&[
        ("", ""),
        ("нет воды", ""),
        ("из-за ремонта дороги нет воды", ""),
        ("Из-за аварии на электросетях нет воды", ""),
        ("нет света, холодильник потёк", ""),
        ("Нет света. Когда дадут свет?", ""),
        ("света нет, сидим без света с детьми", ""),
        ("трубу прорвало, подвал затопило", ""),
        ("Прорвало трубу на улице, вода течёт по дороге", ""),
        ("яма у остановки, колесо пробил", ""),
        ("фонарь у школы не горит", ""),
        ("мусор не вывозят, вонь на весь двор", ""),
        ("Мусор лежит на остановке. Автобус объезжает.", ""),
        ("автобус не приехал, дети опоздали в школу", ""),
        ("Спасибо за дорогу! Фонари не горят.", ""),
        ("спасибо что починили лифт", ""),
        ("подскажите как оплатить свет и воду", ""),
        ("сколько стоит подключение газа и воды", ""),
        ("предлагаю поставить фонари и скамейки", ""),
        ("лифт застрял на пятом этаже", ""),
        ("Пахнет газом. Газ в подъезде, срочно!", ""),
        ("дерево упало на провод, света нет", ""),
        ("после ремонта водопровода яма на дороге осталась", ""),
        ("котёл не работает, потому что нет газа", ""),
        ("насос не качает, так как света нет", ""),
        ("горячей воды нет во всём доме", ""),
        ("жарық жоқ, тоңазытқыш еріп кетті", ""),
        ("су жоқ, крандардан ауа шығады", ""),
        ("жол бойындағы құбыр жарылып су ағып жатыр", ""),
        ("мектеп жанындағы фонарь жанбайды", ""),
        ("жарық болмағандықтан насос істемейді", ""),
        ("қоқыс алмайды, иіс шығып тұр", ""),
        ("рахмет, лифтті жөндеп бердіңіздер", ""),
        ("автобус аялдамаға тоқтамайды", ""),
        ("Жөндеу кесірінен су жоқ", ""),
        ("су мен жарыққа қалай төлеймін", ""),
        ("шатырдан су ағып жатыр", ""),
        ("Аула қараңғы, шам жанбайды", ""),
    ]);
}

#[test]
fn the_parts_keep_every_word_once() {
    let t = triage();
    for text in ["Сәлем! Жарық жоқ, қоқыс алмайды. Тараз, 5 мкр", "Нет света. Мусор не вывозят. Света нет третий день!"]
    {
        let message = normalize(text);
        let hits = t.lists.patterns.find(&message);
        let splitter =
            split::Splitter { services: &t.lists.services, classes: &t.lists.classes, dangers: &t.lists.dangers, patterns: &t.lists.patterns };
        let parts = splitter.split(&message, &hits);
        let mut got: Vec<String> = parts.iter().flat_map(|p| p.message.words.iter().map(|w| w.folded.clone())).collect();
        let mut want: Vec<String> = message.words.iter().map(|w| w.folded.clone()).collect();
        got.sort();
        want.sort();
        assert_eq!(got, want, "{text}");
        assert!(parts.iter().all(|p| p.message.words.iter().all(|w| p.message.source.get(w.span.0..w.span.1).is_some())));
    }
}

#[test]
fn danger_in_calm_words_of_both_languages() {
    for text in [
        "на кухне потягивает газом, несильно",
        "газ иісі сезіледі, терезе аштық",
        "труба желтая возле забора шипит и пахнет",
        "провод отгорел и улёгся на крышу",
        "щиток гудит и пощипывает пальцы",
        "сым үзіліп жерде жатыр",
        "топим печку, у обоих голова чугунная и подташнивает",
        "пештен түтін шығып, балалардың басы айналып тұр",
        "занялась трава за селом, идёт к домам",
        "есептегіш күйіп, түтіндеп жатыр",
        "вода прибывает, подвал уже по колено",
        "үйге су кіріп жатыр",
        "сняли крышку с колодца, дети рядом играют",
        "кудыктын какпагы жок",
        "тополь треснул и держится на коре над садиком",
        "балкон құлап барады",
        "лифт застрял, внутри ребёнок",
        "иттер топталып балаға шабуыл жасады",
    ] {
        assert!(triage().read(text).hazard.is_some(), "{text}");
    }
}

#[test]
fn danger_denied_imagined_past_or_proposed_is_none() {
    for text in [
        "запаха газа нет, просто проверьте плиту",
        "газ иісі жоқ",
        "а если запахнет газом, куда звонить?",
        "газ иісі шықса қайда хабарласамын?",
        "в прошлом году был пожар, теперь хотим сигнализацию",
        "былтыр су басты, биыл құрғақ",
        "ребята огонь, спасибо",
        "искренне благодарю за ремонт",
        "предлагаю раздать датчики угарного газа",
        "утечку устранили, спасибо бригаде",
        "провод не искрит",
        "дом не топят с субботы",
        "ГАЗель не приехала",
        "газон у дома засох",
    ] {
        assert_eq!(triage().read(text).hazard, None, "{text}");
    }
}

#[test]
fn thanks_for_one_thing_do_not_silence_another_danger() {
    assert!(triage().read("Спасибо, свет починили быстро. А в подъезде теперь пахнет газом").hazard.is_some());
    assert!(triage().read("Рахмет! Енді подъезде газ иісі шығып тұр").hazard.is_some());
}

#[test]
fn languages_with_traps() {
    for (text, lang) in [
        ("су жок бизде уш кун болды", MessageLang::Kk),
        ("на улице Қошқарата нет воды", MessageLang::Ru),
        ("коше шамы жанбайды", MessageLang::Kk),
        ("мусор не вывозят третий день", MessageLang::Ru),
        ("svet net uzhe vtoroi den", MessageLang::Ru),
        ("qoqys almaidy, 5 kun boldy", MessageLang::Kk),
    ] {
        assert_eq!(triage().read(text).lang, lang, "{text}");
    }
}

/// A message as people type it, from words of both languages.
fn message() -> impl Strategy<Value = String> {
    let words = [
        "нет",
        "света",
        "воды",
        "газом",
        "пахнет",
        "су",
        "жоқ",
        "жарық",
        "қоқыс",
        "алмайды",
        "мусор",
        "не",
        "вывозят",
        "люк",
        "открыт",
        "когда",
        "қашан",
        "береді",
        "улица",
        "көше",
        "шамы",
        "жанбайды",
        "лифт",
        "үйді",
        "басты",
        "искрит",
        "провод",
        "дети",
        "балалар",
        "автобус",
        "келмеді",
        "дорога",
        "яма,",
        "горит",
        "фонарь.",
        "5",
        "мкр",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 1..14).prop_map(|w| w.join(" "))
}

proptest! {
    #[test]
    fn a_normal_form_is_its_own(text in "[а-яА-ЯәғқңөұүһіӘҒҚҢӨҰҮҺІёЁa-zA-Z0-9 ,.!?💧🔥+()-]{0,120}") {
        let once = normalize(&text);
        prop_assert_eq!(&normalize(&once.text).text, &once.text);
    }

    #[test]
    fn folding_the_letters_changes_nothing(text in message()) {
        let folded: String = text.chars().map(normalize::fold_letter).collect();
        let (a, b) = (triage().read(&text), triage().read(&folded));
        prop_assert_eq!((a.service, a.class, a.hazard, a.others.len()), (b.service, b.class, b.hazard, b.others.len()));
    }

    #[test]
    fn a_greeting_and_thanks_change_no_service_and_no_danger(text in message(), greeting in prop::sample::select(vec!["Здравствуйте! ", "Сәлеметсіз бе! ", "Добрый день. "]), thanks in prop::sample::select(vec![". Заранее спасибо", ". Алдын ала рахмет"])) {
        let (a, b) = (triage().read(&text), triage().read(&format!("{greeting}{text}{thanks}")));
        prop_assert_eq!((a.service.best, a.hazard), (b.service.best, b.hazard));
    }

    #[test]
    fn no_text_breaks_the_splitter(text in ".{0,300}") {
        prop_assert!(triage().read(&text).others.len() < 8);
    }
}
