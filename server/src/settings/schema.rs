//! What can be said about a setting. If a fact is not here, nobody may rely on it.
//!
//! A setting is one `static Setting`. The command line, the file, CONFIG GET / SET / REWRITE,
//! `--help` and `docs/settings.md` are all read off it, so a name, a default or a limit is written
//! once.
//!
//! Invariants (each held by a test over the whole table): names and aliases are lower case and
//! unique; the summary is one sentence; the default parses by the shape.
//!
//! Not here: the values (`value`, `store`) and the list of settings (`catalog`, `known`, engines).

/// One setting of the process, under Redis's name where Redis has it.
#[derive(Debug)]
pub struct Setting {
    /// The name in files, flags and CONFIG, such as `maxclients`.
    pub name: &'static str,
    /// Older names that mean the same; CONFIG GET answers them when they are asked for.
    pub aliases: &'static [&'static str],
    /// One sentence with a full stop: what it does, with the unit.
    pub summary: &'static str,
    /// Where it stands in `--help`, in the docs and among lines that REWRITE appends.
    pub section: Section,
    /// Which values it takes.
    pub shape: Shape,
    /// Written as in a file; a shape of several words separates them with blanks.
    pub default: &'static str,
    /// Whether CONFIG SET may change it.
    pub when: When,
    /// What comes of a value other than the default.
    pub effect: Effect,
    /// True: the value never reaches a log, an error message or a slow log line.
    pub secret: bool,
}

/// What comes of a value other than the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what the summary says.
    Works,
    /// Accepted and answered by CONFIG GET, and changes nothing here: Redis's knob for machinery
    /// that this server does not have, and whose absence no client can tell.
    Idle,
    /// Refused: clients could tell that it is missing, so accepting it would be a false promise.
    /// The sentence says why and what to do instead.
    Absent(&'static str),
}

/// When a setting may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In the file, on the command line and by CONFIG SET.
    Anytime,
    /// In the file and on the command line.
    AtStart,
    /// As `AtStart`, with the words that Redis has for settings that name files: a client that
    /// may change where files are written can take over the machine.
    Protected,
}

/// The group a setting is shown in, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Where the server listens.
    Network,
    /// Who may do what.
    Security,
    /// How many clients, and how patient it is with them.
    Clients,
    /// The largest request and reply.
    Limits,
    /// Threads, databases, files of the process.
    Process,
    /// What is written about the process, and where.
    Log,
    /// Memory, expiry and encodings of values.
    Memory,
    /// What survives a restart.
    Persistence,
    /// Several servers.
    Replication,
}

/// Which values a setting takes. Numbers are inclusive at both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// `yes` or `no`.
    Bool,
    /// A decimal number without plus sign and leading zeros.
    Integer { min: i64, max: i64 },
    /// A number of bytes with an optional unit: `b`, `k` (1000), `kb` (1024), `m`, `mb`, `g`, `gb`.
    Bytes { min: u64, max: u64 },
    /// As `Bytes`, or `0%` to `100%`.
    BytesOrPercent,
    /// One word, possibly empty.
    Text,
    /// Up to `max` words; a single empty word is no words.
    Words { max: usize },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The permission bits of a file, in octal.
    OctalMode,
    /// Numbers from 0 to 100, with fractions.
    Percentiles,
    /// `class hard soft seconds` for one or more of `normal`, `replica` and `pubsub`.
    OutputLimits,
    /// Pairs of seconds and changes.
    SavePoints,
}

impl Setting {
    /// A base for `..Setting::ANYTIME`: works, may be changed by CONFIG SET, is no secret.
    pub const ANYTIME: Setting = Setting {
        name: "",
        aliases: &[],
        summary: "",
        section: Section::Process,
        shape: Shape::Text,
        default: "",
        when: When::Anytime,
        effect: Effect::Works,
        secret: false,
    };

    /// A base for `..Setting::AT_START`: as `ANYTIME`, but fixed once the server runs.
    pub const AT_START: Setting = Setting { when: When::AtStart, ..Setting::ANYTIME };
}

impl Section {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Section; 9] = [
        Section::Network,
        Section::Security,
        Section::Clients,
        Section::Limits,
        Section::Process,
        Section::Log,
        Section::Memory,
        Section::Persistence,
        Section::Replication,
    ];

    /// The heading in `--help` and in the docs.
    pub fn title(self) -> &'static str {
        match self {
            Section::Network => "Network",
            Section::Security => "Security",
            Section::Clients => "Clients",
            Section::Limits => "Limits",
            Section::Process => "Process",
            Section::Log => "Log",
            Section::Memory => "Memory",
            Section::Persistence => "Persistence",
            Section::Replication => "Replication",
        }
    }
}

impl Shape {
    /// Full range of a C `int` from zero, which is what most of Redis's numbers allow.
    pub const COUNT: Shape = Shape::Integer { min: 0, max: i32::MAX as i64 };

    /// True if a value may be several words, so that one argument of CONFIG SET is split at blanks.
    pub fn takes_words(self) -> bool {
        use Shape::*;
        matches!(self, Words { .. } | Percentiles | OutputLimits | SavePoints)
    }
}
