//! The settings of the process: what no single engine owns.
//!
//! Each is read by the room that its section suggests. Those that are `Absent` are promises of
//! Redis that this server does not keep yet; the change that keeps one changes its `effect` here
//! and nothing else.
//! Not here: settings of engines (they list their own) and Redis's knobs without meaning here
//! (`known`).

use super::redis;
use super::schema::{Effect, Section, Setting, Shape, When};

/// A second to sixty-eight years, zero for never; what a C `int` of seconds holds.
const SECONDS: Shape = Shape::COUNT;
/// What Redis's signed numbers of bytes hold.
const BYTES_MAX: u64 = i64::MAX as u64;
const ENTRIES: Shape = Shape::Integer { min: 0, max: i64::MAX };
const VALUE_BYTES: Shape = Shape::Bytes { min: 0, max: BYTES_MAX };

/// All of them, in the order in which they are shown.
pub static SETTINGS: &[&Setting] = &[
    &PORT,
    &BIND,
    &UNIXSOCKET,
    &UNIXSOCKETPERM,
    &TCP_BACKLOG,
    &TCP_KEEPALIVE,
    &PROTECTED_MODE,
    &REQUIREPASS,
    &ENABLE_DEBUG_COMMAND,
    &MAXCLIENTS,
    &TRACKING_TABLE_MAX_KEYS,
    &TIMEOUT,
    &PARTIAL_REQUEST_TIMEOUT,
    &OUTPUT_STALL_TIMEOUT,
    &OUTPUT_BACKPRESSURE,
    &CLIENT_OUTPUT_BUFFER_LIMIT,
    &CLIENT_QUERY_BUFFER_LIMIT,
    &PROTO_MAX_BULK_LEN,
    &MULTIBULK_MAX,
    &INLINE_MAX,
    &DATABASES,
    &THREADS,
    &DIR,
    &PIDFILE,
    &DAEMONIZE,
    &LOGLEVEL,
    &LOGFILE,
    &SLOWLOG_LOG_SLOWER_THAN,
    &SLOWLOG_MAX_LEN,
    &LATENCY_TRACKING,
    &LATENCY_TRACKING_INFO_PERCENTILES,
    &MAXMEMORY,
    &ACTIVE_EXPIRE,
    &HASH_MAX_LISTPACK_ENTRIES,
    &HASH_MAX_LISTPACK_VALUE,
    &LIST_MAX_LISTPACK_SIZE,
    &SET_MAX_INTSET_ENTRIES,
    &SET_MAX_LISTPACK_ENTRIES,
    &SET_MAX_LISTPACK_VALUE,
    &ZSET_MAX_LISTPACK_ENTRIES,
    &ZSET_MAX_LISTPACK_VALUE,
    &SAVE,
    &APPENDONLY,
    &APPENDFSYNC,
    &JOURNAL_SEGMENT_SIZE,
    &JOURNAL_BUFFER_LIMIT,
    &RDBCOMPRESSION,
    &AUTO_AOF_REWRITE_PERCENTAGE,
    &AUTO_AOF_REWRITE_MIN_SIZE,
    &redis::DBFILENAME,
    &redis::APPENDFILENAME,
    &redis::APPENDDIRNAME,
    &redis::AOF_LOAD_TRUNCATED,
    &redis::REPLICAOF,
    &redis::MASTERUSER,
    &redis::MASTERAUTH,
    &redis::REPLICA_READ_ONLY,
    &redis::REPLICA_SERVE_STALE_DATA,
    &redis::REPL_TIMEOUT,
];

/// The TCP port.
pub static PORT: Setting = Setting {
    name: "port",
    summary: "TCP port to listen on; 0 listens on no TCP port.",
    section: Section::Network,
    shape: Shape::Integer { min: 0, max: 65535 },
    default: "6379",
    ..Setting::AT_START
};

/// The TCP addresses.
pub static BIND: Setting = Setting {
    name: "bind",
    summary: "Addresses to listen on: `*` is every IPv4 address and `::*` every IPv6 one; a \
              leading `-` skips an address that this machine does not have.",
    section: Section::Network,
    shape: Shape::Words { max: 16 },
    default: "127.0.0.1 -::1",
    ..Setting::AT_START
};

/// The Unix socket.
pub static UNIXSOCKET: Setting = Setting {
    name: "unixsocket",
    summary: "Path of a Unix socket to listen on; empty for none.",
    section: Section::Network,
    ..Setting::AT_START
};

/// Permissions of the Unix socket.
pub static UNIXSOCKETPERM: Setting = Setting {
    name: "unixsocketperm",
    summary: "Permissions of the Unix socket in octal; 0 leaves them to the umask.",
    section: Section::Network,
    shape: Shape::OctalMode,
    default: "0",
    ..Setting::AT_START
};

/// Length of the accept queue.
pub static TCP_BACKLOG: Setting = Setting {
    name: "tcp-backlog",
    summary: "How many connections the kernel may hold until they are accepted.",
    section: Section::Network,
    shape: Shape::COUNT,
    default: "511",
    ..Setting::AT_START
};

/// Probes of silent connections.
pub static TCP_KEEPALIVE: Setting = Setting {
    name: "tcp-keepalive",
    summary: "Seconds of silence after which the kernel probes a TCP connection; 0 never probes.",
    section: Section::Network,
    shape: SECONDS,
    default: "300",
    ..Setting::ANYTIME
};

/// Refuses other machines while there is no password.
pub static PROTECTED_MODE: Setting = Setting {
    name: "protected-mode",
    summary: "Refuses clients of other machines while the default user has no password.",
    section: Section::Security,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// The password.
pub static REQUIREPASS: Setting = Setting {
    name: "requirepass",
    summary: "Password of the default user; empty lets everybody in.",
    section: Section::Security,
    secret: true,
    ..Setting::ANYTIME
};

/// Who may use DEBUG.
pub static ENABLE_DEBUG_COMMAND: Setting = Setting {
    name: "enable-debug-command",
    summary: "Who may use DEBUG: nobody, everybody, or `local` clients of this machine.",
    section: Section::Security,
    shape: Shape::Choice(&["no", "yes", "local"]),
    default: "local",
    ..Setting::AT_START
};

/// The number of connections.
pub static MAXCLIENTS: Setting = Setting {
    name: "maxclients",
    summary: "How many clients may be connected; one more gets an error and is closed.",
    section: Section::Clients,
    shape: Shape::Integer { min: 1, max: u32::MAX as i64 },
    default: "10000",
    ..Setting::ANYTIME
};

/// Bounds what is remembered for client-side caches.
pub static TRACKING_TABLE_MAX_KEYS: Setting = Setting {
    name: "tracking-table-max-keys",
    summary: "How many keys are remembered as read by clients that track; one more forgets \
              another, whose readers are told that it is invalid (0 is no limit).",
    section: Section::Clients,
    shape: Shape::Integer { min: 0, max: i64::MAX },
    default: "1000000",
    ..Setting::ANYTIME
};

/// Patience with idle clients.
pub static TIMEOUT: Setting = Setting {
    name: "timeout",
    summary: "Seconds after which an idle client is closed; 0 never closes one.",
    section: Section::Clients,
    shape: SECONDS,
    default: "0",
    ..Setting::ANYTIME
};

/// Patience with half-sent requests.
pub static PARTIAL_REQUEST_TIMEOUT: Setting = Setting {
    name: "partial-request-timeout",
    summary: "Seconds that a half-sent request may take before its client is closed; 0 waits for \
              ever.",
    section: Section::Clients,
    shape: SECONDS,
    default: "60",
    ..Setting::ANYTIME
};

/// Patience with clients that do not read.
pub static OUTPUT_STALL_TIMEOUT: Setting = Setting {
    name: "output-stall-timeout",
    summary: "Seconds that a client may take none of its pending output before it is closed; 0 \
              waits for ever.",
    section: Section::Clients,
    shape: SECONDS,
    default: "60",
    ..Setting::ANYTIME
};

/// When a connection is read no further.
pub static OUTPUT_BACKPRESSURE: Setting = Setting {
    name: "output-backpressure",
    summary: "Bytes of pending output at which no further request of that client is read.",
    section: Section::Clients,
    shape: Shape::Bytes { min: 1 << 10, max: BYTES_MAX },
    default: "1mb",
    ..Setting::ANYTIME
};

/// Bounds of pending output.
pub static CLIENT_OUTPUT_BUFFER_LIMIT: Setting = Setting {
    name: "client-output-buffer-limit",
    summary: "Pending output at which a client is closed, as `class hard soft seconds`: at `hard` \
              bytes at once, above `soft` bytes after so many seconds; 0 is no limit.",
    section: Section::Clients,
    shape: Shape::OutputLimits,
    default: "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
    ..Setting::ANYTIME
};

/// Bound of pending input.
pub static CLIENT_QUERY_BUFFER_LIMIT: Setting = Setting {
    name: "client-query-buffer-limit",
    summary: "Bytes that the unfinished request of one client may hold.",
    section: Section::Limits,
    shape: Shape::Bytes { min: 1 << 20, max: BYTES_MAX },
    default: "1gb",
    ..Setting::ANYTIME
};

/// The longest argument.
pub static PROTO_MAX_BULK_LEN: Setting = Setting {
    name: "proto-max-bulk-len",
    summary: "Bytes of the longest argument, and so of the longest string.",
    section: Section::Limits,
    shape: Shape::Bytes { min: 1 << 20, max: BYTES_MAX },
    default: "512mb",
    ..Setting::ANYTIME
};

/// The most arguments.
pub static MULTIBULK_MAX: Setting = Setting {
    name: "multibulk-max",
    summary: "How many arguments one request may have.",
    section: Section::Limits,
    shape: Shape::Integer { min: 16, max: i32::MAX as i64 },
    default: "1048576",
    ..Setting::ANYTIME
};

/// The longest inline request.
pub static INLINE_MAX: Setting = Setting {
    name: "inline-max",
    summary: "Bytes of the longest inline request, and of the longest line in a request.",
    section: Section::Limits,
    shape: Shape::Bytes { min: 1 << 10, max: 1 << 30 },
    default: "64kb",
    ..Setting::ANYTIME
};

/// The number of databases.
pub static DATABASES: Setting = Setting {
    name: "databases",
    summary: "How many databases there are, numbered from 0.",
    section: Section::Process,
    shape: Shape::Integer { min: 1, max: 1024 },
    default: "16",
    ..Setting::AT_START
};

/// The number of event loops.
pub static THREADS: Setting = Setting {
    name: "threads",
    summary: "How many threads serve clients; 0 is one for each core.",
    section: Section::Process,
    shape: Shape::Integer { min: 0, max: 256 },
    default: "0",
    ..Setting::AT_START
};

/// The folder of data files.
pub static DIR: Setting = Setting {
    name: "dir",
    summary: "Folder that relative paths start from, and where data files are.",
    section: Section::Process,
    default: ".",
    when: When::Protected,
    ..Setting::ANYTIME
};

/// Where the process id is written.
pub static PIDFILE: Setting = Setting {
    name: "pidfile",
    summary: "File that holds the process id while the server runs; empty for none.",
    section: Section::Process,
    ..Setting::AT_START
};

/// Going to the background.
pub static DAEMONIZE: Setting = Setting {
    name: "daemonize",
    summary: "Whether the server leaves its terminal; only `no` is possible.",
    section: Section::Process,
    shape: Shape::Bool,
    default: "no",
    effect: Effect::Absent(
        "the server stays in the foreground; run it under a service manager or with \
         `setsid mainstay-server ... &`, and say `daemonize no`",
    ),
    ..Setting::AT_START
};

/// How much is logged.
pub static LOGLEVEL: Setting = Setting {
    name: "loglevel",
    summary: "How much is logged.",
    section: Section::Log,
    shape: Shape::Choice(&["debug", "verbose", "notice", "warning", "nothing"]),
    default: "notice",
    ..Setting::ANYTIME
};

/// Where it is logged.
pub static LOGFILE: Setting = Setting {
    name: "logfile",
    summary: "File that the log is appended to; empty is standard output.",
    section: Section::Log,
    ..Setting::AT_START
};

/// What counts as slow.
pub static SLOWLOG_LOG_SLOWER_THAN: Setting = Setting {
    name: "slowlog-log-slower-than",
    summary: "Microseconds of execution from which a command enters the slow log; 0 takes every \
              command and -1 none.",
    section: Section::Log,
    shape: Shape::Integer { min: -1, max: i64::MAX },
    default: "10000",
    ..Setting::ANYTIME
};

/// How many slow commands are kept.
pub static SLOWLOG_MAX_LEN: Setting = Setting {
    name: "slowlog-max-len",
    summary: "How many commands the slow log keeps.",
    section: Section::Log,
    shape: Shape::Integer { min: 0, max: i64::MAX },
    default: "128",
    ..Setting::ANYTIME
};

/// Latency histograms of commands.
pub static LATENCY_TRACKING: Setting = Setting {
    name: "latency-tracking",
    summary: "Keeps a histogram of each command's latency for INFO latencystats.",
    section: Section::Log,
    shape: Shape::Bool,
    default: "yes",
    effect: Effect::Idle,
    ..Setting::ANYTIME
};

/// Which percentiles INFO shows.
pub static LATENCY_TRACKING_INFO_PERCENTILES: Setting = Setting {
    name: "latency-tracking-info-percentiles",
    summary: "Percentiles that INFO latencystats shows.",
    section: Section::Log,
    shape: Shape::Percentiles,
    default: "50 99 99.9",
    effect: Effect::Idle,
    ..Setting::ANYTIME
};

/// The bound of memory.
pub static MAXMEMORY: Setting = Setting {
    name: "maxmemory",
    summary: "Bytes of data at which keys are evicted or writes refused; only 0, no limit, is \
              possible yet.",
    section: Section::Memory,
    shape: Shape::Bytes { min: 0, max: u64::MAX },
    default: "0",
    effect: Effect::Absent(
        "the limit would not be kept, since eviction is not built yet; remove the line, and bound \
         the process from outside (systemd MemoryMax, container limit)",
    ),
    ..Setting::ANYTIME
};

/// Whether due keys are freed unasked.
pub static ACTIVE_EXPIRE: Setting = Setting {
    name: "active-expire",
    summary: "Frees keys whose time has come; with `no` they are dead all the same, and freed when \
              they are next touched.",
    section: Section::Memory,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// Bound of a packed hash.
pub static HASH_MAX_LISTPACK_ENTRIES: Setting = Setting {
    name: "hash-max-listpack-entries",
    aliases: &["hash-max-ziplist-entries"],
    summary: "Fields up to which a hash is one packed allocation; 2944 and 64 KiB bound any.",
    section: Section::Memory,
    shape: ENTRIES,
    default: "512",
    ..Setting::ANYTIME
};

/// Bound of a packed hash's elements.
pub static HASH_MAX_LISTPACK_VALUE: Setting = Setting {
    name: "hash-max-listpack-value",
    aliases: &["hash-max-ziplist-value"],
    summary: "Bytes of the longest field or value in a packed hash.",
    section: Section::Memory,
    shape: VALUE_BYTES,
    default: "64",
    ..Setting::ANYTIME
};

/// Bound of a list's nodes.
pub static LIST_MAX_LISTPACK_SIZE: Setting = Setting {
    name: "list-max-listpack-size",
    aliases: &["list-max-ziplist-size"],
    summary: "Size up to which OBJECT ENCODING calls a list a listpack: a number of elements, or \
              -1 to -5 for 4 to 64 KiB.",
    section: Section::Memory,
    shape: Shape::Integer { min: i32::MIN as i64, max: i32::MAX as i64 },
    default: "-2",
    ..Setting::ANYTIME
};

/// Bound of a set of integers.
pub static SET_MAX_INTSET_ENTRIES: Setting = Setting {
    name: "set-max-intset-entries",
    summary: "Members up to which a set of integers is one sorted array.",
    section: Section::Memory,
    shape: ENTRIES,
    default: "512",
    ..Setting::ANYTIME
};

/// Bound of a packed set.
pub static SET_MAX_LISTPACK_ENTRIES: Setting = Setting {
    name: "set-max-listpack-entries",
    summary: "Members up to which a set is one packed allocation; 2944 and 64 KiB bound any.",
    section: Section::Memory,
    shape: ENTRIES,
    default: "128",
    ..Setting::ANYTIME
};

/// Bound of a packed set's members.
pub static SET_MAX_LISTPACK_VALUE: Setting = Setting {
    name: "set-max-listpack-value",
    summary: "Bytes of the longest member of a packed set.",
    section: Section::Memory,
    shape: VALUE_BYTES,
    default: "64",
    ..Setting::ANYTIME
};

/// Bound of a packed sorted set.
pub static ZSET_MAX_LISTPACK_ENTRIES: Setting = Setting {
    name: "zset-max-listpack-entries",
    aliases: &["zset-max-ziplist-entries"],
    summary: "Members up to which a sorted set is one packed allocation; 2944 and 64 KiB bound \
              any.",
    section: Section::Memory,
    shape: ENTRIES,
    default: "128",
    ..Setting::ANYTIME
};

/// Bound of a packed sorted set's members.
pub static ZSET_MAX_LISTPACK_VALUE: Setting = Setting {
    name: "zset-max-listpack-value",
    aliases: &["zset-max-ziplist-value"],
    summary: "Bytes of the longest member of a packed sorted set.",
    section: Section::Memory,
    shape: VALUE_BYTES,
    default: "64",
    ..Setting::ANYTIME
};

/// When a snapshot is made.
pub static SAVE: Setting = Setting {
    name: "save",
    summary: "Pairs of seconds and changes after which a snapshot is made; `\"\"` for never.",
    section: Section::Persistence,
    shape: Shape::SavePoints,
    default: "",
    ..Setting::ANYTIME
};

/// Whether writes are journaled.
pub static APPENDONLY: Setting = Setting {
    name: "appendonly",
    summary: "Keeps a journal of all writes in the folder of data; `yes` if `dir` is given and \
              nothing else is said.",
    section: Section::Persistence,
    shape: Shape::Bool,
    default: "no",
    ..Setting::ANYTIME
};

/// Whether snapshots are packed.
pub static RDBCOMPRESSION: Setting = Setting {
    name: "rdbcompression",
    summary: "Packs the blocks of snapshots with LZ4.",
    section: Section::Persistence,
    shape: Shape::Bool,
    default: "yes",
    ..Setting::ANYTIME
};

/// When the journal is cut.
pub static AUTO_AOF_REWRITE_PERCENTAGE: Setting = Setting {
    name: "auto-aof-rewrite-percentage",
    summary: "A snapshot is made, and the journal cut, when the journal is so many per cent of the \
              last snapshot's size; 0 for never.",
    section: Section::Persistence,
    shape: Shape::COUNT,
    default: "100",
    ..Setting::ANYTIME
};

/// As [`AUTO_AOF_REWRITE_PERCENTAGE`].
pub static AUTO_AOF_REWRITE_MIN_SIZE: Setting = Setting {
    name: "auto-aof-rewrite-min-size",
    summary: "Bytes below which the journal is not cut by itself.",
    section: Section::Persistence,
    shape: Shape::Bytes { min: 0, max: i64::MAX as u64 },
    default: "64mb",
    ..Setting::ANYTIME
};

/// How large a segment of the journal is.
pub static JOURNAL_SEGMENT_SIZE: Setting = Setting {
    name: "journal-segment-size",
    summary: "Bytes of one file of the journal, taken on disk before they are used.",
    section: Section::Persistence,
    shape: Shape::Bytes { min: 64 << 10, max: 4 << 30 },
    default: "64mb",
    when: When::AtStart,
    ..Setting::ANYTIME
};

/// How much may wait to be written.
pub static JOURNAL_BUFFER_LIMIT: Setting = Setting {
    name: "journal-buffer-limit",
    summary: "Bytes of writes that may wait in memory for a slow disk; beyond it writing clients \
              wait.",
    section: Section::Persistence,
    shape: Shape::Bytes { min: 1 << 20, max: 64 << 30 },
    default: "64mb",
    when: When::AtStart,
    ..Setting::ANYTIME
};

/// When the journal reaches the disk.
pub static APPENDFSYNC: Setting = Setting {
    name: "appendfsync",
    summary: "When the journal is flushed to disk: after every write, every second, or when the \
              system likes.",
    section: Section::Persistence,
    shape: Shape::Choice(&["everysec", "always", "no"]),
    default: "everysec",
    ..Setting::ANYTIME
};
