//! What residents write in the bench: Telegram updates whose text names class, service, district and street, so that each registers a request at once.

/// The secret that the service is started with.
pub const SECRET: &str = "bench-secret";

/// Kazakh and Russian in turns. `{}` is a house number.
const TEXTS: [&str; 12] = [
    "Тараз қаласы, Салтанат мөлтек ауданы, Абай көшесі {} үй. Кеше кештен бері су жоқ, қашан береді?",
    "В Таразе на улице Абая {} со вчерашнего вечера нет воды, когда дадут?",
    "Шу қаласында, Сәтбаев көшесі {}. Таңнан бері жарық жоқ, мұздатқыш жібіп кетті.",
    "Город Шу, улица Сатпаева {}: с утра нет света во всём квартале.",
    "Меркі ауылы, Исмаилов көшесі {}, батарея мұздай, үйдің іші он градус.",
    "Каратау, 4 микрорайон, дом {}: батареи холодные, в квартире двенадцать градусов.",
    "Қордай ауылында, Жамбыл көшесі {}: қоқыс екі аптадан бері шығарылған жоқ, контейнерлер толып кетті.",
    "Село Кордай, улица Жибек жолы {}: мусор не вывозят вторую неделю, контейнеры полные.",
    "Жаңатас қаласы, Тоқтаров көшесі {}: көше шамдары үш күннен бері жанбайды.",
    "Тараз, улица Толе би {}: не горят уличные фонари, вечером очень темно.",
    "Тараз, Төле би даңғылы {}: жолда үлкен шұңқыр бар, көліктер айналып өтеді.",
    "Мерке, улица Исмаилова {}: на дороге огромная яма, машины объезжают по обочине.",
];

/// Chats begin here, far from anything else in the store.
const FIRST_CHAT: u64 = 6_000_000_000;

/// The body of one update. Each update comes from a chat of its own: a second message of a chat would join the first one's request.
pub fn update(number: u64, now_secs: i64) -> String {
    let text = TEXTS.get((number % TEXTS.len() as u64) as usize).copied().unwrap_or_default().replace("{}", &(number % 180 + 1).to_string());
    let chat = FIRST_CHAT + number;
    let person = r#""first_name":"Айгүл","last_name":"Сейітова""#;
    format!(
        r#"{{"update_id":{number},"message":{{"message_id":{number},"from":{{"id":{chat},"is_bot":false,{person},"language_code":"kk"}},"chat":{{"id":{chat},{person},"type":"private"}},"date":{now_secs},"text":"{text}"}}}}"#
    )
}

/// The whole webhook call of an update.
pub fn webhook(number: u64, now_secs: i64) -> Vec<u8> {
    let headers = format!("X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n");
    super::http::post("/webhooks/telegram/main", &headers, &update(number, now_secs))
}
