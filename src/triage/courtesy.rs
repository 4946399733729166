//! Greetings before and thanks after a message say nothing of what it is about, so it is read without them.

use super::normalize::Normal;

/// Folded words of a greeting.
const GREETINGS: &[&[&str]] = &[
    &["здравствуите"],
    &["здравствуйте"],
    &["здраствуйте"],
    &["добрый", "день"],
    &["добрый", "вечер"],
    &["доброе", "утро"],
    &["доброго", "дня"],
    &["привет"],
    &["алло"],
    &["салем"],
    &["салеметсиз", "бе"],
    &["салеметсиздер", "ме"],
    &["салеметсизбе"],
    &["салеметсиз"],
    &["каиырлы", "кун"],
    &["кайырлы", "кун"],
    &["кайырлы", "тан"],
    &["кайырлы", "кеш"],
    &["ассалаумагалейкум"],
    &["ассалаумагалеикум"],
];
/// Folded words of a good-bye.
const CLOSINGS: &[&[&str]] = &[
    &["заранее", "спасибо"],
    &["спасибо", "заранее"],
    &["большое", "спасибо"],
    &["спасибо", "большое"],
    &["заранее", "благодарю"],
    &["алдын", "ала", "рахмет"],
    &["рахмет", "сиздерге"],
    &["коп", "рахмет"],
    &["с", "уважением"],
    &["спасибо"],
    &["рахмет"],
];
/// What is left must be a message still.
const LEAST: usize = 1;

/// The message without greetings before and thanks after; `None` when there are none, or when nothing else was said.
pub(super) fn without(message: &Normal) -> Option<Normal> {
    let words: Vec<&str> = message.words.iter().map(|w| w.folded.as_str()).collect();
    let (mut rest, mut from) = (words.as_slice(), 0usize);
    while let Some(greeting) = GREETINGS.iter().find(|g| rest.starts_with(g)) {
        from += greeting.len();
        rest = rest.get(greeting.len()..).unwrap_or_default();
    }
    while let Some(closing) = CLOSINGS.iter().find(|c| rest.ends_with(c)) {
        rest = rest.get(..rest.len() - closing.len()).unwrap_or_default();
    }
    (rest.len() < words.len() && rest.len() >= LEAST).then(|| message.of(&[(from, from + rest.len() - 1)]))
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::*;

    #[test]
    fn courtesies_go_and_the_rest_stays() {
        let rest = |text: &str| without(&normalize(text)).map(|n| n.text);
        assert_eq!(rest("Добрый день! Нет воды. Заранее спасибо!").as_deref(), Some(" нет воды "));
        assert_eq!(rest("Сәлеметсіз бе, жарық жоқ, рахмет").as_deref(), Some(" жарык жок "));
        assert_eq!(rest("Здравствуйте! Спасибо!"), None);
        assert_eq!(rest("нет воды"), None);
    }
}
