//! structure/glob.rs — Redis's glob patterns: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
//!
//! One matcher for keys, channels, settings and files. It decides as Redis's `stringmatchlen` does
//! on x86, corners included: a class that is never closed ends with the pattern, bounds of a range
//! are signed bytes in either order, and an empty text matches only an empty pattern (not `*`:
//! KEYS and SCAN never ask about that one).
//!
//! Every element but the star takes exactly one byte, so it is enough to go back to the last star:
//! at most pattern times text steps, where Redis's recursion needed a guard against `*a*a*a*b`.

/// True if the pattern can match another text than itself.
pub fn has_wildcard(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| b"*?[".contains(byte))
}

/// Whether the whole text matches.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let rest = pattern.get(p..).unwrap_or_default();
        if rest.first() == Some(&b'*') {
            if rest.len() == 1 {
                return true;
            }
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        match (text.get(t), rest.is_empty()) {
            (None, true) => return true,
            (Some(byte), false) => {
                let (matched, length) = one(rest, *byte);
                if matched {
                    p += length;
                    t += 1;
                    continue;
                }
            }
            // The text is used up and the pattern wants more: a star can only take even more.
            (None, false) => return false,
            (Some(_), true) => {}
        }
        // A star takes one byte more and what follows it is tried again.
        match star {
            Some((after, from)) if from < text.len() => {
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

/// Whether the first element of the pattern matches the byte, and how long that element is.
#[inline]
fn one(pattern: &[u8], byte: u8) -> (bool, usize) {
    match pattern {
        [b'?', ..] => (true, 1),
        [b'\\', literal, ..] => (*literal == byte, 2),
        [b'[', class @ ..] => {
            let (matched, length) = in_class(class, byte);
            (matched, length + 1)
        }
        [literal, ..] => (*literal == byte, 1),
        [] => (false, 0),
    }
}

/// As `one` for what follows an opening bracket.
fn in_class(class: &[u8], byte: u8) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut matched = false;
    loop {
        match class.get(at..).unwrap_or_default() {
            [] => break,
            [b'\\', literal, ..] => {
                matched |= *literal == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [from, b'-', to, ..] => {
                let (from, to) = (*from as i8, *to as i8);
                matched |= (from.min(to)..=from.max(to)).contains(&(byte as i8));
                at += 3;
            }
            [literal, ..] => {
                matched |= *literal == byte;
                at += 1;
            }
        }
    }
    (matched != negated, at)
}

#[cfg(test)]
mod tests {
    use super::matches;
    use crate::dice::Dice;

    #[test]
    fn patterns_match_as_in_redis() {
        let rows = [
            ("", "", true),
            ("", "a", false),
            ("*", "", false),
            ("**", "a", true),
            ("a**", "a", true),
            ("a*?", "a", false),
            ("maxmem*", "maxmemory", true),
            ("*max*entries", "hash-max-listpack-entries", true),
            ("h?sh", "hash", true),
            ("h?sh", "hsh", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[c-a]x", "bx", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a\\", "a\\", true),
            ("[", "a", false),
            ("[^", "a", true),
            ("[a-", "-", true),
            ("[\\]]", "]", true),
            ("[a-]b", "]", true),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, text, expect) in rows {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expect, "{pattern} {text}");
        }
    }

    /// Redis's `stringmatchlen`, line by line, without its guard against exponential patterns.
    fn model(mut pattern: &[u8], mut text: &[u8]) -> bool {
        let at = |bytes: &[u8], index: usize| bytes.get(index).copied().unwrap_or(0);
        while !pattern.is_empty() && !text.is_empty() {
            match pattern[0] {
                b'*' => {
                    while at(pattern, 1) == b'*' {
                        pattern = &pattern[1..];
                    }
                    if pattern.len() == 1 {
                        return true;
                    }
                    return (0..text.len()).any(|from| model(&pattern[1..], &text[from..]));
                }
                b'?' => {}
                b'[' => {
                    let not = at(pattern, 1) == b'^';
                    let mut p = 1 + usize::from(not);
                    let mut found = false;
                    loop {
                        let left = pattern.len() - p;
                        if left >= 2 && pattern[p] == b'\\' {
                            p += 1;
                            found |= pattern[p] == text[0];
                        } else if at(pattern, p) == b']' {
                            break;
                        } else if left == 0 {
                            p -= 1;
                            break;
                        } else if left >= 3 && pattern[p + 1] == b'-' {
                            let (mut from, mut to) = (pattern[p] as i8, pattern[p + 2] as i8);
                            if from > to {
                                (from, to) = (to, from);
                            }
                            p += 2;
                            found |= from <= text[0] as i8 && text[0] as i8 <= to;
                        } else {
                            found |= pattern[p] == text[0];
                        }
                        p += 1;
                    }
                    if found == not {
                        return false;
                    }
                    pattern = &pattern[p..];
                }
                _ => {
                    if pattern[0] == b'\\' && pattern.len() >= 2 {
                        pattern = &pattern[1..];
                    }
                    if pattern[0] != text[0] {
                        return false;
                    }
                }
            }
            text = &text[1..];
            pattern = &pattern[1..];
            if text.is_empty() {
                while at(pattern, 0) == b'*' {
                    pattern = &pattern[1..];
                }
                break;
            }
        }
        pattern.is_empty() && text.is_empty()
    }

    #[test]
    fn random_patterns_match_as_the_model_says() {
        let seed = 20_261;
        let mut dice = Dice::new(seed);
        let mut draw = |alphabet: &[u8], most: usize| -> Vec<u8> {
            (0..dice.below(most + 1)).map(|_| alphabet[dice.below(alphabet.len())]).collect()
        };
        let mut matched = 0;
        for round in 0..200_000 {
            let pattern = draw(b"aab*?[]^-\\\xe9", 9);
            let text = draw(b"aaab-]\\\xe9", 7);
            let want = model(&pattern, &text);
            matched += usize::from(want);
            assert_eq!(
                matches(&pattern, &text),
                want,
                "seed {seed}, round {round}: {:?} {:?}",
                pattern.escape_ascii().to_string(),
                text.escape_ascii().to_string()
            );
        }
        assert!(matched > 5_000, "the draws must match often enough to prove something: {matched}");
    }

    #[test]
    fn many_stars_take_no_longer_than_pattern_times_text() {
        let pattern = b"a*".repeat(2_000);
        let text = b"a".repeat(1_000);
        assert!(!matches(&[&pattern[..], b"b"].concat(), &text));
    }
}
