//! The settings about a Redis that this server takes over from: its files, and its stream of
//! commands. Names, values and defaults are Redis's; `catalog` lists them.

use super::schema::{Section, Setting, Shape, When};

/// Redis's snapshot.
pub static DBFILENAME: Setting = Setting {
    name: "dbfilename",
    summary: "The RDB file of Redis that is loaded at start if it is found in `dir`.",
    section: Section::Persistence,
    default: "dump.rdb",
    when: When::Protected,
    ..Setting::ANYTIME
};

/// Redis's journal.
pub static APPENDFILENAME: Setting = Setting {
    name: "appendfilename",
    summary: "The name that the files of Redis's journal begin with.",
    section: Section::Persistence,
    default: "appendonly.aof",
    ..Setting::AT_START
};

/// Where its parts are.
pub static APPENDDIRNAME: Setting = Setting {
    name: "appenddirname",
    summary: "The folder in `dir` with the journal of Redis, which is loaded at start if it is \
              found.",
    section: Section::Persistence,
    default: "appendonlydir",
    ..Setting::AT_START
};

/// What becomes of a journal that was cut off.
pub static AOF_LOAD_TRUNCATED: Setting = Setting {
    name: "aof-load-truncated",
    summary: "Whether a journal of Redis that ends within a command is loaded without that \
              command; with `no` it is refused.",
    section: Section::Persistence,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// The server that is followed.
pub static REPLICAOF: Setting = Setting {
    name: "replicaof",
    aliases: &["slaveof"],
    summary: "Host and port of a Redis to follow from the start: all its data, then its commands \
              as they come, until REPLICAOF NO ONE.",
    section: Section::Replication,
    shape: Shape::Words { max: 2 },
    default: "",
    ..Setting::AT_START
};

/// Who this server is to it.
pub static MASTERUSER: Setting = Setting {
    name: "masteruser",
    summary: "The user to authenticate as where `replicaof` leads; empty for the default user.",
    section: Section::Replication,
    default: "",
    ..Setting::ANYTIME
};

/// And how it proves it.
pub static MASTERAUTH: Setting = Setting {
    name: "masterauth",
    summary: "The password for where `replicaof` leads; empty for none.",
    section: Section::Replication,
    default: "",
    secret: true,
    ..Setting::ANYTIME
};

/// Whether clients may write meanwhile.
pub static REPLICA_READ_ONLY: Setting = Setting {
    name: "replica-read-only",
    aliases: &["slave-read-only"],
    summary: "Whether writes of clients are refused while another server is followed.",
    section: Section::Replication,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// Whether clients may read what may be old.
pub static REPLICA_SERVE_STALE_DATA: Setting = Setting {
    name: "replica-serve-stale-data",
    aliases: &["slave-serve-stale-data"],
    summary: "Whether clients are served while the server that is followed cannot be reached, or \
              its data has not come yet.",
    section: Section::Replication,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// When a link counts as broken.
pub static REPL_TIMEOUT: Setting = Setting {
    name: "repl-timeout",
    summary: "Seconds of silence after which the link to the server that is followed counts as \
              broken.",
    section: Section::Replication,
    shape: Shape::Integer { min: 1, max: i32::MAX as i64 },
    default: "60",
    ..Setting::ANYTIME
};
