//! The options of the subcommands, with their help.

use std::path::PathBuf;

use clap::Args;
use mainstay_benches::{
    Result,
    server::{Launch, Server},
    target::Target,
};

#[derive(Args)]
pub struct Address {
    /// Host of the server
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// Port of the server
    #[arg(short, long, default_value_t = 6379)]
    pub port: u16,
    /// Unix socket of the server, instead of host and port
    #[arg(short, long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Password for AUTH
    #[arg(short = 'a', long)]
    pub password: Option<String>,
    /// User name for AUTH, together with --password
    #[arg(long, requires = "password")]
    pub user: Option<String>,
    /// Process id of the server, if it runs on this machine: adds its CPU time per operation
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// Cores to run this generator on, such as 1 or 0,1; all when not given
    #[arg(long, value_delimiter = ',', value_name = "CORE,...")]
    pub cores: Vec<usize>,
}

impl Address {
    /// The address, with the credentials if there are any.
    pub fn target(&self) -> Target {
        let target = match &self.socket {
            Some(path) => Target::Unix(path.clone()),
            None => Target::Tcp { host: self.host.clone(), port: self.port },
        };
        let credentials: Vec<String> = self.user.iter().chain(&self.password).cloned().collect();
        if credentials.is_empty() {
            return target;
        }
        Target::Guarded { inner: Box::new(target), credentials }
    }
}

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    pub address: Address,
    /// Workloads to run, see `mainstay-load list`
    #[arg(value_name = "WORKLOAD", default_values_t = ["set".to_owned(), "get".to_owned()])]
    pub workloads: Vec<String>,
    /// A command line to run instead; __key__, __rand__, __score__ and __value__ are replaced
    #[arg(long, value_name = "LINE")]
    pub command: Option<String>,
    /// Connections
    #[arg(short, long, default_value_t = 50)]
    pub connections: usize,
    /// Requests each connection keeps outstanding
    #[arg(short = 'P', long, default_value_t = 1)]
    pub pipeline: usize,
    /// Threads of the generator
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Different keys (or elements), numbered from 0
    #[arg(short, long, default_value_t = 1_000_000)]
    pub keys: u64,
    /// Bytes of a value
    #[arg(short = 'd', long, default_value_t = 64)]
    pub value_size: usize,
    /// Choose keys by Zipf's law with this exponent, below 1, instead of uniformly
    #[arg(long, value_name = "EXPONENT")]
    pub zipf: Option<f64>,
    /// Seconds to measure
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Requests to measure; ends the run if reached before the seconds are over
    #[arg(short = 'n', long)]
    pub requests: Option<u64>,
    /// Seconds before the measurement begins
    #[arg(long, default_value_t = 0.5)]
    pub warm_up: f64,
    /// Requests per second, whether or not the server keeps up (open loop); latency then counts from
    /// when a request was due
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// GETs and SETs of the workload `mix`
    #[arg(long, value_name = "GETS:SETS", default_value = "9:1")]
    pub ratio: String,
    /// FLUSHALL before each workload. Deletes everything on that server!
    #[arg(long)]
    pub flush: bool,
    /// Do not put the keys there that the workload reads
    #[arg(long)]
    pub no_prefill: bool,
    /// Count error replies instead of giving up at the first
    #[arg(long)]
    pub allow_errors: bool,
    /// Seed of the choice of keys
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args)]
pub struct Pubsub {
    #[command(flatten)]
    pub address: Address,
    /// Subscribers
    #[arg(short = 'c', long, default_value_t = 50)]
    pub subscribers: usize,
    /// Bytes of a payload
    #[arg(short = 'd', long, default_value_t = 64)]
    pub payload: usize,
    /// Messages published but not yet with every subscriber; several are run one after the other
    #[arg(short, long, value_delimiter = ',', default_values_t = [1, 16, 256])]
    pub window: Vec<u64>,
    /// PUBLISH requests in one write, at most
    #[arg(short = 'P', long, default_value_t = 64)]
    pub pipeline: u64,
    /// Seconds to measure each window
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

#[derive(Args)]
pub struct Handover {
    #[command(flatten)]
    pub address: Address,
    /// Connections that wait in BLPOP; several numbers are run one after the other
    #[arg(short = 'c', long, value_delimiter = ',', default_values_t = [1, 50])]
    pub consumers: Vec<usize>,
    /// Bytes of an element, at least 12
    #[arg(short = 'd', long, default_value_t = 64)]
    pub payload: usize,
    /// Seconds to measure each number of consumers
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

#[derive(Args)]
pub struct Fresh {
    /// Command line of the server; port, address and persistence are added
    #[arg(long, default_value = "redis-server", value_name = "COMMAND")]
    pub server: String,
    /// Port to start it on
    #[arg(short, long, default_value_t = 7120)]
    pub port: u16,
    /// Where its output goes
    #[arg(long, default_value = "server.log", value_name = "FILE")]
    pub log: PathBuf,
}

impl Fresh {
    /// Starts it with these arguments after the others.
    pub fn start(&self, more: &[&str]) -> Result<Server> {
        Launch {
            name: "server".into(),
            command: self.server.clone(),
            arguments: Vec::new(),
            port: self.port,
            cores: Vec::new(),
            log: self.log.clone(),
        }
        .start(more)
    }
}

#[derive(Args)]
pub struct Memory {
    #[command(flatten)]
    pub fresh: Fresh,
    /// Kinds of data; all when none is named
    pub kinds: Vec<String>,
    /// Divide the number of items by this
    #[arg(long, default_value_t = 1)]
    pub divide: u64,
}

#[derive(Args)]
pub struct Idle {
    #[command(flatten)]
    pub fresh: Fresh,
    /// Connections to open
    #[arg(short, long, default_value_t = 10_000)]
    pub connections: usize,
}

#[derive(Args)]
pub struct Expiry {
    #[command(flatten)]
    pub fresh: Fresh,
    /// Keys with a TTL
    #[arg(short, long, default_value_t = 1_000_000)]
    pub keys: u64,
    /// Bytes of a value
    #[arg(short = 'd', long, default_value_t = 64)]
    pub value_size: usize,
    /// Seconds over which the deadlines spread
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
}
