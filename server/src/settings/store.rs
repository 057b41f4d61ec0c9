//! The values of all settings, shared by all threads.
//!
//! Whoever needs a value on a hot path keeps a copy and compares `version()`, one atomic load, once
//! per turn of its loop. Reading through the getters costs a search by name and a shared lock.
//!
//! Invariants: a change is all or nothing, and readers see either all of it or none; the version
//! grows after every change, and a reader that saw the new version sees the new values.
//! A getter of the wrong shape, or of a setting outside the table, panics: it is a mistake in the
//! program that its first run shows.
//! Not here: what the file says (`file`), writing it back (`rewrite`).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::known;
use super::schema::{Effect, Setting, Shape, When};
use super::value::{OutputLimits, SavePoint, Value, parse_text};
use crate::structure::glob;

/// Every setting by name and alias. Lookups ignore case, as Redis's do.
#[derive(Debug)]
pub struct Table {
    settings: Vec<&'static Setting>,
    /// Lower case name or alias and the position in `settings`, sorted by name.
    names: Vec<(&'static str, usize)>,
}

/// The values of all settings.
pub struct Settings {
    table: Table,
    values: RwLock<Vec<Value>>,
    /// Held over a whole change, so that two never interleave while readers go on.
    changing: Mutex<()>,
    version: AtomicU64,
    file: Option<PathBuf>,
}

/// One setting that CONFIG SET is about to change, and its new value.
pub struct Change {
    /// Which one.
    pub setting: &'static Setting,
    /// What it will be.
    pub value: Value,
}

/// Why CONFIG SET did nothing. The text is Redis's, without the leading `ERR `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// No such setting; holds the name as given.
    Unknown(String),
    /// The value cannot be taken.
    Refused {
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Table {
    /// The given settings and those of Redis that do nothing here, which give way to a given one of
    /// the same name.
    pub fn new(own: &[&'static Setting]) -> Table {
        let mut table = Table { settings: Vec::new(), names: Vec::new() };
        for setting in own.iter().copied().chain(known::ALL.iter()) {
            let at = table.settings.len();
            if table.find(setting.name.as_bytes()).is_some() {
                continue;
            }
            table.settings.push(setting);
            for name in std::iter::once(&setting.name).chain(setting.aliases) {
                if let Err(place) = table.names.binary_search_by_key(name, |entry| entry.0) {
                    table.names.insert(place, (name, at));
                }
            }
        }
        table
    }

    /// The position of a setting, by name or alias in any case.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
        let place = self.names.binary_search_by_key(&name.as_str(), |entry| entry.0).ok()?;
        Some(self.names[place].1)
    }

    /// The setting at a position that `find` gave.
    pub fn at(&self, index: usize) -> &'static Setting {
        self.settings[index]
    }

    /// All settings; the position is that of `find`.
    pub fn all(&self) -> &[&'static Setting] {
        &self.settings
    }

    /// All names and aliases in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().map(|entry| entry.0)
    }

    /// The defaults, by position.
    pub fn defaults(&self) -> Vec<Value> {
        self.settings.iter().map(|setting| setting.default_value()).collect()
    }
}

impl Setting {
    /// The default as a value.
    ///
    /// # Panics
    /// If the table is wrong, which a test over the whole table excludes.
    pub fn default_value(&self) -> Value {
        match parse_text(self.shape, self.default.as_bytes(), None) {
            Ok(value) => value,
            Err(reason) => panic!("the default of `{}`: {reason}", self.name),
        }
    }

    /// Whether this value may be taken, given that it has the right shape.
    ///
    /// # Errors
    /// The sentence of `Effect::Absent` if this is not the default.
    pub fn permits(&self, value: &Value) -> Result<(), &'static str> {
        match self.effect {
            Effect::Absent(sentence) if *value != self.default_value() => Err(sentence),
            _ => Ok(()),
        }
    }
}

impl Settings {
    /// All at their defaults: the given ones and those of Redis that do nothing here.
    pub fn new(own: &[&'static Setting]) -> Settings {
        let table = Table::new(own);
        let values = table.defaults();
        Settings::with(table, values, None)
    }

    /// With these values, one for each setting of the table; `file` is what REWRITE writes.
    pub(super) fn with(table: Table, values: Vec<Value>, file: Option<PathBuf>) -> Settings {
        let values = RwLock::new(values);
        Settings { table, values, changing: Mutex::new(()), version: AtomicU64::new(1), file }
    }

    /// Grows with every change. A reader whose copy was made at this version is up to date.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The absolute path of the file that was read at the start, if there was one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The table behind the values.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The value of a `Bool`.
    pub fn boolean(&self, setting: &'static Setting) -> bool {
        self.read(setting, |value| match value {
            Value::Bool(yes) => Some(*yes),
            _ => None,
        })
    }

    /// The value of an `Integer`.
    pub fn integer(&self, setting: &'static Setting) -> i64 {
        self.read(setting, |value| match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        })
    }

    /// The value of `Bytes`.
    pub fn bytes(&self, setting: &'static Setting) -> u64 {
        self.read(setting, |value| match value {
            Value::Bytes(number) => Some(*number),
            _ => None,
        })
    }

    /// The value of any setting as CONFIG GET answers it; of a `Text`, the text.
    pub fn text(&self, setting: &'static Setting) -> String {
        self.read(setting, |value| Some(value.text()))
    }

    /// The value of a `Choice`, spelled as in the table.
    pub fn choice(&self, setting: &'static Setting) -> &'static str {
        self.read(setting, |value| match value {
            Value::Choice(choice) => Some(*choice),
            _ => None,
        })
    }

    /// The value of `Words`.
    pub fn words(&self, setting: &'static Setting) -> Vec<String> {
        self.read(setting, |value| match value {
            Value::Words(words) => Some(words.clone()),
            _ => None,
        })
    }

    /// The value of an `OctalMode`.
    pub fn mode(&self, setting: &'static Setting) -> u32 {
        self.read(setting, |value| match value {
            Value::Mode(mode) => Some(*mode),
            _ => None,
        })
    }

    /// The value of `Percentiles`.
    pub fn percentiles(&self, setting: &'static Setting) -> Vec<f64> {
        self.read(setting, |value| match value {
            Value::Percentiles(all) => Some(all.clone()),
            _ => None,
        })
    }

    /// The value of `OutputLimits`.
    pub fn output_limits(&self, setting: &'static Setting) -> OutputLimits {
        self.read(setting, |value| match value {
            Value::OutputLimits(limits) => Some(*limits),
            _ => None,
        })
    }

    /// The value of `SavePoints`.
    pub fn save_points(&self, setting: &'static Setting) -> Vec<SavePoint> {
        self.read(setting, |value| match value {
            Value::SavePoints(points) => Some(points.clone()),
            _ => None,
        })
    }

    /// Asking for a setting that is not in the table, or by another shape, is a mistake in the
    /// program.
    fn read<T>(&self, setting: &'static Setting, pick: impl FnOnce(&Value) -> Option<T>) -> T {
        let index = self.table.find(setting.name.as_bytes());
        let found = index.and_then(|index| pick(&self.values.read()[index]));
        found.unwrap_or_else(|| panic!("`{}` is not in the table, or not so shaped", setting.name))
    }

    /// True if the value given for this name must not be shown in a log, a slow log or MONITOR.
    pub fn is_secret(&self, name: &[u8]) -> bool {
        self.table.find(name).is_some_and(|index| self.table.at(index).secret)
    }

    /// What CONFIG GET answers to these patterns: name and value, each once. A name that is asked
    /// for without wildcards comes back as it was spelled, as in Redis.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(String, String)> {
        let values = self.values.read();
        let mut found: Vec<(String, String)> = Vec::new();
        for pattern in patterns {
            if !glob::has_wildcard(pattern) {
                if let Some(index) = self.table.find(pattern) {
                    let name = String::from_utf8_lossy(pattern).into_owned();
                    if !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                        found.push((name, values[index].text()));
                    }
                }
                continue;
            }
            let pattern = pattern.to_ascii_lowercase();
            for (name, index) in &self.table.names {
                if glob::matches(&pattern, name.as_bytes())
                    && !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
                {
                    found.push(((*name).to_owned(), values[*index].text()));
                }
            }
        }
        found
    }

    /// CONFIG SET with names and values in turn: all of them or none. Answers which were changed.
    ///
    /// # Errors
    /// The first mistake in the order of the arguments; an unknown name comes before a wrong value.
    pub fn set(&self, pairs: &[(&[u8], &[u8])]) -> Result<Vec<Change>, SettingError> {
        self.set_with(pairs, |_| Ok(()))
    }

    /// As `set`; `apply` does what the change asks of the process before any reader sees it, and
    /// can still refuse it. It must not call `set`, and undoes what it did when it refuses.
    ///
    /// # Errors
    /// As `set`, and what `apply` answers.
    pub fn set_with(
        &self,
        pairs: &[(&[u8], &[u8])],
        apply: impl FnOnce(&[Change]) -> Result<(), SettingError>,
    ) -> Result<Vec<Change>, SettingError> {
        let _changing = self.changing.lock();
        let indexes = self.changeable(pairs)?;
        let mut changes = Vec::with_capacity(pairs.len());
        for ((name, text), index) in pairs.iter().zip(&indexes) {
            let setting = self.table.at(*index);
            let value = {
                let values = self.values.read();
                // Output limits name the classes they change; save points always start anew.
                let base = matches!(setting.shape, Shape::OutputLimits).then_some(&values[*index]);
                parse_text(setting.shape, text, base)
            };
            let value = value.map_err(|reason| refused(name, reason))?;
            setting.permits(&value).map_err(|sentence| refused(name, sentence))?;
            changes.push(Change { setting, value });
        }
        apply(&changes)?;
        let mut values = self.values.write();
        for (change, index) in changes.iter().zip(indexes) {
            values[index] = change.value.clone();
        }
        drop(values);
        self.version.fetch_add(1, Ordering::Release);
        Ok(changes)
    }

    /// Makes a setting say what the process found to be so at its start, such as the absolute path
    /// of `dir`. Whether CONFIG SET may change it plays no part.
    pub fn correct(&self, setting: &'static Setting, value: Value) {
        let _changing = self.changing.lock();
        if let Some(index) = self.table.find(setting.name.as_bytes()) {
            self.values.write()[index] = value;
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// The settings that the pairs name, if each exists, is named once and may change now.
    fn changeable(&self, pairs: &[(&[u8], &[u8])]) -> Result<Vec<usize>, SettingError> {
        let mut indexes = Vec::with_capacity(pairs.len());
        for (name, _) in pairs {
            let Some(index) = self.table.find(name) else {
                return Err(SettingError::Unknown(String::from_utf8_lossy(name).into_owned()));
            };
            match self.table.at(index).when {
                When::Anytime => {}
                When::AtStart => return Err(refused(name, "can't set immutable config")),
                When::Protected => return Err(refused(name, "can't set protected config")),
            }
            if indexes.contains(&index) {
                return Err(refused(name, "duplicate parameter"));
            }
            indexes.push(index);
        }
        Ok(indexes)
    }

    /// All values by position in the table, at one moment.
    pub(super) fn all(&self) -> Vec<Value> {
        self.values.read().clone()
    }
}

/// The error of CONFIG SET about one argument.
pub fn refused(name: &[u8], reason: impl Into<String>) -> SettingError {
    let name = String::from_utf8_lossy(name).into_owned();
    SettingError::Refused { name, reason: reason.into() }
}

/// Without the values: some are secrets, and what is shown this way ends in logs.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version();
        f.debug_struct("Settings").field("file", &self.file).field("version", &version).finish()
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.setting.secret { "(secret)".into() } else { self.value.text() };
        write!(f, "{} {value}", self.setting.name)
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingError::Unknown(name) => {
                write!(f, "Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            SettingError::Refused { name, reason } => {
                let possibly = format_args!("(possibly related to argument '{name}')");
                write!(f, "CONFIG SET failed {possibly} - {reason}")
            }
        }
    }
}

impl std::error::Error for SettingError {}
