//! Redis's glob patterns over short names: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
//!
//! For CONFIG GET and for `include`; both match a few hundred short names, so it is written to be
//! plain. It backtracks to the last star only, hence takes at most pattern times text steps.
//! Not here: patterns over keys and channels, where speed counts.

/// True if the pattern can match another text than itself.
pub fn has_wildcard(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| b"*?[".contains(byte))
}

/// Whether the whole text matches.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let rest = pattern.get(p..).unwrap_or_default();
        if rest.first() == Some(&b'*') {
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
            _ => {}
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

/// As `one` for what follows an opening bracket. A class that is never closed ends with the
/// pattern.
fn in_class(class: &[u8], byte: u8) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut matched = false;
    loop {
        match class.get(at..).unwrap_or_default() {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', literal, ..] => {
                matched |= *literal == byte;
                at += 2;
            }
            [from, b'-', to, ..] => {
                matched |= (*from.min(to)..=*from.max(to)).contains(&byte);
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

    #[test]
    fn patterns_match_as_in_redis() {
        let rows = [
            ("", "", true),
            ("*", "", true),
            ("maxmem*", "maxmemory", true),
            ("*max*entries", "hash-max-listpack-entries", true),
            ("h?sh", "hash", true),
            ("h?sh", "hsh", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[c-a]x", "bx", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("[", "a", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, text, expect) in rows {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expect, "{pattern} {text}");
        }
    }
}
