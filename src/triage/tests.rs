//! Triage as a whole: hand-made tables, hostile texts, and a floor under its accuracy on the training corpus.

use super::*;
use crate::domain::reading::{MessageLang, Place};
use crate::domain::{Class, Hazard, Lang};
use proptest::prelude::*;
use std::sync::OnceLock;

const CORPUS: &str = include_str!("../../config/triage/messages_train.tsv");

fn triage() -> &'static Triage {
    static ONE: OnceLock<Triage> = OnceLock::new();
    ONE.get_or_init(|| Triage::load(&TriageFiles::embedded()).unwrap())
}

fn service(text: &str) -> Option<String> {
    triage().read(text).service.best.map(String::from)
}

fn district(text: &str) -> String {
    match triage().read(text).place {
        Place::Found { district, .. } => district.as_str().to_owned(),
        Place::Ambiguous(_) => "?".to_owned(),
        Place::Unknown => "-".to_owned(),
    }
}

#[test]
fn services_in_both_languages_and_spellings() {
    for (text, want) in [
        ("с утра нет воды во всём доме", "water"),
        ("су жок екінші күн", "water"),
        ("su joq bizde", "water"),
        ("djls ytn dnjhst cenrb", "water"),
        ("Жарық тағы өшіп қалды", "electricity"),
        ("жарык жок", "electricity"),
        ("көше шамы бір айдан бері жанбайды", "lighting"),
        ("фонарь у школы не горит", "lighting"),
        ("қоқысты үш күннен бері ешкім алмады", "waste"),
        ("мусорный контейнер переполнен", "waste"),
        ("яма на дороге, колесо пробил", "roads"),
        ("светофор сломался на перекрёстке", "roads"),
        ("батареи еле тёплые", "heating"),
        ("кәріз тасып кетті", "sewerage"),
        ("лифт застрял на пятом", "housing"),
        ("газель маршрутная не приехала", "transport"),
        ("автобус тоқтамай өтіп кетті", "transport"),
        ("скамейки в парке сломаны", "landscaping"),
        ("ЦОН қай уақытта ашылады", "public_services"),
        ("в аптеке нет лекарств", "other"),
    ] {
        assert_eq!(service(text).as_deref(), Some(want), "{text}");
    }
}

#[test]
fn words_that_only_look_like_gas_or_light() {
    assert_ne!(service("ГАЗель жүргізушісі дөрекі сөйледі").as_deref(), Some("gas"));
    assert_ne!(service("посейте газон во дворе").as_deref(), Some("gas"));
    assert_ne!(service("в подъезде перегорела лампочка, темно").as_deref(), Some("electricity"));
    // A bottle is no service: whatever the model guesses first, nobody is sent on it.
    assert_eq!(triage().read("шөлмек").service.accepted(), None);
}

#[test]
fn classes() {
    for (text, want) in [
        ("Когда дадут воду?", Class::Incident),
        ("жарық қашан береді?", Class::Incident),
        ("сколько стоит подключение газа?", Class::Consultation),
        ("балабақшаға кезекке қалай тұрамын?", Class::Consultation),
        ("диспетчер нагрубил и бросил трубку", Class::Complaint),
        ("заявку закрыли, а никто не приезжал", Class::Complaint),
        ("предлагаю поставить скамейки у поликлиники", Class::Proposal),
        ("осы жерге аялдама салынса екен", Class::Proposal),
        ("Жолды жөндеп бергендеріңізге рахмет!", Class::Thanks),
        ("спасибо бригаде, быстро всё починили", Class::Thanks),
    ] {
        assert_eq!(triage().read(text).class.best, Some(want), "{text}");
    }
}

#[test]
fn gratitude_with_an_open_problem_is_not_gratitude() {
    for text in ["нет света второй день, заранее спасибо", "су жоқ, алдын ала рахмет", "спасибо, но воды опять нет и яма осталась"]
    {
        assert_ne!(triage().read(text).class.best, Some(Class::Thanks), "{text}");
    }
}

#[test]
fn danger_is_found_in_alarm_and_in_calm_words() {
    for (text, want) in [
        ("в подъезде пахнет газом", Hazard::GasLeak),
        ("газдын иси шыгып тур", Hazard::GasLeak),
        ("gaz iisi shygyp tur", Hazard::GasLeak),
        ("слегка пахнет газом на кухне, заранее спасибо", Hazard::GasLeak),
        ("ПОЖАР в доме напротив", Hazard::Fire),
        ("көршінің үйі өртеніп жатыр", Hazard::Fire),
        ("столбтан ұшқын шығып тұр", Hazard::LiveWire),
        ("оборвался провод и лежит у калитки", Hazard::LiveWire),
        ("печка дымит, угорели все", Hazard::CarbonMonoxide),
        ("подвал затопило по щиколотку", Hazard::Flooding),
        ("үйді су басты", Hazard::Flooding),
        ("открытый люк возле детсада", Hazard::OpenManhole),
        ("люктің қақпағы жоқ", Hazard::OpenManhole),
        ("обрушилась стена сарая", Hazard::Collapse),
    ] {
        assert_eq!(triage().read(text).hazard, Some(want), "{text}");
    }
}

#[test]
fn danger_that_is_over_or_not_there_is_none() {
    for text in [
        "спасибо, запах газа устранили быстро",
        "газон пожелтел",
        "куда звонить если пахнет газом?",
        "гонит как на пожар",
        "фонарь горит днём",
        "загазованный воздух от машин",
        "светофор горит красным",
        "",
    ] {
        assert_eq!(triage().read(text).hazard, None, "{text}");
    }
}

#[test]
fn districts_with_cases_adjectives_and_traps() {
    for (text, want) in [
        ("Қордайда су жоқ", "korday"),
        ("в Кордае нет света", "korday"),
        ("Меркенский район, дорога разбита", "merki"),
        ("Меркi ауданы", "merki"),
        ("Жаңатастағы мектеп", "sarysu"),
        ("Каратау 2 мкр холодно", "talas"),
        ("6 мкр нет воды", "taraz"),
        ("Самал мкр", "taraz"),
        ("Жамбыл ауданы, жол жоқ", "zhambyl"),
        ("Жамбылская область", "-"),
        ("Жамбыл Су трубку не берёт", "-"),
        ("Төле би көшесі 14", "-"),
        ("улица Рыскулова 5", "-"),
        ("Рысқұлов ауданы", "ryskulov"),
        ("аса қажет", "-"),
        ("Аса ауылында жарық өшті", "zhambyl"),
        ("в Бурном нет газа", "zhualy"),
        ("Шуда автобус жоқ", "shu"),
        ("село Кенес", "?"),
        ("Бірлік ауылы", "?"),
        ("Бірлік ауылы, Шу ауданы", "shu"),
        ("Кордай - Тараз трасса", "?"),
        ("", "-"),
    ] {
        assert_eq!(district(text), want, "{text}");
    }
}

#[test]
fn a_settlement_is_named_as_the_gazetteer_spells_it() {
    let Place::Found { district, settlement } = triage().read("в Жанатасе холодно").place else { panic!("no place") };
    assert_eq!((district.as_str(), settlement.as_deref()), ("sarysu", Some("Жаңатас")));
    let (lat, lon) = triage().settlement_point(&district, "Жаңатас").unwrap();
    assert_eq!(triage().locate(lat, lon), Some(district));
}

#[test]
fn languages() {
    for (text, lang, reply) in [
        ("нет воды второй день", MessageLang::Ru, Lang::Ru),
        ("су жок екі күн болды", MessageLang::Kk, Lang::Kk),
        ("su joq qashan beredi", MessageLang::Kk, Lang::Kk),
        ("свет жоқ опять, сколько можно ждать, балалар қараңғыда отыр", MessageLang::Mixed, Lang::Kk),
    ] {
        let r = triage().read(text);
        assert_eq!((r.lang, r.reply), (lang, reply), "{text}");
    }
}

#[test]
fn greetings_are_empty_and_requests_are_not() {
    for text in ["", "Сәлеметсіз бе", "алло", "здравствуйте", "👍", "...", "Салем"] {
        assert!(triage().read(text).empty, "{text}");
    }
    for text in ["су жоқ", "здравствуйте, нет воды", "газ иісі", "лифт"] {
        assert!(!triage().read(text).empty, "{text}");
    }
}

#[test]
fn bills_and_connections_need_the_utility() {
    assert!(triage().read("сколько стоит подключение к газу?").needs_utility);
    assert!(!triage().read("нет воды").needs_utility);
}

#[test]
fn a_vague_text_passes_no_gate() {
    for text in ["помогите", "қашан болады", "у нас опять", "asdfgh"] {
        let r = triage().read(text);
        assert!(!r.service.sure, "{text}");
    }
}

#[test]
fn broken_files_are_named() {
    let good = TriageFiles::embedded();
    let problems = Triage::load(&TriageFiles { services: "version = 1", borders: "x", ..good }).unwrap_err();
    assert!(problems.iter().any(|p| p.starts_with("services")) && problems.iter().any(|p| p.starts_with("borders")), "{problems:?}");
}

#[test]
fn shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Triage>();
}

/// Share of the training corpus that is read as labelled. The floors stand one to two points under what was measured when they were set (see the
/// table below), so a change of the word lists that costs more than that fails here.
///
/// | measure                         | all 1,500 lines | never looked at (255 lines) |
/// |---------------------------------|-----------------|-----------------------------|
/// | service                         | 0.879           | 0.812                       |
/// | service, where sure             | 0.955 (of 73 %) | 0.936 (of 67 %)             |
/// | class                           | 0.865           | 0.824                       |
/// | class, where sure               | 0.946 (of 69 %) | 0.903 (of 65 %)             |
/// | district where one is named     | 0.971           | 0.957                       |
/// | no district where none is named | 0.991           | 0.975                       |
/// | a danger is found               | 0.965           | 3 of 5                      |
/// | no danger where there is none   | 0.995           | 0.988                       |
///
/// The first column is this very count. It flatters: words were chosen with two thirds of the lines in view, and parts of the last third were read
/// too. The second column counts only the lines of that third (index % 3 == 2) that were neither read nor fitted to; it is the honest one, except for
/// danger, where five lines say little.
#[test]
fn accuracy_on_the_corpus_does_not_fall() {
    let (mut service, mut sure, mut class, mut class_sure, mut named, mut unnamed, mut hazard, mut calm) =
        <(Share, Share, Share, Share, Share, Share, Share, Share)>::default();
    for line in CORPUS.lines() {
        let cell: Vec<&str> = line.split('\t').collect();
        let r = triage().read(cell[0]);
        let right = r.service.best.as_ref().is_some_and(|s| s.as_str() == cell[3]);
        service.add(right);
        if r.service.sure {
            sure.add(right);
        }
        let right = r.class.best.is_some_and(|c| c.as_str() == cell[2]);
        class.add(right);
        if r.class.sure {
            class_sure.add(right);
        }
        match cell[4] {
            "-" => unnamed.add(r.place.district().is_none()),
            code => named.add(r.place.district().is_some_and(|d| d.as_str() == code)),
        }
        match cell[5] {
            "-" => calm.add(r.hazard.is_none()),
            _ => hazard.add(r.hazard.is_some()),
        }
        assert!(!r.empty, "a request is not empty: {}", cell[0]);
    }
    let got = [service, sure, class, class_sure, named, unnamed, hazard, calm].map(|s| s.value());
    println!(
        "service {:.3} sure {:.3} class {:.3} sure {:.3} district {:.3} none {:.3} hazard {:.3} calm {:.3}",
        got[0], got[1], got[2], got[3], got[4], got[5], got[6], got[7]
    );
    let floors = [0.86, 0.94, 0.845, 0.93, 0.95, 0.98, 0.92, 0.985];
    for (i, (got, floor)) in got.iter().zip(floors).enumerate() {
        assert!(*got >= floor, "measure {i}: {got:.3} is under {floor}");
    }
}

#[derive(Default)]
struct Share {
    right: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    fn value(&self) -> f64 {
        self.right as f64 / self.all as f64
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in ".{0,400}") {
        let r = triage().read(&text);
        prop_assert!((0.0..=1.0).contains(&r.class.confidence) && (0.0..=1.0).contains(&r.service.confidence));
    }

    #[test]
    fn any_likely_text_is_read(text in "[а-яәғқңөұүһі a-z0-9,.!?№/«»\u{301}\u{200d}💧🔥-]{0,300}") {
        let r = triage().read(&text);
        prop_assert_eq!(triage().read(&text), r);
    }

    #[test]
    fn folding_is_stable(word in "[а-яА-ЯәғқңөұүһіёA-Za-z]{0,20}") {
        let once = fold_word(&word);
        prop_assert_eq!(fold_word(&once), once);
    }
}
