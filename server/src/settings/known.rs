//! What redis.conf (7.2) may say that does nothing here.
//!
//! Three sorts, by what a client could notice:
//! - `Idle`: a knob for machinery that this server does not have (fork, background threads,
//!   defragmentation, details of replication while there is none). Any value Redis takes is taken,
//!   and CONFIG GET answers Redis's default or the value given, because tools read them and refuse
//!   to run without an answer. The log names those that were given.
//! - `Absent`: a value other than the default is a promise (TLS, replicas, events, a bound of
//!   memory) that would be broken silently. It is refused with a sentence that says so.
//! - Directives that are no settings in Redis either, so CONFIG does not know them: `REFUSED` and
//!   `IGNORED`.
//!
//! When a capability is built its row leaves this file for the owner's list; `Table::new` lets the
//! owner's win meanwhile.

use super::schema::{Effect, Section, Setting, Shape, When};

/// Redis's directives that are read and dropped: they have had no meaning there for years either.
pub const IGNORED: &[&str] =
    &["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Redis's directives that would change who may do what, or which commands exist: never dropped
/// silently.
pub const REFUSED: &[(&str, &str)] = &[
    ("rename-command", "commands cannot be renamed or hidden here; remove the line"),
    ("user", "users cannot be given in the file yet; remove the line and use `requirepass`"),
    ("loadmodule", "modules of Redis cannot be loaded; remove the line"),
    ("sentinel", "this server is no Sentinel; remove the line"),
];

/// Those of `REFUSED` whose line may hold a password.
pub const REFUSED_SECRET: &[&str] = &["user", "sentinel"];

const YES_NO: Shape = Shape::Bool;
const TEXT: Shape = Shape::Text;
const COUNT: Shape = Shape::COUNT;
const ENTRIES: Shape = Shape::Integer { min: 0, max: i64::MAX };
const MEMORY: Shape = Shape::Bytes { min: 0, max: i64::MAX as u64 };
const SHUTDOWN: Shape = Shape::Words { max: 4 };

const TLS: Effect = Effect::Absent("TLS is not built yet; put a TLS proxy before the server");
const ACL: Effect = Effect::Absent("users are not built yet; use `requirepass`");
const CLIENT_EVICTION: Effect =
    Effect::Absent("clients are not evicted by memory; use `client-output-buffer-limit`");
const EVENTS: Effect = Effect::Absent("keyspace events are not built yet; none would be sent");
const REPLICA: Effect = Effect::Absent("replicas are not built yet; this server stands alone");
const CLUSTER: Effect = Effect::Absent("clusters are not built yet; this server stands alone");
const HYPERLOGLOG: Effect = Effect::Absent(
    "the bytes of a HyperLogLog depend on it, and equal commands must leave equal bytes everywhere",
);

/// A row: the fields that differ among them.
const fn row(
    section: Section,
    name: &'static str,
    aliases: &'static [&'static str],
    shape: Shape,
    default: &'static str,
    when: When,
    effect: Effect,
) -> Setting {
    Setting { name, aliases, section, shape, default, when, effect, ..Setting::ANYTIME }
}

/// A row that any value changes nothing about.
const fn idle(
    section: Section,
    name: &'static str,
    aliases: &'static [&'static str],
    shape: Shape,
    default: &'static str,
) -> Setting {
    row(section, name, aliases, shape, default, When::Anytime, Effect::Idle)
}

/// As `idle`, and fixed once the server runs.
const fn fixed(
    section: Section,
    name: &'static str,
    shape: Shape,
    default: &'static str,
) -> Setting {
    row(section, name, &[], shape, default, When::AtStart, Effect::Idle)
}

/// As `idle`, and its value is never shown in messages.
const fn secret(section: Section, name: &'static str) -> Setting {
    Setting { secret: true, ..idle(section, name, &[], TEXT, "") }
}

/// All that CONFIG knows and that do nothing here. Their summaries are empty: Redis's manual has
/// them.
#[rustfmt::skip]
pub static ALL: &[Setting] = &[
    idle(Section::Network, "bind-source-addr", &[], TEXT, ""),
    fixed(Section::Network, "socket-mark-id", Shape::Integer { min: 0, max: u32::MAX as i64 }, "0"),
    row(Section::Network, "tls-port", &[], Shape::Integer { min: 0, max: 65535 }, "0", When::Anytime, TLS),
    idle(Section::Network, "tls-cert-file", &[], TEXT, ""),
    idle(Section::Network, "tls-key-file", &[], TEXT, ""),
    idle(Section::Network, "tls-client-cert-file", &[], TEXT, ""),
    idle(Section::Network, "tls-client-key-file", &[], TEXT, ""),
    idle(Section::Network, "tls-dh-params-file", &[], TEXT, ""),
    idle(Section::Network, "tls-ca-cert-file", &[], TEXT, ""),
    idle(Section::Network, "tls-ca-cert-dir", &[], TEXT, ""),
    idle(Section::Network, "tls-protocols", &[], TEXT, ""),
    idle(Section::Network, "tls-ciphers", &[], TEXT, ""),
    idle(Section::Network, "tls-ciphersuites", &[], TEXT, ""),
    secret(Section::Network, "tls-key-file-pass"),
    secret(Section::Network, "tls-client-key-file-pass"),
    idle(Section::Network, "tls-auth-clients", &[], Shape::Choice(&["no", "yes", "optional"]), "yes"),
    idle(Section::Network, "tls-prefer-server-ciphers", &[], YES_NO, "no"),
    idle(Section::Network, "tls-session-caching", &[], YES_NO, "yes"),
    idle(Section::Network, "tls-session-cache-size", &[], COUNT, "20480"),
    idle(Section::Network, "tls-session-cache-timeout", &[], COUNT, "300"),
    row(Section::Security, "aclfile", &[], TEXT, "", When::AtStart, ACL),
    idle(Section::Security, "acllog-max-len", &[], ENTRIES, "128"),
    idle(Section::Security, "acl-pubsub-default", &[], Shape::Choice(&["allchannels", "resetchannels"]), "resetchannels"),
    fixed(Section::Security, "enable-module-command", Shape::Choice(&["no", "yes", "local"]), "no"),
    fixed(Section::Security, "enable-protected-configs", Shape::Choice(&["no", "yes", "local"]), "no"),
    idle(Section::Security, "sanitize-dump-payload", &[], Shape::Choice(&["no", "yes", "clients"]), "no"),
    row(Section::Clients, "maxmemory-clients", &[], Shape::BytesOrPercent, "0", When::Anytime, CLIENT_EVICTION),
    row(Section::Clients, "notify-keyspace-events", &[], TEXT, "", When::Anytime, EVENTS),
    fixed(Section::Process, "io-threads", Shape::Integer { min: 1, max: 128 }, "1"),
    fixed(Section::Process, "io-threads-do-reads", YES_NO, "no"),
    idle(Section::Process, "hz", &[], COUNT, "10"),
    idle(Section::Process, "dynamic-hz", &[], YES_NO, "yes"),
    fixed(Section::Process, "always-show-logo", YES_NO, "no"),
    fixed(Section::Process, "set-proc-title", YES_NO, "yes"),
    idle(Section::Process, "proc-title-template", &[], TEXT, "{title} {listen-addr} {server-mode}"),
    fixed(Section::Process, "supervised", Shape::Choice(&["no", "upstart", "systemd", "auto"]), "no"),
    fixed(Section::Process, "disable-thp", YES_NO, "yes"),
    idle(Section::Process, "oom-score-adj", &[], Shape::Choice(&["no", "yes", "relative", "absolute"]), "no"),
    idle(Section::Process, "oom-score-adj-values", &[], Shape::Words { max: 3 }, "0 200 800"),
    idle(Section::Process, "shutdown-timeout", &[], COUNT, "10"),
    idle(Section::Process, "shutdown-on-sigint", &[], SHUTDOWN, "default"),
    idle(Section::Process, "shutdown-on-sigterm", &[], SHUTDOWN, "default"),
    fixed(Section::Process, "server_cpulist", TEXT, ""),
    fixed(Section::Process, "bio_cpulist", TEXT, ""),
    fixed(Section::Process, "aof_rewrite_cpulist", TEXT, ""),
    fixed(Section::Process, "bgsave_cpulist", TEXT, ""),
    idle(Section::Process, "ignore-warnings", &[], TEXT, ""),
    idle(Section::Process, "locale-collate", &[], TEXT, ""),
    idle(Section::Process, "jemalloc-bg-thread", &[], YES_NO, "yes"),
    idle(Section::Process, "propagation-error-behavior", &[], Shape::Choice(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    idle(Section::Process, "busy-reply-threshold", &["lua-time-limit"], ENTRIES, "5000"),
    fixed(Section::Log, "syslog-enabled", YES_NO, "no"),
    fixed(Section::Log, "syslog-ident", TEXT, "redis"),
    fixed(Section::Log, "syslog-facility", Shape::Choice(&["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]), "local0"),
    idle(Section::Log, "crash-log-enabled", &[], YES_NO, "yes"),
    idle(Section::Log, "crash-memcheck-enabled", &[], YES_NO, "yes"),
    idle(Section::Log, "latency-monitor-threshold", &[], ENTRIES, "0"),
    idle(Section::Memory, "maxmemory-policy", &[], Shape::Choice(&["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"]), "noeviction"),
    idle(Section::Memory, "maxmemory-samples", &[], Shape::Integer { min: 1, max: 64 }, "5"),
    idle(Section::Memory, "maxmemory-eviction-tenacity", &[], Shape::Integer { min: 0, max: 100 }, "10"),
    idle(Section::Memory, "lfu-log-factor", &[], COUNT, "10"),
    idle(Section::Memory, "lfu-decay-time", &[], COUNT, "1"),
    idle(Section::Memory, "active-expire-effort", &[], Shape::Integer { min: 1, max: 10 }, "1"),
    idle(Section::Memory, "activerehashing", &[], YES_NO, "yes"),
    idle(Section::Memory, "activedefrag", &[], YES_NO, "no"),
    idle(Section::Memory, "active-defrag-ignore-bytes", &[], MEMORY, "100mb"),
    idle(Section::Memory, "active-defrag-threshold-lower", &[], Shape::Integer { min: 0, max: 1000 }, "10"),
    idle(Section::Memory, "active-defrag-threshold-upper", &[], Shape::Integer { min: 0, max: 1000 }, "100"),
    idle(Section::Memory, "active-defrag-cycle-min", &[], Shape::Integer { min: 1, max: 99 }, "1"),
    idle(Section::Memory, "active-defrag-cycle-max", &[], Shape::Integer { min: 1, max: 99 }, "25"),
    idle(Section::Memory, "active-defrag-max-scan-fields", &[], Shape::Integer { min: 1, max: i64::MAX }, "1000"),
    idle(Section::Memory, "lazyfree-lazy-eviction", &[], YES_NO, "no"),
    idle(Section::Memory, "lazyfree-lazy-expire", &[], YES_NO, "no"),
    idle(Section::Memory, "lazyfree-lazy-server-del", &[], YES_NO, "no"),
    idle(Section::Memory, "lazyfree-lazy-user-del", &[], YES_NO, "no"),
    idle(Section::Memory, "lazyfree-lazy-user-flush", &[], YES_NO, "no"),
    idle(Section::Memory, "list-compress-depth", &[], COUNT, "0"),
    row(Section::Memory, "hll-sparse-max-bytes", &[], MEMORY, "3000", When::Anytime, HYPERLOGLOG),
    idle(Section::Memory, "stream-node-max-bytes", &[], MEMORY, "4096"),
    idle(Section::Memory, "stream-node-max-entries", &[], ENTRIES, "100"),
    idle(Section::Persistence, "stop-writes-on-bgsave-error", &[], YES_NO, "yes"),
    idle(Section::Persistence, "rdbchecksum", &[], YES_NO, "yes"),
    idle(Section::Persistence, "rdb-del-sync-files", &[], YES_NO, "no"),
    idle(Section::Persistence, "rdb-save-incremental-fsync", &[], YES_NO, "yes"),
    idle(Section::Persistence, "no-appendfsync-on-rewrite", &[], YES_NO, "no"),
    idle(Section::Persistence, "aof-use-rdb-preamble", &[], YES_NO, "yes"),
    idle(Section::Persistence, "aof-timestamp-enabled", &[], YES_NO, "no"),
    idle(Section::Persistence, "aof-rewrite-incremental-fsync", &[], YES_NO, "yes"),
    idle(Section::Persistence, "aof-disable-auto-gc", &[], YES_NO, "no"),
    idle(Section::Replication, "replica-ignore-maxmemory", &["slave-ignore-maxmemory"], YES_NO, "yes"),
    idle(Section::Replication, "replica-lazy-flush", &["slave-lazy-flush"], YES_NO, "no"),
    idle(Section::Replication, "replica-ignore-disk-write-errors", &[], YES_NO, "no"),
    idle(Section::Replication, "replica-announced", &[], YES_NO, "yes"),
    idle(Section::Replication, "replica-priority", &["slave-priority"], COUNT, "100"),
    idle(Section::Replication, "replica-announce-ip", &["slave-announce-ip"], TEXT, ""),
    idle(Section::Replication, "replica-announce-port", &["slave-announce-port"], Shape::Integer { min: 0, max: 65535 }, "0"),
    idle(Section::Replication, "repl-diskless-sync", &[], YES_NO, "yes"),
    idle(Section::Replication, "repl-diskless-sync-delay", &[], COUNT, "5"),
    idle(Section::Replication, "repl-diskless-sync-max-replicas", &[], COUNT, "0"),
    idle(Section::Replication, "repl-diskless-load", &[], Shape::Choice(&["disabled", "on-empty-db", "swapdb"]), "disabled"),
    idle(Section::Replication, "repl-disable-tcp-nodelay", &[], YES_NO, "no"),
    idle(Section::Replication, "repl-ping-replica-period", &["repl-ping-slave-period"], Shape::Integer { min: 1, max: i32::MAX as i64 }, "10"),
    idle(Section::Replication, "repl-backlog-size", &[], Shape::Bytes { min: 1, max: i64::MAX as u64 }, "1mb"),
    idle(Section::Replication, "repl-backlog-ttl", &[], ENTRIES, "3600"),
    row(Section::Replication, "min-replicas-to-write", &["min-slaves-to-write"], COUNT, "0", When::Anytime, REPLICA),
    idle(Section::Replication, "min-replicas-max-lag", &["min-slaves-max-lag"], COUNT, "10"),
    idle(Section::Replication, "tls-replication", &[], YES_NO, "no"),
    idle(Section::Replication, "tls-cluster", &[], YES_NO, "no"),
    row(Section::Replication, "cluster-enabled", &[], YES_NO, "no", When::AtStart, CLUSTER),
    fixed(Section::Replication, "cluster-config-file", TEXT, "nodes.conf"),
    idle(Section::Replication, "cluster-node-timeout", &[], ENTRIES, "15000"),
    fixed(Section::Replication, "cluster-port", Shape::Integer { min: 0, max: 65535 }, "0"),
    idle(Section::Replication, "cluster-require-full-coverage", &[], YES_NO, "yes"),
    idle(Section::Replication, "cluster-allow-reads-when-down", &[], YES_NO, "no"),
    idle(Section::Replication, "cluster-allow-pubsubshard-when-down", &[], YES_NO, "yes"),
    idle(Section::Replication, "cluster-allow-replica-migration", &[], YES_NO, "yes"),
    idle(Section::Replication, "cluster-replica-no-failover", &["cluster-slave-no-failover"], YES_NO, "no"),
    idle(Section::Replication, "cluster-replica-validity-factor", &["cluster-slave-validity-factor"], COUNT, "10"),
    idle(Section::Replication, "cluster-migration-barrier", &[], COUNT, "1"),
    idle(Section::Replication, "cluster-link-sendbuf-limit", &[], MEMORY, "0"),
    idle(Section::Replication, "cluster-announce-ip", &[], TEXT, ""),
    idle(Section::Replication, "cluster-announce-hostname", &[], TEXT, ""),
    idle(Section::Replication, "cluster-announce-human-nodename", &[], TEXT, ""),
    idle(Section::Replication, "cluster-announce-port", &[], Shape::Integer { min: 0, max: 65535 }, "0"),
    idle(Section::Replication, "cluster-announce-tls-port", &[], Shape::Integer { min: 0, max: 65535 }, "0"),
    idle(Section::Replication, "cluster-announce-bus-port", &[], Shape::Integer { min: 0, max: 65535 }, "0"),
    idle(Section::Replication, "cluster-preferred-endpoint-type", &[], Shape::Choice(&["ip", "hostname", "unknown-endpoint"]), "ip"),
];
