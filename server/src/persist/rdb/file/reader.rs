//! persist/rdb/file/reader.rs — a file, part by part.

use std::io::{self, Read};

use super::super::payload::VERSION_MAX;
use super::super::reader::{Reader as Strings, malformed};
use super::{Damage, Input, MAGIC, opcode};

/// A form below this is a value; above are opcodes. None of Redis is near.
const FORM_MAX: u8 = 200;

/// The forms of values that only a module can read.
const MODULE_FORMS: [u8; 2] = [6, 7];

/// From here on there is a checksum at the end.
const VERSION_WITH_SUM: u16 = 5;

/// What a field of a module's is.
mod field {
    pub(super) const END: u64 = 0;
    pub(super) const SIGNED: u64 = 1;
    pub(super) const UNSIGNED: u64 = 2;
    pub(super) const FLOAT: u64 = 3;
    pub(super) const DOUBLE: u64 = 4;
    pub(super) const STRING: u64 = 5;
}

/// Reads a file, see the module above.
pub struct Reader<R> {
    input: Input<R>,
    version: u16,
    database: u64,
    deadline: Option<u64>,
    key: Vec<u8>,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A key, [`Reader::key`], whose value of this form comes next and must be read from
    /// [`Reader::input`].
    Key {
        /// The number of its database.
        database: u64,
        /// When it dies, milliseconds since the epoch.
        deadline: Option<u64>,
        /// The form of the value.
        form: u8,
    },
    /// What the writer says of itself: `redis-ver` and `7.0.15`.
    Aux(Vec<u8>, Vec<u8>),
    /// How many keys follow, and how many of them have deadlines: a hint.
    Sizes(u64, u64),
    /// The source of a library of functions.
    Library(Vec<u8>),
    /// A module, by name, had something to say besides keys; it was skipped.
    ModuleAux(String),
    /// The end; the checksum fits, or there is none.
    End,
}

impl<R: Read> Reader<R> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it is no file of Redis's, or of a version that is not known.
    pub fn new(from: R) -> Result<Reader<R>, Damage> {
        let mut reader = Reader {
            input: Input::new(from),
            version: 0,
            database: 0,
            deadline: None,
            key: Vec::new(),
        };
        reader.version = reader.header().map_err(|why| Damage { offset: 0, why })?;
        Ok(reader)
    }

    fn header(&mut self) -> io::Result<u16> {
        let mut strings = Strings::new(&mut self.input);
        let header = strings.bytes(MAGIC.len() + 4)?;
        let digits = header.strip_prefix(MAGIC).ok_or(malformed("no file of Redis's (RDB)"))?;
        let version = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        match version {
            Some(version @ 1..=VERSION_MAX) => Ok(version),
            Some(_) => Err(malformed("a version of RDB that is not known; known are 1 to 12")),
            None => Err(malformed("no file of Redis's (RDB)")),
        }
    }

    /// The version of the format.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The key that was read last.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The rest of the file.
    pub fn input(&mut self) -> &mut Input<R> {
        &mut self.input
    }

    /// Only the rest of the file.
    pub fn into_input(self) -> Input<R> {
        self.input
    }

    /// Both at once.
    pub fn key_and_input(&mut self) -> (&[u8], &mut Input<R>) {
        (&self.key, &mut self.input)
    }

    /// Where in the file it stands.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The next part. After a [`Part::Key`] its value must have been read.
    ///
    /// # Errors
    /// If the file is cut off or damaged.
    pub fn next_part(&mut self) -> Result<Part, Damage> {
        let begin = self.input.offset();
        self.part().map_err(|why| {
            // A wrong checksum is nobody's fault in particular.
            Damage { offset: begin, why }
        })
    }

    fn part(&mut self) -> io::Result<Part> {
        loop {
            let mut strings = Strings::new(&mut self.input);
            match strings.byte()? {
                opcode::DEADLINE_MS => {
                    // Redis's are signed; -1 is none, and what is before all time is over.
                    let deadline = strings.u64_le()?.cast_signed();
                    self.deadline = (deadline != -1).then(|| deadline.max(0).cast_unsigned());
                }
                opcode::DEADLINE_SECONDS => {
                    let seconds = strings.bytes(4)?.first_chunk().copied().unwrap_or_default();
                    self.deadline = Some(u64::from(u32::from_le_bytes(seconds)) * 1000);
                }
                opcode::FREQUENCY => drop(strings.byte()?),
                opcode::IDLE => drop(strings.length()?),
                opcode::DATABASE => self.database = strings.length()?,
                opcode::SIZES => return Ok(Part::Sizes(strings.length()?, strings.length()?)),
                opcode::SLOT_INFO => {
                    for _ in 0..3 {
                        strings.length()?;
                    }
                }
                opcode::AUX => {
                    let name = strings.string()?.to_vec();
                    return Ok(Part::Aux(name, strings.string()?.to_vec()));
                }
                opcode::FUNCTION => return Ok(Part::Library(strings.string()?.to_vec())),
                opcode::FUNCTION_PRE_GA => {
                    return Err(malformed(
                        "functions as a release candidate of Redis 7.0 has them",
                    ));
                }
                opcode::MODULE_AUX => {
                    let name = module_name(strings.length()?);
                    skip_module(&mut strings)?;
                    return Ok(Part::ModuleAux(name));
                }
                opcode::END => {
                    drop(strings);
                    return self.end().map(|()| Part::End);
                }
                form if MODULE_FORMS.contains(&form) => {
                    drop(strings);
                    return Err(self.of_module(form));
                }
                form if form < FORM_MAX => {
                    self.key.clear();
                    self.key.extend_from_slice(strings.string()?);
                    let (database, deadline) = (self.database, self.deadline.take());
                    return Ok(Part::Key { database, deadline, form });
                }
                _ => return Err(malformed("a part of no known sort")),
            }
        }
    }

    /// That a value is a module's, with its key and the module's name if that can be told.
    #[cold]
    fn of_module(&mut self, form: u8) -> io::Error {
        let mut strings = Strings::new(&mut self.input);
        let text = strings.string().map(|key| key.escape_ascii().to_string());
        let key = text.unwrap_or_default();
        let name = match strings.length() {
            Ok(id) if form == MODULE_FORMS[1] => format!(" '{}'", module_name(id)),
            _ => String::new(),
        };
        let why = format!("the value of key \"{key}\" belongs to a module{name}; remove such keys");
        io::Error::new(io::ErrorKind::InvalidData, why)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.version < VERSION_WITH_SUM {
            return Ok(());
        }
        let sum = self.input.sum();
        let said = Strings::new(&mut self.input).u64_le()?;
        // Whoever wrote it may have been told not to sum.
        if said == 0 || said == sum {
            Ok(())
        } else {
            Err(malformed("the checksum does not fit: some byte before is wrong"))
        }
    }
}

/// Nine letters of six bits each, and ten bits of a version.
fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |place: u32| char::from(LETTERS[(id >> (58 - 6 * place) & 0x3f) as usize]);
    (0..9).map(letter).collect()
}

/// Skips when a module wants to be told, and what.
fn skip_module(strings: &mut Strings<'_>) -> io::Result<()> {
    loop {
        match strings.length()? {
            field::END => return Ok(()),
            field::SIGNED | field::UNSIGNED => drop(strings.length()?),
            field::FLOAT => drop(strings.bytes(4)?),
            field::DOUBLE => drop(strings.bytes(8)?),
            field::STRING => drop(strings.string()?),
            _ => return Err(malformed("a module's field of no known sort")),
        }
    }
}
