//! redis-rs as programs use it, synchronous, in RESP2 and RESP3.
//!
//! Arguments: `PORT PASSWORD_PORT PASSWORD SOCKET`. Prints one line `ok NAME` or `not ok NAME: why` for
//! each case, which `tests/peers/suites/child.py` reads. Each case starts with empty databases.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use redis::{Client, Commands, Connection, RedisResult, SetExpiry, SetOptions, Value, cmd, pipe};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Where the servers are, and which protocol to speak.
struct Target {
    port: String,
    guarded: String,
    password: String,
    socket: String,
    protocol: &'static str,
}

impl Target {
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/?protocol={}", self.port, self.protocol)
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = Client::open(self.url())?.get_connection()?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(connection)
    }
}

/// Fails with the two values when they differ.
macro_rules! same {
    ($left:expr, $right:expr) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            return Err(format!("line {}: {left:?} is not {right:?}", line!()).into());
        }
    }};
}

fn connect(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    same!(cmd("PING").query::<String>(&mut c)?, "PONG");
    same!(cmd("ECHO").arg("hällo").query::<String>(&mut c)?, "hällo");
    let proto: HashMap<String, Value> = cmd("HELLO").query(&mut c)?;
    same!(proto["proto"], Value::Int(if to.protocol == "resp3" { 3 } else { 2 }));
    Ok(())
}

fn strings(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    same!(c.set::<_, _, String>("s", "v")?, "OK");
    same!(c.get::<_, Option<String>>("none")?, None);
    same!(c.mget::<_, Vec<Option<String>>>(&["s", "none"])?, vec![Some("v".to_string()), None]);
    same!(c.incr::<_, _, i64>("n", i64::MAX)?, i64::MAX);
    let options = SetOptions::default().get(true).with_expiration(SetExpiry::EX(100));
    same!(c.set_options::<_, _, Option<String>>("s", "w", options)?, Some("v".to_string()));
    same!((98..=100).contains(&c.ttl::<_, i64>("s")?), true);
    let data: Vec<u8> = (0..=255u8).cycle().take(300_000).collect();
    let () = c.set("bin", &data)?;
    same!(c.get::<_, Vec<u8>>("bin")?, data);
    Ok(())
}

fn containers(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    same!(c.rpush::<_, _, i64>("l", &["a", "b", "c"])?, 3);
    same!(c.lrange::<_, Vec<String>>("l", 0, -1)?, ["a", "b", "c"]);
    same!(c.hset::<_, _, _, i64>("h", "f", 1)?, 1);
    same!(c.hgetall::<_, HashMap<String, i64>>("h")?, HashMap::from([("f".to_string(), 1)]));
    same!(c.sadd::<_, _, i64>("t", &["x", "y", "x"])?, 2);
    same!(c.smembers::<_, HashSet<String>>("t")?.len(), 2);
    same!(c.zadd::<_, _, _, i64>("z", "a", 1.5)?, 1);
    let ranged: Vec<(String, f64)> = c.zrange_withscores("z", 0, -1)?;
    same!(ranged, [("a".to_string(), 1.5)]);
    Ok(())
}

fn errors(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    let () = c.rpush("l", "a")?;
    let wrong = c.get::<_, String>("l").err().ok_or("GET of a list gave no error")?;
    same!(wrong.code(), Some("WRONGTYPE"));
    let unknown = cmd("NOSUCH").query::<()>(&mut c).err().ok_or("NOSUCH gave no error")?;
    same!(unknown.detail().unwrap_or("").contains("unknown command 'NOSUCH'"), true);
    Ok(())
}

fn pipeline(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    let mut p = pipe();
    for n in 0..1000 {
        p.set(format!("p:{n}"), n).ignore().get(format!("p:{n}"));
    }
    same!(p.query::<Vec<i64>>(&mut c)?, (0..1000).collect::<Vec<_>>());
    Ok(())
}

fn transaction(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    let mut other = to.connect()?;
    let () = c.set("balance", 100)?;
    let mut tries = Vec::new();
    let (left,): (i64,) = redis::transaction(&mut c, &["balance"], |c, p| {
        let have: i64 = c.get("balance")?;
        if tries.is_empty() {
            let () = other.set("balance", 50)?;
        }
        tries.push(have);
        p.decr("balance", 30).query(c)
    })?;
    same!(left, 20);
    same!(tries, [100, 50]);
    Ok(())
}

fn publish_subscribe(to: &Target) -> Outcome {
    let (mut publisher, mut connection) = (to.connect()?, to.connect()?);
    let mut subscriber = connection.as_pubsub();
    subscriber.set_read_timeout(Some(Duration::from_secs(10)))?;
    subscriber.subscribe("news")?;
    subscriber.psubscribe("n*")?;
    same!(publisher.publish::<_, _, i64>("news", "hi")?, 2);
    let first = subscriber.get_message()?;
    same!((first.get_channel_name(), first.get_payload::<String>()?), ("news", "hi".to_string()));
    same!(subscriber.get_message()?.get_pattern::<String>()?, "n*");
    subscriber.punsubscribe("n*")?;
    for n in 0..300 {
        same!(publisher.publish::<_, _, i64>("news", n)?, 1);
    }
    for n in 0..300 {
        same!(subscriber.get_message()?.get_payload::<i64>()?, n);
    }
    Ok(())
}

fn scan(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    let mut p = pipe();
    for n in 0..2000 {
        p.set(format!("scan:{n}"), n).ignore();
    }
    let () = p.query(&mut c)?;
    let seen = c.scan_match::<_, String>("scan:*")?.collect::<RedisResult<HashSet<_>>>()?;
    same!(seen.len(), 2000);
    Ok(())
}

fn expiry(to: &Target) -> Outcome {
    let mut c = to.connect()?;
    let () = c.pset_ex("e", 1, 50)?;
    let mut tries = 0;
    while c.exists::<_, bool>("e")? {
        tries += 1;
        same!(tries < 100_000, true);
    }
    same!(c.ttl::<_, i64>("e")?, -2);
    Ok(())
}

fn authentication(to: &Target) -> Outcome {
    let open = |who: &str| {
        Client::open(format!("redis://{who}127.0.0.1:{}/?protocol={}", to.guarded, to.protocol))?
            .get_connection()
    };
    let password = to.password.replace(' ', "%20");
    same!(cmd("PING").query::<String>(&mut open(&format!(":{password}@"))?)?, "PONG");
    same!(open(":wrong@").is_err(), true);
    let refused = open("").and_then(|mut c| cmd("PING").query::<String>(&mut c));
    same!(refused.is_err(), true);
    Ok(())
}

fn unix_socket(to: &Target) -> Outcome {
    let url = format!("redis+unix://{}?protocol={}", to.socket, to.protocol);
    let mut c = Client::open(url)?.get_connection()?;
    let () = c.set("u", vec![0u8; 100_000])?;
    same!(c.get::<_, Vec<u8>>("u")?.len(), 100_000);
    Ok(())
}

fn fifty_clients(to: &Target) -> Outcome {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..50)
            .map(|who| {
                scope.spawn(move || -> RedisResult<bool> {
                    let mut c = to.connect()?;
                    for n in 0..40 {
                        let () = c.set(format!("w:{who}"), n)?;
                        let () = c.incr("together", 1)?;
                        if c.get::<_, i32>(format!("w:{who}"))? != n {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                })
            })
            .collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended.filter(|end| !matches!(end, Ok(Ok(true)))).map(|end| format!("{end:?}")).collect()
    });
    same!(failures, Vec::<String>::new());
    same!(to.connect()?.get::<_, i64>("together")?, 2000);
    Ok(())
}

type Case = (&'static str, fn(&Target) -> Outcome);

const CASES: &[Case] = &[
    ("connect", connect),
    ("strings", strings),
    ("containers", containers),
    ("errors", errors),
    ("pipeline", pipeline),
    ("transaction with WATCH retry", transaction),
    ("publish and subscribe", publish_subscribe),
    ("scan iterator", scan),
    ("expiry", expiry),
    ("authentication", authentication),
    ("unix socket", unix_socket),
    ("50 clients", fifty_clients),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, guarded, password, socket] = arguments.as_slice() else {
        return Err("arguments: PORT PASSWORD_PORT PASSWORD SOCKET".into());
    };
    for protocol in ["resp2", "resp3"] {
        let to = Target {
            port: port.clone(),
            guarded: guarded.clone(),
            password: password.clone(),
            socket: socket.clone(),
            protocol,
        };
        for (name, case) in CASES {
            let () = cmd("FLUSHALL").query(&mut to.connect()?)?;
            match case(&to) {
                Ok(()) => println!("ok {name}, {protocol}"),
                Err(error) => println!("not ok {name}, {protocol}: {error}"),
            }
        }
    }
    Ok(())
}
