//! What the demo's residents write: our own templates in Kazakh (with and without its letters), Russian and both at once.

use crate::domain::Class::{self, Complaint, Consultation, Incident, Proposal, Thanks};
use crate::domain::Lang::{self, Kk, Ru};

/// A message before its places are filled in: `{addr}` street and house, `{mkr}` a microdistrict of Taraz, `{vil}` a settlement in the locative case,
/// `{kv}` a flat.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    pub class: Class,
    pub lang: Lang,
    /// What a person who reads it would choose.
    pub service: &'static str,
    pub text: &'static str,
}

const fn t(class: Class, lang: Lang, service: &'static str, text: &'static str) -> Template {
    Template { class, lang, service, text }
}

/// All of them.
pub const TEMPLATES: &[Template] = &[
    // Faults.
    t(Incident, Kk, "electricity", "Сәлеметсіз бе, {mkr}, {addr} үйде жарық жоқ, қашан қосылады?"),
    t(Incident, Kk, "electricity", "жарык жок {mkr} {addr} уй, танертеннен бери"),
    t(Incident, Ru, "electricity", "нет света с утра, {mkr}, {addr}"),
    t(Incident, Ru, "electricity", "{addr} напряжение скачет, лампочки моргают, техника сгорит"),
    t(Incident, Kk, "electricity", "{vil} {addr} трансформатор жанында жарық өшіп қалды"),
    t(Incident, Ru, "electricity", "провод оборвался и лежит на земле, искрит, {mkr} {addr}"),
    t(Incident, Kk, "electricity", "сым үзіліп жерде жатыр, ұшқын шығып тұр, {addr}, балалар жүр"),
    t(Incident, Kk, "water", "Су жоқ, {mkr}, {addr}, екі күн болды"),
    t(Incident, Kk, "water", "су жок {addr} кашан береди"),
    t(Incident, Ru, "water", "нет холодной воды {addr}, кв {kv}, второй день"),
    t(Incident, Ru, "water", "на {addr} прорвало трубу, вода течет по дороге рекой"),
    t(Incident, Kk, "water", "{vil} су құбыры жарылып жатыр, {addr} жанында көшеге ағып жатыр"),
    t(Incident, Ru, "water", "вода ржавая идет из крана, {mkr} {addr}"),
    t(Incident, Kk, "water", "салем су жоқ вода вообще не идет {mkr} {addr}"),
    t(Incident, Ru, "sewerage", "забита канализация, вонь на весь двор, {addr}"),
    t(Incident, Kk, "sewerage", "кәріз бітеліп, аулаға ағып жатыр, {mkr}, {addr}"),
    t(Incident, Ru, "sewerage", "открытый люк без крышки у дома {addr}, дети ходят"),
    t(Incident, Kk, "sewerage", "{addr} жанында люк ашық жатыр, қақпағы жоқ"),
    t(Incident, Ru, "gas", "запах газа в подъезде, {addr}, срочно"),
    t(Incident, Kk, "gas", "{mkr}, {addr}: газ иісі шығып тұр, тезірек келіңіздер"),
    t(Incident, Ru, "gas", "газа нет с вечера, {vil}, {addr}"),
    t(Incident, Ru, "heating", "батареи холодные, дома дети мерзнут, {mkr} {addr} кв {kv}"),
    t(Incident, Kk, "heating", "Жылу жоқ, батареялар мұздай, {addr}, {kv} пәтер"),
    t(Incident, Kk, "heating", "батарея суып калды {mkr} {addr} жылу берилмейди"),
    t(Incident, Ru, "housing", "лифт не работает третий день, {addr}, на девятый этаж пешком"),
    t(Incident, Ru, "housing", "крыша течет, потолок мокрый, {addr} кв {kv}"),
    t(Incident, Kk, "housing", "подъезд шатырынан су ағып тұр, {addr}"),
    t(Incident, Ru, "waste", "мусор не вывозят неделю, контейнеры переполнены, {addr}"),
    t(Incident, Kk, "waste", "Қоқыс бір аптадан бері шығарылмайды, {mkr}, {addr}"),
    t(Incident, Kk, "waste", "мусорды алмай жатыр {addr} контейнер толып кетти"),
    t(Incident, Ru, "roads", "огромная яма на дороге напротив {addr}, машины бьются"),
    t(Incident, Kk, "roads", "{addr} тұсында жолда үлкен шұңқыр бар, көлік өте алмайды"),
    t(Incident, Ru, "roads", "светофор не работает на перекрестке возле {addr}"),
    t(Incident, Kk, "roads", "{vil} жол көктайғақ, {addr} маңында құм шашылмаған"),
    t(Incident, Ru, "lighting", "не горят фонари вдоль улицы, {mkr}, {addr}, темно"),
    t(Incident, Kk, "lighting", "көше шамдары жанбайды, {addr}, кешке қараңғы"),
    t(Incident, Kk, "transport", "автобус келмейді, {mkr} аялдамасында қырық минут күтіп тұрмыз, {addr}"),
    t(Incident, Ru, "transport", "автобус 12 маршрута не пришел, ждем у {addr} больше часа"),
    t(Incident, Ru, "landscaping", "дерево упало на тротуар, {mkr}, {addr}"),
    t(Incident, Kk, "landscaping", "қаңғыбас иттер топталып жүр, {addr}, балалар қорқады"),
    // Questions.
    t(Consultation, Kk, "electricity", "Жарық ақысын қайда төлеуге болады? Мекенжайым {addr}"),
    t(Consultation, Ru, "electricity", "подскажите тариф на электроэнергию для населения, живу {addr}"),
    t(Consultation, Ru, "electricity", "какие документы нужны чтобы подключить дом к электросетям, {addr}"),
    t(Consultation, Kk, "electricity", "электр есептегішін ауыстыру үшін қайда барамын? {addr}"),
    t(Consultation, Kk, "water", "Су есептегішін пломбалау қанша тұрады? {addr}, {kv} пәтер"),
    t(Consultation, Ru, "water", "как передать показания счетчика воды, {addr} кв {kv}"),
    t(Consultation, Ru, "water", "какой сейчас тариф на воду за куб? {addr}"),
    t(Consultation, Kk, "water", "су тарифі канша болды биыл {addr} тұрамын"),
    t(Consultation, Ru, "gas", "сколько стоит подключить частный дом к газу? {addr}"),
    t(Consultation, Kk, "gas", "Газға қосылу үшін қандай құжаттар керек? {vil}, {addr}"),
    t(Consultation, Ru, "gas", "куда обратиться для замены газового счетчика, {addr}"),
    t(Consultation, Kk, "heating", "Жылу маусымы қашан басталады? {addr} тұрғынымын"),
    t(Consultation, Ru, "heating", "когда начинается отопительный сезон, адрес {addr}"),
    t(Consultation, Ru, "heating", "как сделать перерасчет за отопление, какие бумаги нужны, {addr} кв {kv}"),
    t(Consultation, Ru, "housing", "как создать ОСИ в нашем доме? {addr}"),
    t(Consultation, Kk, "housing", "ОСИ төрағасын қалай сайлаймыз? {addr}"),
    t(Consultation, Ru, "housing", "кто обслуживает наш дом, подскажите номер, {addr}"),
    t(Consultation, Kk, "waste", "Қоқыс шығару кестесін қайдан білуге болады? {addr}"),
    t(Consultation, Ru, "waste", "по каким дням вывозят мусор на {addr}?"),
    t(Consultation, Ru, "waste", "сколько платить за вывоз мусора с человека, {addr}"),
    t(Consultation, Ru, "roads", "планируется ли ремонт дороги возле {addr} в этом году?"),
    t(Consultation, Kk, "transport", "Вокзалға қай автобус барады? {addr} маңында тұрамын"),
    t(Consultation, Ru, "transport", "какой автобус идет от {addr} до ЦОНа?"),
    t(Consultation, Kk, "transport", "12 автобустың соңғы рейсі сағат нешеде? {addr} аялдамасы"),
    t(Consultation, Ru, "transport", "где пополнить транспортную карту рядом с {addr}"),
    t(Consultation, Kk, "public_services", "ХҚКО сенбіде жұмыс істей ме? {addr} жанындағы"),
    t(Consultation, Ru, "public_services", "как записать ребенка в очередь в садик, мы прописаны {addr}"),
    t(Consultation, Kk, "public_services", "Атаулы әлеуметтік көмекке қандай құжат керек? {addr}"),
    t(Consultation, Ru, "public_services", "какие документы нужны на пособие по рождению, {addr}"),
    t(Consultation, Kk, "public_services", "Жер телімін алуға кезекке қалай тұрамын? {addr}, {kv} пәтерде жалға тұрамын"),
    t(Consultation, Ru, "public_services", "где получить адресную справку, живу {addr} кв {kv}"),
    t(Consultation, Kk, "public_services", "Әкімнің қабылдауы қай күні болады? Тұратын жерім {addr}"),
    t(Consultation, Ru, "public_services", "подскажите режим работы ЦОНа, ближайший к {addr}"),
    t(Consultation, Kk, "public_services", "Жеке куәлікті жоғалтсам қайда барамын, {addr}"),
    t(Consultation, Kk, "public_services", "балабакша кезегин кайдан карауга болады {addr}"),
    t(Consultation, Ru, "public_services", "как получить уголь малоимущим, адрес {addr}"),
    t(Consultation, Ru, "other", "в какую поликлинику мы относимся по адресу {addr}?"),
    t(Consultation, Kk, "other", "Ең жақын дәріхана түнде ашық па? {addr}"),
    t(Consultation, Ru, "other", "до скольки работает рынок в выходные? живем {addr}"),
    t(Consultation, Kk, "other", "мектепке қабылдау қашан басталады, {addr} қай мектепке жатады?"),
    t(Consultation, Kk, "landscaping", "Арыққа су қай күні беріледі, кестесі бар ма? {addr}"),
    t(Consultation, Ru, "landscaping", "где узнать график поливной воды, {vil}, {addr}"),
    t(Consultation, Ru, "landscaping", "какое разрешение нужно чтобы спилить дерево у {addr}?"),
    t(Consultation, Kk, "lighting", "Көше шамын орнату үшін кімге өтініш жазамыз? {addr}"),
    // Complaints.
    t(Complaint, Ru, "water", "диспетчер водоканала нахамила и бросила трубку, {addr}"),
    t(Complaint, Kk, "water", "су мекемесінің операторы дөрекі сөйлеп трубканы тастап кетті, {addr}"),
    t(Complaint, Ru, "public_services", "жалоба: закрыли заявку и ничего не сделали, {addr}, прошу разобраться"),
    t(Complaint, Kk, "public_services", "Шағым: өтінішіме үш аптадан бері жауап бермейді, {addr}"),
    t(Complaint, Ru, "electricity", "выставили неправильный счет за свет и не хотят пересчитывать, жалуюсь, {addr} кв {kv}"),
    t(Complaint, Kk, "electricity", "жарық мекемесі артық ақы жазды, шағымданамын, {addr}"),
    t(Complaint, Ru, "housing", "председатель ОСИ хамит жильцам и не отчитывается за деньги, жалоба, {addr}"),
    t(Complaint, Kk, "housing", "ОСИ төрағасы есеп бермейді, дөрекілік көрсетеді, шағым {addr}"),
    t(Complaint, Ru, "transport", "водитель автобуса грубил и высадил пенсионерку, жалуюсь, остановка {addr}"),
    t(Complaint, Kk, "waste", "қоқыс шығаратын мекеме ақша алады, бірақ келмейді, шағым, {addr}"),
    t(Complaint, Ru, "gas", "газовщики требуют деньги за бесплатную проверку, жалоба, {addr}"),
    t(Complaint, Ru, "roads", "подрядчик положил асфальт и он уже развалился, халтура, жалоба, {addr}"),
    // Proposals.
    t(Proposal, Ru, "roads", "предлагаю поставить лежачий полицейский у школы возле {addr}"),
    t(Proposal, Kk, "roads", "Ұсыныс: {addr} жанынан жаяу жүргінші өткелін салса жақсы болар еді"),
    t(Proposal, Ru, "landscaping", "хорошо бы сделать детскую площадку во дворе {addr}"),
    t(Proposal, Kk, "landscaping", "{addr} жанындағы бос жерге саябақ салынса екен, ұсыныс"),
    t(Proposal, Ru, "transport", "предлагаю пустить автобус через {mkr}, остановка у {addr}"),
    t(Proposal, Kk, "transport", "Ұсынамын: {mkr} арқылы жаңа автобус бағыты ашылса, {addr}"),
    t(Proposal, Ru, "lighting", "было бы здорово осветить аллею возле {addr}, предлагаю"),
    t(Proposal, Kk, "waste", "ұсыныс: {addr} ауласына бөлек жинайтын қоқыс жәшігін қойса"),
    // Thanks.
    t(Thanks, Ru, "electricity", "спасибо электрикам, свет дали быстро, {addr}"),
    t(Thanks, Kk, "water", "Рахмет сіздерге, суды тез қосып берді, {addr}"),
    t(Thanks, Ru, "landscaping", "большое спасибо, дерево убрали, двор чистый, {addr}"),
    t(Thanks, Kk, "roads", "жолды жөндеп бергендеріңізге мың алғыс, {addr} тұрғындары"),
    t(Thanks, Ru, "waste", "благодарим, мусор вывезли, {addr}"),
    t(Thanks, Kk, "heating", "Жылу қосылды, үй жылы, рахмет мамандарға, {addr}"),
];

/// The power cut that many report at once: everybody in words of their own.
pub const CUT: &[Template] = &[
    t(Incident, Kk, "electricity", "Қарасу ықшам ауданында жарық өшіп қалды, {addr}"),
    t(Incident, Ru, "electricity", "в мкр Карасу пропал свет, {addr}"),
    t(Incident, Kk, "electricity", "Карасуда свет жоқ, {addr}, не болды?"),
    t(Incident, Ru, "electricity", "свет отключили Карасу {addr} весь двор без света"),
    t(Incident, Kk, "electricity", "карасу мкр жарык жок {addr}"),
];

/// The microdistrict of [`CUT`], as its reports spell it.
pub const CUT_WORDS: [&str; 3] = ["арасу", "арасуда", "карасу"];

/// Streets in Kazakh and in Russian.
pub const STREETS: [(&str, &str); 20] = [
    ("Абай көшесі", "ул. Абая"),
    ("Төле би көшесі", "ул. Толе би"),
    ("Қазыбек би көшесі", "ул. Казыбек би"),
    ("Жамбыл даңғылы", "пр. Жамбыла"),
    ("Сүлейменов көшесі", "ул. Сулейменова"),
    ("Қойгелді көшесі", "ул. Койгельды"),
    ("Пушкин көшесі", "ул. Пушкина"),
    ("Ниетқалиев көшесі", "ул. Ниеткалиева"),
    ("Айтиев көшесі", "ул. Айтиева"),
    ("Мәмбет батыр көшесі", "ул. Мамбет батыра"),
    ("Сейфуллин көшесі", "ул. Сейфуллина"),
    ("Байзақ батыр көшесі", "ул. Байзак батыра"),
    ("Желтоқсан көшесі", "ул. Желтоксан"),
    ("Ташкент көшесі", "ул. Ташкентская"),
    ("Рысбек батыр көшесі", "ул. Рысбек батыра"),
    ("Колбасшы Қойгелді көшесі", "ул. Колбасшы Койгельды"),
    ("Әйтеке би көшесі", "ул. Айтеке би"),
    ("Қонаев көшесі", "ул. Конаева"),
    ("Ыбырайым Сүлейменов көшесі", "ул. Ибраима Сулейменова"),
    ("Жібек жолы көшесі", "ул. Жибек жолы"),
];

/// Microdistricts of Taraz.
pub const MICRODISTRICTS: [(&str, &str); 8] = [
    ("Салтанат ықшам ауданы", "мкр Салтанат"),
    ("Мыңбұлақ ықшам ауданы", "мкр Мынбулак"),
    ("Телецентр ықшам ауданы", "мкр Телецентр"),
    ("Көлтоған ықшам ауданы", "мкр Кольтоган"),
    ("Арай ықшам ауданы", "мкр Арай"),
    ("8 ықшам ауданы", "8 мкр"),
    ("10 ықшам ауданы", "10 мкр"),
    ("Астана ықшам ауданы", "мкр Астана"),
];

/// Settlements of the districts, "in ...", with the district's code.
pub const VILLAGES: [(&str, &str, &str); 9] = [
    ("Шу қаласында", "в городе Шу", "shu"),
    ("Қордай ауылында", "в Кордае", "korday"),
    ("Меркіде", "в Мерке", "merki"),
    ("Құланда", "в Кулане", "ryskulov"),
    ("Қаратау қаласында", "в Каратау", "talas"),
    ("Жаңатас қаласында", "в Жанатасе", "sarysu"),
    ("Сарыкемерде", "в Сарыкемере", "baizak"),
    ("Мойынқұмда", "в Мойынкуме", "moiynkum"),
    ("Бауыржан Момышұлы ауылында", "в Бауыржан Момышулы", "zhualy"),
];

/// First words of those who greet before they say what it is about.
pub const GREETINGS: [(&str, &str); 4] =
    [("Сәлеметсіз бе", "Здравствуйте"), ("Салем", "Добрый день"), ("Ассалаумағалейкум", "Алло"), ("Қайырлы күн", "Добрый вечер")];

/// What people add after a while.
pub const FOLLOW_UPS: [(&str, &str); 4] = [
    ("Қашан келеді екен, күтіп отырмыз", "Когда приедут, мы ждем"),
    ("Тағы айтарым: телефоным кешке дейін қосулы", "Ещё: телефон включен до вечера"),
    ("Көршілерде де солай", "У соседей то же самое"),
    ("Кіреберіс екінші қақпадан", "Вход со второго подъезда"),
];

/// Why it is not fixed.
pub const REASONS: [(&str, &str); 3] = [
    ("Ешкім келген жоқ, бәрі бұрынғыдай", "Никто не приходил, всё по-прежнему"),
    ("Бір сағат жұмыс істеп, қайта тоқтап қалды", "Поработало час и снова перестало"),
    ("Жартысын ғана жасап кетті", "Сделали только половину"),
];

/// A dispatcher's answers.
pub const ANSWERS: [(&str, &str); 3] = [
    (
        "Сұрағыңыз бойынша: құжаттар тізімі мен мекенжайлар ХҚКО-да және egov.kz порталында бар. Тағы сұрақ болса, жазыңыз.",
        "По вашему вопросу: список документов и адреса есть в ЦОНе и на портале egov.kz. Будут ещё вопросы, пишите.",
    ),
    (
        "Тексердік: қызмет жұмыс күндері 9:00-ден 18:00-ге дейін қабылдайды. Төлемді банк қосымшасы арқылы да жасауға болады.",
        "Проверили: служба принимает по будням с 9:00 до 18:00. Оплатить можно и через приложение банка.",
    ),
    ("Өтінішіңіз қаралды, жауапты мамандар хабардар етілді. Рахмет.", "Ваше обращение рассмотрено, ответственным сообщено. Спасибо."),
];

/// A crew's notes.
pub const NOTES: [&str; 4] = ["Жөнделді, тексерілді", "Заменили, проверили под нагрузкой", "Тазаланды, бәрі орнында", "Устранено, жильцам показали"];
