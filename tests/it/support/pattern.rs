//! support/pattern.rs — expected replies with places left open.
//!
//! An expected line is the reply as it is printed. `(any)` stands for anything, `(integer)` for a
//! whole number, `(float)` for any number, `(string)` for a quoted string.

/// Whether a printed reply is as expected.
pub fn fits(expected: &str, got: &str) -> bool {
    let Some((start, hole)) = HOLES
        .iter()
        .filter_map(|hole| expected.find(hole.name).map(|start| (start, hole)))
        .min_by_key(|(start, _)| *start)
    else {
        return expected == got;
    };
    let Some(rest) = got.strip_prefix(&expected[..start]) else { return false };
    let after = &expected[start + hole.name.len()..];
    (0..=rest.len())
        .filter(|&end| rest.is_char_boundary(end) && (hole.takes)(&rest[..end]))
        .any(|end| fits(after, &rest[end..]))
}

/// Whether an expected line leaves something open.
pub fn is_open(expected: &str) -> bool {
    HOLES.iter().any(|hole| expected.contains(hole.name))
}

struct Hole {
    name: &'static str,
    takes: fn(&str) -> bool,
}

const HOLES: &[Hole] = &[
    Hole { name: "(any)", takes: |_| true },
    Hole { name: "(integer)", takes: |text| text.parse::<i64>().is_ok() },
    Hole { name: "(float)", takes: |text| text.parse::<f64>().is_ok() },
    Hole { name: "(string)", takes: is_string },
];

/// Whether the text is one quoted string.
fn is_string(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut escaped = false;
    for byte in inner.bytes() {
        match byte {
            b'"' if !escaped => return false,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    !escaped
}
