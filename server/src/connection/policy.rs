//! connection/policy.rs — what connections may not exceed: the settings, read once per change.

use mainstay_protocol::Limits;

use crate::settings::catalog as said;
use crate::settings::{OutputLimits, Settings};

/// See the module. Times are in milliseconds; 0 means no limit.
pub struct Policy {
    /// The version of the settings that this was read from.
    pub version: u64,
    /// Sizes of requests.
    pub limits: Limits,
    /// Sizes of requests before AUTH.
    pub limits_before_auth: Limits,
    /// Unsent output from which on no more requests of the connection are run.
    pub backpressure_bytes: usize,
    /// The most bytes of one partial request.
    pub input_bytes_max: usize,
    /// A connection silent for so long is closed.
    pub idle_ms: u64,
    /// A request not complete after so long closes its connection.
    pub partial_ms: u64,
    /// A connection that takes none of its output for so long is closed.
    pub stall_ms: u64,
    /// By class: hard, soft, and how long the soft one may be exceeded.
    pub output: OutputLimits,
    /// The most connections.
    pub clients_max: usize,
    /// Seconds between probes of silent TCP peers; 0 for none.
    pub keepalive_seconds: u64,
    /// Whether dead keys are freed before somebody asks for them.
    pub sweeps: bool,
}

impl Policy {
    /// Reads the settings.
    pub fn read(settings: &Settings) -> Policy {
        let seconds = |setting| settings.integer(setting).max(0) as u64 * 1000;
        let bytes = |setting| usize::try_from(settings.bytes(setting)).unwrap_or(usize::MAX);
        let limits = Limits {
            args_max: settings.integer(&said::MULTIBULK_MAX).max(1) as usize,
            // An entry of the keyspace has 32 bits for the length of its string.
            bulk_bytes_max: bytes(&said::PROTO_MAX_BULK_LEN).min(u32::MAX as usize),
            inline_bytes_max: bytes(&said::INLINE_MAX),
            request_bytes_max: bytes(&said::CLIENT_QUERY_BUFFER_LIMIT),
            ..Limits::default()
        };
        Policy {
            version: settings.version(),
            limits,
            limits_before_auth: Limits::unauthenticated(),
            backpressure_bytes: bytes(&said::OUTPUT_BACKPRESSURE),
            input_bytes_max: bytes(&said::CLIENT_QUERY_BUFFER_LIMIT),
            idle_ms: seconds(&said::TIMEOUT),
            partial_ms: seconds(&said::PARTIAL_REQUEST_TIMEOUT),
            stall_ms: seconds(&said::OUTPUT_STALL_TIMEOUT),
            output: settings.output_limits(&said::CLIENT_OUTPUT_BUFFER_LIMIT),
            clients_max: settings.integer(&said::MAXCLIENTS).max(1) as usize,
            keepalive_seconds: settings.integer(&said::TCP_KEEPALIVE).max(0) as u64,
            sweeps: settings.boolean(&said::ACTIVE_EXPIRE),
        }
    }
}
