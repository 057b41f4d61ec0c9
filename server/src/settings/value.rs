//! The value of a setting: read from words, written back as words.
//!
//! The texts of the reasons are Redis 7's, since tools match on them. Two inputs are refused that
//! Redis lets pass: a memory value without digits (`mb` is zero there) and one that does not fit in
//! 64 bits (it saturates there). Values are UTF-8; Redis takes any bytes.
//!
//! Invariant: `parse(shape, words(value)) == value` for every value that `parse` returned.
//! Not here: which setting a value belongs to.

use super::schema::Shape;

/// What a setting is set to. The variant follows from the shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `Shape::Bool`.
    Bool(bool),
    /// `Shape::Integer`.
    Integer(i64),
    /// `Shape::Bytes`, and `Shape::BytesOrPercent` without a percent sign.
    Bytes(u64),
    /// `Shape::BytesOrPercent` with a percent sign.
    Percent(u8),
    /// `Shape::Text`.
    Text(String),
    /// `Shape::Words`.
    Words(Vec<String>),
    /// `Shape::Choice`, spelled as in the table.
    Choice(&'static str),
    /// `Shape::OctalMode`.
    Mode(u32),
    /// `Shape::Percentiles`.
    Percentiles(Vec<f64>),
    /// `Shape::OutputLimits`.
    OutputLimits(OutputLimits),
    /// `Shape::SavePoints`.
    SavePoints(Vec<SavePoint>),
}

/// How much unsent output each class of client may pile up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Ordinary clients, MONITOR included.
    pub normal: OutputLimit,
    /// Replicas.
    pub replica: OutputLimit,
    /// Clients with at least one subscription.
    pub pubsub: OutputLimit,
}

/// The limit of one class; zero means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which the client is closed at once.
    pub hard_bytes: u64,
    /// Bytes at which it is closed after `soft_seconds` without a pause.
    pub soft_bytes: u64,
    /// How long it may stay above `soft_bytes`.
    pub soft_seconds: u64,
}

/// Save when `seconds` passed and at least `changes` keys changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// At least 1.
    pub seconds: u64,
    /// Zero saves even when nothing changed.
    pub changes: u64,
}

/// Reads a value. `base` is what it adds to: output limits of classes that are not named stay as
/// they are in `base`, and save points follow those of `base`.
///
/// # Errors
/// The reason in Redis's words, without the name of the setting and without the value.
pub fn parse(shape: Shape, words: &[&[u8]], base: Option<&Value>) -> Result<Value, String> {
    let words: Vec<&str> = words
        .iter()
        .map(|word| std::str::from_utf8(word))
        .collect::<Result<_, _>>()
        .map_err(|_| "argument must be UTF-8 text")?;
    if shape.takes_words() {
        return match words[..] {
            [only] => parse_words(shape, &only.split_ascii_whitespace().collect::<Vec<_>>(), base),
            _ => parse_words(shape, &words, base),
        };
    }
    let [word] = words[..] else { return Err("wrong number of arguments".into()) };
    parse_word(shape, word)
}

/// As `parse` for a text of the table or of CONFIG SET, where one argument holds the whole value.
pub fn parse_text(shape: Shape, text: &[u8], base: Option<&Value>) -> Result<Value, String> {
    parse(shape, &[text], base)
}

fn parse_word(shape: Shape, word: &str) -> Result<Value, String> {
    match shape {
        Shape::Bool => match word {
            _ if word.eq_ignore_ascii_case("yes") => Ok(Value::Bool(true)),
            _ if word.eq_ignore_ascii_case("no") => Ok(Value::Bool(false)),
            _ => Err("argument must be 'yes' or 'no'".into()),
        },
        Shape::Integer { min, max } => {
            let number = integer(word).ok_or("argument couldn't be parsed into an integer")?;
            within(number, min, max).map(Value::Integer)
        }
        Shape::Bytes { min, max } => {
            let number = bytes(word).ok_or("argument must be a memory value")?;
            within(number, min, max).map(Value::Bytes)
        }
        Shape::BytesOrPercent => match word.strip_suffix('%') {
            Some(share) => {
                let share = integer(share).filter(|&share| share >= 0);
                let share = share.ok_or("argument must be a memory or percent value")?;
                match u8::try_from(share) {
                    Ok(share @ 0..=100) => Ok(Value::Percent(share)),
                    _ => Err("percentage argument must be less or equal to 100".into()),
                }
            }
            None => bytes(word)
                .map(Value::Bytes)
                .ok_or_else(|| "argument must be a memory or percent value".into()),
        },
        Shape::Text => Ok(Value::Text(word.to_owned())),
        Shape::Choice(choices) => {
            match choices.iter().find(|choice| choice.eq_ignore_ascii_case(word)) {
                Some(choice) => Ok(Value::Choice(choice)),
                None => {
                    Err(format!("argument(s) must be one of the following: {}", choices.join(", ")))
                }
            }
        }
        Shape::OctalMode => match octal(word) {
            Some(mode @ 0..=0o777) => Ok(Value::Mode(mode)),
            Some(_) => Err("argument must be between 0 and 777 inclusive".into()),
            None => Err("argument couldn't be parsed as an octal number".into()),
        },
        Shape::Words { .. } | Shape::Percentiles | Shape::OutputLimits | Shape::SavePoints => {
            parse_words(shape, &[word], None)
        }
    }
}

fn parse_words(shape: Shape, words: &[&str], base: Option<&Value>) -> Result<Value, String> {
    match shape {
        Shape::Words { max } => {
            if words.len() > max {
                return Err(format!("at most {max} arguments are allowed"));
            }
            Ok(Value::Words(words.iter().map(|word| (*word).to_owned()).collect()))
        }
        Shape::Percentiles => percentiles(words),
        Shape::OutputLimits => {
            let base = match base {
                Some(Value::OutputLimits(limits)) => *limits,
                _ => OutputLimits::default(),
            };
            output_limits(words, base)
        }
        Shape::SavePoints => {
            let base = match base {
                Some(Value::SavePoints(points)) => points.clone(),
                _ => Vec::new(),
            };
            save_points(words, base)
        }
        _ => match words {
            [word] => parse_word(shape, word),
            _ => Err("wrong number of arguments".into()),
        },
    }
}

fn percentiles(words: &[&str]) -> Result<Value, String> {
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        let number: f64 = word
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
        if !(0.0..=100.0).contains(&number) {
            let reason =
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            return Err(reason.into());
        }
        all.push(number);
    }
    Ok(Value::Percentiles(all))
}

fn output_limits(words: &[&str], mut limits: OutputLimits) -> Result<Value, String> {
    let (groups, rest) = words.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for [class, hard, soft, seconds] in groups {
        let class = match class.to_ascii_lowercase().as_str() {
            "normal" => &mut limits.normal,
            "slave" | "replica" => &mut limits.replica,
            "pubsub" => &mut limits.pubsub,
            _ => {
                let reason = "Invalid client class specified in buffer limit configuration.";
                return Err(reason.into());
            }
        };
        let limit = (|| {
            Some(OutputLimit {
                hard_bytes: bytes(hard)?,
                soft_bytes: bytes(soft)?,
                soft_seconds: u64::try_from(integer(seconds)?).ok()?,
            })
        })();
        *class = limit
            .ok_or("Error in hard, soft or soft_seconds setting in buffer limit configuration.")?;
    }
    Ok(Value::OutputLimits(limits))
}

fn save_points(words: &[&str], mut points: Vec<SavePoint>) -> Result<Value, String> {
    if words.is_empty() {
        return Ok(Value::SavePoints(Vec::new()));
    }
    let (pairs, rest) = words.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("Invalid save parameters".into());
    }
    for [seconds, changes] in pairs {
        let number = |word: &str| integer(word).and_then(|number| u64::try_from(number).ok());
        match (number(seconds), number(changes)) {
            (Some(seconds @ 1..), Some(changes)) => points.push(SavePoint { seconds, changes }),
            _ => return Err("Invalid save parameters".into()),
        }
    }
    Ok(Value::SavePoints(points))
}

fn within<T: PartialOrd + std::fmt::Display>(number: T, min: T, max: T) -> Result<T, String> {
    if number < min || number > max {
        return Err(format!("argument must be between {min} and {max} inclusive"));
    }
    Ok(number)
}

/// Redis's `string2ll`: no blanks, no plus sign, no leading zeros.
fn integer(word: &str) -> Option<i64> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let first = digits.bytes().next()?;
    if !first.is_ascii_digit() || (first == b'0' && word.len() > 1) {
        return None;
    }
    word.parse().ok()
}

/// Redis's `memtoull`: digits and a unit.
fn bytes(word: &str) -> Option<u64> {
    let unit_at = word.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(unit_at);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1000 * 1000,
        "mb" => 1 << 20,
        "g" => 1000 * 1000 * 1000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn octal(word: &str) -> Option<u32> {
    if word.is_empty() || !word.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return None;
    }
    u32::from_str_radix(word, 8).ok()
}

impl Value {
    /// As CONFIG GET answers it: one text, memory in plain bytes.
    pub fn text(&self) -> String {
        match self {
            Value::Bool(true) => "yes".into(),
            Value::Bool(false) => "no".into(),
            Value::Integer(number) => number.to_string(),
            Value::Bytes(number) => number.to_string(),
            Value::Percent(share) => format!("{share}%"),
            Value::Text(text) => text.clone(),
            Value::Words(words) => words.join(" "),
            Value::Choice(choice) => (*choice).into(),
            Value::Mode(mode) => format!("{mode:o}"),
            Value::Percentiles(all) => all.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
            Value::OutputLimits(limits) => {
                let classes = limits.classes().map(|(class, limit)| {
                    // CONFIG GET still says `slave` in Redis 7, and clients match on it.
                    let class = if class == "replica" { "slave" } else { class };
                    let OutputLimit { hard_bytes, soft_bytes, soft_seconds } = limit;
                    format!("{class} {hard_bytes} {soft_bytes} {soft_seconds}")
                });
                classes.join(" ")
            }
            Value::SavePoints(points) => points
                .iter()
                .map(|point| format!("{} {}", point.seconds, point.changes))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// As lines of a file, each the words after the name. Reading them in order, with nothing
    /// before, gives the value back.
    pub fn lines(&self) -> Vec<Vec<String>> {
        match self {
            Value::Bytes(number) => vec![vec![memory(*number)]],
            Value::Words(words) if words.is_empty() => vec![vec![String::new()]],
            Value::Words(words) => vec![words.clone()],
            Value::Percentiles(all) if all.is_empty() => vec![vec![String::new()]],
            Value::Percentiles(all) => vec![all.iter().map(f64::to_string).collect()],
            Value::OutputLimits(limits) => limits
                .classes()
                .map(|(class, limit)| {
                    let (hard, soft) = (memory(limit.hard_bytes), memory(limit.soft_bytes));
                    vec![class.into(), hard, soft, limit.soft_seconds.to_string()]
                })
                .into(),
            Value::SavePoints(points) if points.is_empty() => vec![vec![String::new()]],
            Value::SavePoints(points) => points
                .iter()
                .map(|point| vec![point.seconds.to_string(), point.changes.to_string()])
                .collect(),
            _ => vec![vec![self.text()]],
        }
    }
}

impl OutputLimits {
    fn classes(&self) -> [(&'static str, OutputLimit); 3] {
        [("normal", self.normal), ("replica", self.replica), ("pubsub", self.pubsub)]
    }
}

/// The shortest exact spelling: `64mb`, not `67108864`.
pub fn memory(number: u64) -> String {
    for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)] {
        if number != 0 && number.is_multiple_of(1 << shift) {
            return format!("{}{unit}", number >> shift);
        }
    }
    number.to_string()
}
