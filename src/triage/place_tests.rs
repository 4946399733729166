use super::super::TriageFiles;
use super::*;
use proptest::prelude::*;
use std::sync::OnceLock;

fn gazetteer() -> &'static Gazetteer {
    static ONE: OnceLock<Gazetteer> = OnceLock::new();
    ONE.get_or_init(|| Gazetteer::load(TriageFiles::embedded().gazetteer, TriageFiles::embedded().microdistricts).unwrap().0)
}

/// The district, "?" for a question, "-" for none.
fn district(text: &str) -> String {
    match gazetteer().find(&normalize(text), &mut Vec::new()) {
        Place::Found { district, .. } => district.as_str().to_owned(),
        Place::Ambiguous(_) => "?".to_owned(),
        Place::Unknown => "-".to_owned(),
    }
}

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> =
        table.iter().map(|(text, want)| (text, want, district(text))).filter(|(_, want, got)| *want != got).map(|x| format!("{x:?}")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn russian_cases_and_adjectives() {
    check(&[
        ("Меркенский район, дорога разбита", "merki"),
        ("светофор у базара Мерке не работает", "merki"),
        ("в Мерке нет света", "merki"),
        ("меркенские дороги никто не чистит", "merki"),
        ("из Мерке пишу", "merki"),
        ("Кордайского района село", "korday"),
        ("в Кордае нет воды", "korday"),
        ("кордайский акимат не отвечает", "korday"),
        ("Жуалынский район, буран", "zhualy"),
        ("в Жуалынском районе", "zhualy"),
        ("в Бурном нет газа", "zhualy"),
        ("Бурное, нет света", "zhualy"),
        ("Таласский район, нет воды", "talas"),
        ("жители Таласского района", "talas"),
        ("из Каратау не ходит автобус", "talas"),
        ("каратауские дворы в мусоре", "talas"),
        ("шуского района", "shu"),
        ("Шуский р-н, оборван провод", "shu"),
        ("в Шу нет света", "shu"),
        ("г. Шу, вокзал", "shu"),
        ("Байзакский район", "baizak"),
        ("в Сарыкемере темно", "baizak"),
        ("за Туймекентом свалка", "baizak"),
        ("Сарысуский район", "sarysu"),
        ("в Жанатасе холодно", "sarysu"),
        ("жанатасские пятиэтажки", "sarysu"),
        ("Мойынкумский район", "moiynkum"),
        ("в Мойынкуме отменили рейс", "moiynkum"),
        ("район имени Турара Рыскулова", "ryskulov"),
        ("Рыскуловский район", "ryskulov"),
        ("в Кулане нет воды", "ryskulov"),
        ("в Луговом холодно", "ryskulov"),
        ("Жамбылский район, село Аса", "zhambyl"),
        ("в Асе запах газа", "zhambyl"),
        ("в Таразе нет воды", "taraz"),
        ("таразские автобусы", "taraz"),
        ("в селе Толе би нет света", "shu"),
        ("в Гродеково нет света", "zhambyl"),
    ]);
}

#[test]
fn kazakh_suffixes() {
    check(&[
        ("Меркеде су жоқ", "merki"),
        ("Меркеден жазып отырмын", "merki"),
        ("мерке ауданы", "merki"),
        ("Меркі ауданында жарық жоқ", "merki"),
        ("Меркеліктер су күтіп отыр", "merki"),
        ("Қордайдағы мектеп", "korday"),
        ("кордайда су жок", "korday"),
        ("Шудың орталығында", "shu"),
        ("Шуда автобус жоқ", "shu"),
        ("Шу қаласында қоқыс", "shu"),
        ("Шу ауданы, Белбасар", "shu"),
        ("Жаңатастағы қазандық", "sarysu"),
        ("Жанатаста су жок", "sarysu"),
        ("Қаратауда жылу жоқ", "talas"),
        ("Талас ауданы, Ойық ауылы", "talas"),
        ("Аса ауылында жарық өшті", "zhambyl"),
        ("Асадан хабарласып тұрмын", "zhambyl"),
        ("Құландағы аурухана", "ryskulov"),
        ("Тұрар Рысқұлов ауданында", "ryskulov"),
        ("Рысқұлов ауданы", "ryskulov"),
        ("Мойынқұмда шаң", "moiynkum"),
        ("Мойынқұмға газ қашан келеді", "moiynkum"),
        ("Бауыржан Момышұлы ауылында", "zhualy"),
        ("Жуалыда қар", "zhualy"),
        ("Сарыкемердегі базар", "baizak"),
        ("Төле би ауылында жол жаман", "shu"),
        ("Төле бидің орталығында", "shu"),
        ("Таразда су жоқ", "taraz"),
        ("таразданбыз, су жоқ", "taraz"),
        ("Жамбыл ауданында", "zhambyl"),
        ("Жылқышиев ауылында", "ryskulov"),
        ("Т.Рыскулов ауылында Меркиде", "merki"),
    ]);
}

#[test]
fn other_spellings_slips_and_voice() {
    check(&[
        ("Qordai, su joq", "korday"),
        ("Merkede svet zhok", "merki"),
        ("Taraz, 8 mkr", "taraz"),
        ("Shu qalasy su joq", "shu"),
        ("Zhanatas, teplo net", "sarysu"),
        ("Karatau qalasynda", "talas"),
        ("Moiynqum audany", "moiynkum"),
        ("Kulan auylynda", "ryskulov"),
        ("Birlikustemnen jazyp otyrmyz", "shu"),
        ("жанотасте нет воды", "sarysu"),
        ("жнатас холодно", "sarysu"),
        ("в мойнкуме нет света", "moiynkum"),
        ("сарыкимерде су жок", "baizak"),
        ("жана тас каласы су жок", "sarysu"),
        ("сары су ауданы", "sarysu"),
        ("мой ынкум ауданы", "moiynkum"),
        ("Меркеауданы", "merki"),
        ("Мерке да газ жок", "merki"),
        ("айшабиби ауылы", "zhambyl"),
        ("Курдай, нет света", "korday"),
    ]);
}

#[test]
fn the_city_and_its_parts() {
    check(&[
        ("6 мкр нет воды", "taraz"),
        ("15 ш/а 21к үй", "taraz"),
        ("5 шағын ауданы", "taraz"),
        ("12-ші ықшам ауданында", "taraz"),
        ("восьмой микрорайон без света", "taraz"),
        ("7ой мкр темно", "taraz"),
        ("бес мкр 41 уй", "taraz"),
        ("мкр 10, дом 5", "taraz"),
        ("мкр Самал", "taraz"),
        ("Астана мкр", "taraz"),
        ("Салтанат мөлтек ауданы", "taraz"),
        ("на Телецентре арык сухой", "taraz"),
        ("Әулиеата ауданы, Тараз", "taraz"),
        ("район Жибек жолы", "taraz"),
        ("Жібек жолы ауданында", "taraz"),
        ("г. Джамбул", "taraz"),
        ("мкр Карасу", "taraz"),
        ("Каратау 2 мкр холодно", "talas"),
        ("Жанатас, 4 мкр, 12 үй", "sarysu"),
        ("Во дворе четвёртого микрорайона Жанатаса", "sarysu"),
        ("shu mkr 1 dver", "shu"),
    ]);
}

#[test]
fn words_that_are_no_places() {
    check(&[
        ("аса қажет", "-"),
        ("аса маңызды мәселе", "-"),
        ("бір аптадан аса болды", "-"),
        ("шу көп, ұйықтай алмаймыз", "-"),
        ("түнде шу болады", "-"),
        ("шудан мазамыз кетті, музыка", "-"),
        ("жер үшін талас болып жатыр", "-"),
        ("сары су ағып жатыр краннан", "-"),
        ("жаңа жол салыңыздар", "-"),
        ("құлан-таза жазылып кетті", "-"),
        ("кеңес беріңізші", "-"),
        ("бірлік керек", "-"),
        ("тәтті су", "-"),
        ("су тамды төбеден", "-"),
        ("жолда ойық бар", "-"),
        ("алға қарай", "-"),
        ("жұма күні", "-"),
        ("еңбек ақы", "-"),
        ("теріс есептелген", "-"),
        ("абай болыңыздар", "-"),
        ("Төле би көшесі 14", "-"),
        ("ул. Толе би, 14", "-"),
        ("Толе би 45 нет света", "-"),
        ("на Толе би яма", "-"),
        ("угол Абая и Толе би", "-"),
        ("улица Рыскулова 5", "-"),
        ("Рысқұлов көшесі", "-"),
        ("проспект Жамбыла 12", "-"),
        ("Абая 142 нет воды", "-"),
        ("ул. Байзак батыра 14", "-"),
        ("Байзақ батыр көшесінде", "-"),
        ("Сыпатай батыр көшесі", "-"),
        ("Жібек жолы көшесінде шұңқыр", "-"),
        ("школа имени Рыскулова", "-"),
        ("кафе Мерке шумит", "-"),
        ("рынок Тараз", "-"),
        ("мост через Талас", "-"),
        ("Талас өзені", "-"),
        ("Қаратау тауы", "-"),
        ("Жамбылская область", "-"),
        ("Жамбыл облысы", "-"),
        ("Жамбыл Су трубку не берёт", "-"),
        ("Жамбыл Суға өтініш", "-"),
        ("автобустың картасы жоқ", "-"),
        ("суретін апару керек пе", "-"),
        ("көктемде көшет отырғызу", "-"),
        ("Сейфуллина 14", "-"),
        ("нет воды второй день", "-"),
        ("", "-"),
    ]);
}

#[test]
fn names_of_several_districts_ask() {
    check(&[
        ("село Кенес", "?"),
        ("Бірлік ауылы", "?"),
        ("Абай ауылы", "?"),
        ("Ақтөбе ауылында су жоқ", "?"),
        ("село Жамбыл", "?"),
        ("Карасу ауылы", "?"),
        ("Бірлік ауылы, Шу ауданы", "shu"),
        ("Абай ауылы Шу ауданы", "shu"),
        ("Коктал Таласский район", "talas"),
        ("Бирлик ауылы, Мойынкум", "moiynkum"),
        ("Байзақ, Көкбастау", "baizak"),
        ("Кенес, Меркенский район", "merki"),
    ]);
}

#[test]
fn two_districts_in_one_message() {
    check(&[
        ("Кордай - Тараз трасса", "?"),
        ("Каратау-Жанатас жолы", "?"),
        ("трасса Тараз - Каратау закрыта", "?"),
        ("еду из Шу в Тараз, на трассе яма", "?"),
        ("Из Аса в Тараз первый автобус во сколько?", "zhambyl"),
        ("Мойынкумнан Таразга автобус нешеде", "moiynkum"),
        ("Тараздан Мойынқұмға комиссия келмейді", "moiynkum"),
        ("в Таразе яма, приехал из Мерке", "taraz"),
        ("работаем в Таразе, живём в Каратау", "talas"),
        ("Мерке-Гранитогорск жолын сел басты", "merki"),
    ]);
}

#[test]
fn the_settlement_is_named_as_the_gazetteer_spells_it() {
    for (text, want) in [("в Жанатасе холодно", Some("Жаңатас")), ("Меркі, Ойтал", Some("Ойтал")), ("Меркі ауданы", None), ("6 мкр", None)]
    {
        let Place::Found { settlement, .. } = gazetteer().find(&normalize(text), &mut Vec::new()) else { panic!("{text}") };
        assert_eq!(settlement.as_deref(), want, "{text}");
    }
}

/// Every name that stands in one district only, with the district and whether it counts only beside a word for what it is.
fn unique() -> Vec<(String, String, bool)> {
    let key = |name: &str| normalize(name).words.iter().map(|w| skeleton(&w.folded).into_owned()).collect::<String>();
    let file: GazetteerFile = parse("gazetteer", TriageFiles::embedded().gazetteer).unwrap();
    let mut homes: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut names = Vec::new();
    for d in &file.district {
        for p in &d.places {
            for n in std::iter::once(&p.kk).chain(&p.ru).chain(&p.also) {
                homes.entry(key(n)).or_default().insert(d.code.clone());
            }
            names.push((p.kk.clone(), d.code.clone(), p.strict));
        }
    }
    // The city has names of its own.
    let micro: MicrodistrictsFile = parse("microdistricts", TriageFiles::embedded().microdistricts).unwrap();
    for p in &micro.places {
        homes.entry(key(&p.kk)).or_default().insert("taraz".to_owned());
    }
    names.retain(|(n, ..)| homes.get(&key(n)).is_some_and(|h| h.len() == 1));
    names
}

/// The Kazakh ending of a case that fits the last letters of a name.
fn case(name: &str, hard: [&str; 2], soft: [&str; 2]) -> String {
    let low = name.to_lowercase();
    let front = low.chars().rev().find(|c| "аоұыяёуәеөүіиэ".contains(*c)).is_some_and(|c| "әеөүіиэ".contains(c));
    let voiceless = low.chars().next_back().is_some_and(|c| "кқпстфхцчшщбвгд".contains(c));
    format!("{name}{}", if front { soft } else { hard }[usize::from(voiceless)])
}

#[test]
fn a_case_ending_keeps_every_settlement_of_a_unique_name() {
    let names = unique();
    assert!(names.len() > 280, "{}", names.len());
    let mut wrong = Vec::new();
    for (name, code, strict) in &names {
        let mut texts = vec![format!("{name} ауылы"), format!("{name} ауылында су жоқ"), format!("село {name}")];
        if !strict {
            texts.push(format!("{} су жоқ", case(name, ["да", "та"], ["де", "те"])));
            texts.push(format!("{} жазып отырмын", case(name, ["дан", "тан"], ["ден", "тен"])));
        }
        for text in texts {
            let got = district(&text);
            if got != *code {
                wrong.push(format!("{text}: {got}, not {code}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest! {
    #[test]
    fn any_text_is_searched(text in ".{0,200}") {
        let _ = district(&text);
    }

    #[test]
    fn letters_of_a_russian_keyboard_change_nothing(at in 0usize..10_000, tail in prop::sample::select(vec!["", "да", "дан", "де", " ауылы", " ауданы", " қаласы"])) {
        let names = unique();
        let (name, ..) = &names[at % names.len()];
        let text = format!("{name}{tail} су жоқ");
        let folded: String = text.chars().map(super::super::normalize::fold_letter).collect();
        let capital = |s: &str| s.replace('Ә', "А").replace('Қ', "К").replace('Ө', "О").replace(['Ұ', 'Ү'], "У").replace('Ң', "Н").replace('Ғ', "Г").replace('І', "И");
        prop_assert_eq!(district(&text), district(&capital(&folded)));
    }
}
