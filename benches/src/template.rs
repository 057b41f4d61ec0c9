//! The bytes of a batch of requests, formatted once; afterwards only digits change.
//!
//! A command line such as `SET __key__ __value__` becomes the RESP array it stands for, repeated once
//! per request of the pipeline. Placeholders have a fixed width, so every later batch is the same
//! bytes with new digits: no formatting, no copying, no allocation.
//!
//! | placeholder | stands for |
//! |---|---|
//! | `__key__` | `key:` and the number of a chosen key in twelve digits: 16 bytes |
//! | `__rand__` | the number of a chosen key in twelve digits |
//! | `__score__` | a number below the key count in twelve digits, always uniform |
//! | `__LOW-HIGH__` | a number in this range, always uniform; both bounds have the same number of digits |
//! | `__value__` | the value, the same bytes in every request |
//!
//! Every placeholder chooses anew: two `__key__` in a line are two keys. Servers refuse integers with
//! leading zeros, such as offsets and indexes; `__10000-99999__` and `1__rand__` have none.
//!
//! Several lines with weights make a mix. Then the requests of a batch are chosen and copied one by
//! one, because their lengths differ. Several lines in turn repeat in their order, over the end of a
//! batch, so that what one takes away the next puts back.

use crate::{Error, Result, chance::Picker};

/// Digits of a key's number in a request.
const DIGITS: usize = 12;
/// Key numbers are below this.
pub const KEYS_MAX: u64 = 1_000_000_000_000;
/// Digits that the bounds of a range may have: numbers of 18 digits fit into 64 bits.
const RANGE_DIGITS_MAX: usize = 18;

/// One kind of request: its bytes and the places where digits go.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    offset: usize,
    digits: usize,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Key,
    Uniform,
    Range { low: u64, count: u64 },
}

impl Template {
    /// Formats a command line. Arguments are separated by spaces; quotes, single or double, keep
    /// spaces inside one.
    ///
    /// # Errors
    /// `Usage` when the line is empty, a quote is not closed, or a range has no numbers in it.
    pub fn parse(line: &str, value: &[u8]) -> Result<Self> {
        let words = split(line)?;
        if words.is_empty() {
            return Err(Error::Usage("the command is empty".into()));
        }
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        let mut slots = Vec::new();
        for word in &words {
            let mut argument = Vec::new();
            let mut inside = Vec::new();
            expand(word, value, &mut argument, &mut inside)?;
            bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            let start = bytes.len();
            slots.extend(
                inside.into_iter().map(|slot| Slot { offset: start + slot.offset, ..slot }),
            );
            bytes.extend_from_slice(&argument);
            bytes.extend_from_slice(b"\r\n");
        }
        Ok(Self { bytes, slots })
    }

    /// Bytes of one request on the wire.
    pub fn wire_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// A batch of up to `pipeline` requests, refreshed in place.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Same { template: Template, pipeline: usize },
    Mix { templates: Vec<(u64, Template)>, total: u64 },
    Turns { templates: Vec<Template>, next: usize },
}

impl Batch {
    /// A batch of these templates, chosen by weight.
    ///
    /// # Errors
    /// `Usage` when there is no template or all weights are zero.
    pub fn new(mut templates: Vec<(u32, Template)>, pipeline: usize) -> Result<Self> {
        templates.retain(|(weight, _)| *weight > 0);
        let total = templates.iter().map(|(weight, _)| u64::from(*weight)).sum();
        match templates.len() {
            0 => Err(Error::Usage("no request has a weight above zero".into())),
            1 => {
                let (_, template) = templates.remove(0);
                let bytes = template.bytes.repeat(pipeline);
                Ok(Self { bytes, form: Form::Same { template, pipeline } })
            }
            _ => {
                let templates = templates.into_iter().map(|(w, t)| (u64::from(w), t)).collect();
                Ok(Self { bytes: Vec::new(), form: Form::Mix { templates, total } })
            }
        }
    }

    /// A batch of these templates in their order, again and again.
    ///
    /// # Errors
    /// `Usage` when there is no template.
    pub fn in_turn(templates: Vec<Template>, pipeline: usize) -> Result<Self> {
        if templates.is_empty() {
            return Err(Error::Usage("there is no request to take turns".into()));
        }
        let round: Vec<u8> = templates.iter().flat_map(|one| &one.bytes).copied().collect();
        // A batch may begin anywhere in a round and end in the middle of another.
        let bytes = round.repeat(pipeline.div_ceil(templates.len()) + 1);
        Ok(Self { bytes, form: Form::Turns { templates, next: 0 } })
    }

    /// The bytes of `count` new requests. `count` is at most the pipeline given to `new`.
    #[inline]
    pub fn refresh(&mut self, count: usize, picker: &mut Picker) -> &[u8] {
        match &mut self.form {
            Form::Same { template, pipeline } => {
                let count = count.min(*pipeline);
                let size = template.bytes.len();
                let used = &mut self.bytes[..count * size];
                for request in used.chunks_exact_mut(size) {
                    fill(request, &template.slots, picker);
                }
                used
            }
            Form::Mix { templates, total } => {
                self.bytes.clear();
                for _ in 0..count {
                    let template = choose(templates, picker.below(*total));
                    let start = self.bytes.len();
                    self.bytes.extend_from_slice(&template.bytes);
                    fill(&mut self.bytes[start..], &template.slots, picker);
                }
                &self.bytes
            }
            Form::Turns { templates, next } => {
                let start = templates[..*next].iter().map(|one| one.bytes.len()).sum();
                let mut end = start;
                for _ in 0..count {
                    let template = &templates[*next];
                    let request = &mut self.bytes[end..end + template.bytes.len()];
                    fill(request, &template.slots, picker);
                    end += template.bytes.len();
                    *next = (*next + 1) % templates.len();
                }
                &self.bytes[start..end]
            }
        }
    }
}

fn choose(templates: &[(u64, Template)], mut point: u64) -> &Template {
    let mut chosen = &templates[0].1;
    for (weight, template) in templates {
        chosen = template;
        if point < *weight {
            break;
        }
        point -= weight;
    }
    chosen
}

#[inline]
fn fill(request: &mut [u8], slots: &[Slot], picker: &mut Picker) {
    for slot in slots {
        let number = match slot.source {
            Source::Key => picker.pick(),
            Source::Uniform => picker.uniform(),
            Source::Range { low, count } => low + picker.below(count),
        };
        put_digits(&mut request[slot.offset..slot.offset + slot.digits], number);
    }
}

/// Writes `number` right-aligned with leading zeros over the whole of `place`; higher digits that do
/// not fit are dropped.
#[inline]
pub(crate) fn put_digits(place: &mut [u8], mut number: u64) {
    for pair in place.rchunks_mut(2) {
        let two = &PAIRS[(number % 100) as usize];
        number /= 100;
        match pair {
            [tens, ones] => (*tens, *ones) = (two[0], two[1]),
            [ones] => *ones = two[1],
            _ => {}
        }
    }
}

/// `00` to `99`: halves the divisions of a number's formatting.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

fn expand(word: &str, value: &[u8], argument: &mut Vec<u8>, slots: &mut Vec<Slot>) -> Result<()> {
    let mut rest = word;
    while let Some(at) = rest.find("__") {
        argument.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let mut number = |argument: &mut Vec<u8>, digits, source| {
            slots.push(Slot { offset: argument.len(), digits, source });
            argument.resize(argument.len() + digits, b'0');
        };
        if let Some(after) = rest.strip_prefix("__key__") {
            argument.extend_from_slice(b"key:");
            number(argument, DIGITS, Source::Key);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("__rand__") {
            number(argument, DIGITS, Source::Key);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("__score__") {
            number(argument, DIGITS, Source::Uniform);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("__value__") {
            argument.extend_from_slice(value);
            rest = after;
        } else if let Some((low, high, after)) = range(rest) {
            number(argument, low.len(), between(low, high)?);
            rest = after;
        } else {
            argument.extend_from_slice(b"_");
            rest = &rest[1..];
        }
    }
    argument.extend_from_slice(rest.as_bytes());
    Ok(())
}

/// The bounds of a `__LOW-HIGH__` that this text begins with, and what follows it.
fn range(text: &str) -> Option<(&str, &str, &str)> {
    let (inside, after) = text.strip_prefix("__")?.split_once("__")?;
    let (low, high) = inside.split_once('-')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(low) && number(high)).then_some((low, high, after))
}

fn between(low: &str, high: &str) -> Result<Source> {
    let wrong = || Error::Usage(format!("{low}-{high} is no range of numbers of one length"));
    if low.len() != high.len() || low.len() > RANGE_DIGITS_MAX || low > high {
        return Err(wrong());
    }
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let low = number(low)?;
    Ok(Source::Range { low, count: number(high)? - low + 1 })
}

/// Splits a command line into words; a quoted part keeps its spaces and may be empty.
pub fn split(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => word.get_or_insert_default().push(letter),
            None if letter == '"' || letter == '\'' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(Error::Usage(format!("a quote is not closed in: {line}")));
    }
    words.extend(word);
    Ok(words)
}

/// A value of this many printable bytes that hardly compresses. The same length gives the same bytes.
pub fn value(bytes: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut dice = crate::chance::Dice::new(0x6d61_696e);
    (0..bytes).map(|_| LETTERS[dice.below(64) as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Distribution;

    fn sequence(count: u64) -> Picker {
        Picker::new(Distribution::Sequential, count, 1)
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace("\r\n", " ")
    }

    #[test]
    fn a_request_has_the_bytes_of_its_line() {
        let template = Template::parse("SET __key__ __value__", b"v").unwrap();
        let mut batch = Batch::new(vec![(1, template)], 2).unwrap();
        let mut keys = sequence(1000);
        assert_eq!(
            text(batch.refresh(2, &mut keys)),
            "*3 $3 SET $16 key:000000000000 $1 v *3 $3 SET $16 key:000000000001 $1 v "
        );
        assert_eq!(text(batch.refresh(1, &mut keys)), "*3 $3 SET $16 key:000000000002 $1 v ");
    }

    #[test]
    fn placeholders_stand_inside_arguments_and_repeat() {
        let line = "ZADD z __score__ a:__rand__:b __x__ _ __";
        let template = Template::parse(line, b"").unwrap();
        let mut batch = Batch::new(vec![(1, template)], 1).unwrap();
        let mut keys = Picker::new(Distribution::Sequential, 1, 1);
        assert_eq!(
            text(batch.refresh(1, &mut keys)),
            "*7 $4 ZADD $1 z $12 000000000000 $16 a:000000000000:b $5 __x__ $1 _ $2 __ "
        );
    }

    #[test]
    fn a_mix_keeps_to_its_weights() {
        let get = Template::parse("GET __key__", b"").unwrap();
        let set = Template::parse("SET __key__ x", b"").unwrap();
        let never = Template::parse("DEL __key__", b"").unwrap();
        let mut batch = Batch::new(vec![(3, get), (1, set), (0, never)], 1000).unwrap();
        let seed = 11;
        eprintln!("seed {seed}");
        let mut keys = Picker::new(Distribution::Uniform, 10, seed);
        let sent = text(batch.refresh(1000, &mut keys));
        let gets = sent.matches("GET").count();
        assert_eq!(gets + sent.matches("SET").count(), 1000);
        assert!((690..810).contains(&gets), "{gets}");
        assert!(!sent.contains("DEL"));
    }

    #[test]
    fn a_range_is_uniform_within_its_bounds() {
        let template = Template::parse("SETBIT b:__5-5__ __998-999__ 1", b"").unwrap();
        let mut batch = Batch::new(vec![(1, template)], 100).unwrap();
        let sent = text(batch.refresh(100, &mut sequence(7)));
        let (low, high) = (sent.matches("$3 998 ").count(), sent.matches("$3 999 ").count());
        assert_eq!(low + high, 100);
        assert!((25..75).contains(&low), "{low}");
        assert_eq!(sent.matches("$3 b:5 ").count(), 100);
        for line in ["GET __1-10__", "GET __9-1__", "GET __1-1234567890123456789__"] {
            assert!(Template::parse(line, b"").is_err(), "{line}");
        }
        let template = Template::parse("GET __a-b__ __-__ __1-__", b"").unwrap();
        assert_eq!(text(&template.bytes), "*4 $3 GET $7 __a-b__ $5 __-__ $6 __1-__ ");
    }

    #[test]
    fn requests_take_turns_over_the_end_of_a_batch() {
        let lines = ["SPOP s", "SADD s __rand__", "PING"];
        let templates = lines.iter().map(|line| Template::parse(line, b"").unwrap()).collect();
        let mut batch = Batch::in_turn(templates, 4).unwrap();
        let mut keys = sequence(1000);
        let add = |number| format!("*3 $4 SADD $1 s $12 {number:012} ");
        let (pop, ping) = ("*2 $4 SPOP $1 s ", "*1 $4 PING ");
        let mut next = |count| text(batch.refresh(count, &mut keys));
        assert_eq!(next(4), format!("{pop}{}{ping}{pop}", add(0)));
        assert_eq!(next(1), add(1));
        assert_eq!(next(4), format!("{ping}{pop}{}{ping}", add(2)));
        assert_eq!(next(4), format!("{pop}{}{ping}{pop}", add(3)));
        assert_eq!(next(4), format!("{}{ping}{pop}{}", add(4), add(5)));
        assert!(Batch::in_turn(Vec::new(), 1).is_err());
    }

    #[test]
    fn numbers_fill_their_place() {
        let mut place = [b'x'; 5];
        put_digits(&mut place, 42);
        assert_eq!(&place, b"00042");
        put_digits(&mut place, 1_234_567);
        assert_eq!(&place, b"34567");
    }

    #[test]
    fn quotes_keep_words_together() {
        let words = split(r#"a "b c" '' d'e f'"#).unwrap();
        assert_eq!(words, ["a", "b c", "", "de f"]);
        assert!(split("a 'b").is_err());
        assert!(Template::parse("  ", b"").is_err());
    }

    #[test]
    fn a_value_is_printable_and_stable() {
        assert_eq!(value(64).len(), 64);
        assert_eq!(value(64), value(64));
        assert!(value(4096).iter().all(|byte| byte.is_ascii_graphic()));
    }
}
