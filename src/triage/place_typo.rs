//! One wrong letter in a long name.

/// Names shorter than this are never guessed at: too many everyday words lie one letter away.
pub(super) const SHORTEST: usize = 7;
/// From this length on any letter may be wrong; below it only letters that sound or look alike are taken for one another.
const LONG: usize = 9;

/// Letters that are heard or typed for one another.
const ALIKE: &[&str] = &["аоя", "иеау", "оу", "бп", "дт", "гкх", "зс", "жшз", "нм", "вф", "чш", "шщ", "цс"];

/// If `word` begins with `name` but for one slip (a letter missing, added, changed or swapped), what follows it. The first letter must be right.
pub(super) fn rest_after_slip<'a>(name: &[char], word: &'a [char]) -> Option<&'a [char]> {
    let same = name.iter().zip(word).take_while(|(a, b)| a == b).count();
    if same == 0 || same == name.len() {
        return None;
    }
    let tail = |n: usize, w: usize| {
        let (n, w) = (name.get(n..)?, word.get(w..)?);
        w.strip_prefix(n)
    };
    let changed = || {
        let rest = tail(same + 1, same + 1)?;
        let (a, b) = (name.get(same)?, word.get(same)?);
        let alike = name.len() >= LONG || ALIKE.iter().any(|set| set.contains(*a) && set.contains(*b));
        alike.then_some(rest)
    };
    let swapped = || {
        let pair = (name.get(same)?, name.get(same + 1)?);
        if pair == (word.get(same + 1)?, word.get(same)?) { tail(same + 2, same + 2) } else { None }
    };
    // A letter lost at the very end is more often another word.
    let lost = || if same + 1 < name.len() { tail(same + 1, same) } else { None };
    let added = || tail(same, same + 1);
    changed().or_else(swapped).or_else(lost).or_else(added)
}

#[cfg(test)]
mod tests {
    use super::rest_after_slip;

    #[test]
    fn slips() {
        for (name, word, want) in [
            ("жанатас", "жнатас", Some("")),
            ("жанатас", "жанаттаста", Some("та")),
            ("жанатас", "жанотаста", Some("та")),
            ("жанатас", "жаантаста", Some("та")),
            ("жанатас", "канатас", None),
            ("каратау", "каратас", None),
            ("каратау", "карата", None),
            ("мойинкум", "", None),
        ] {
            let (n, w): (Vec<char>, Vec<char>) = (name.chars().collect(), word.chars().collect());
            assert_eq!(rest_after_slip(&n, &w).map(|r| r.iter().collect::<String>()).as_deref(), want, "{name} {word}");
        }
    }
}
