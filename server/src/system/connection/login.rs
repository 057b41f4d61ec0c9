//! system/connection/login.rs — AUTH and HELLO: who asks, and in which version of RESP.
//!
//! There is one user, `default`; its password is the setting `requirepass`. Passwords are compared
//! in constant time and reach no error text and no log.

use mainstay_protocol::Version;

use crate::clients::{DEFAULT_USER, Name};
use crate::command::options::{self, Words};
use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;
use crate::process::Process;
use crate::settings::catalog as said;

/// See its summary.
pub static AUTH: Command = Command {
    name: "AUTH",
    summary: "Authenticates the connection.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Value("username", Type::Bytes)), Arg::Value("password", Type::Bytes)],
    reply: Reply::Ok,
    run: Run::Session(auth),
    also: &[Trait::NoAuth, Trait::NoScript, Trait::Loading],
};

fn auth(cx: &mut Visit<'_>) -> Outcome {
    let (user, password) = match cx.args.len() {
        2 if cx.process.settings.text(&said::REQUIREPASS).is_empty() => {
            return Err(Refusal::text(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ));
        }
        2 => (DEFAULT_USER.as_bytes(), cx.args.arg(1)),
        3 => (cx.args.arg(1), cx.args.arg(2)),
        _ => return Err(Refusal::Syntax),
    };
    check(cx.process, user, password)?;
    cx.session.authenticated = true;
    cx.session.settle();
    cx.out.ok();
    Ok(Next::Done)
}

/// Refuses a user and password that do not belong together.
fn check(process: &Process, user: &[u8], password: &[u8]) -> Result<(), Refusal> {
    let wanted = process.settings.text(&said::REQUIREPASS);
    let known = user == DEFAULT_USER.as_bytes();
    // Both are looked at whatever the first says.
    let matches = wanted.is_empty() | same(password, wanted.as_bytes());
    if known & matches {
        Ok(())
    } else {
        Err(Refusal::text("WRONGPASS invalid username-password pair or user is disabled."))
    }
}

/// Whether two secrets are the same; how long it takes depends on the length of the one `given`
/// only.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    let mut different = u8::from(given.len() != wanted.len());
    for (at, byte) in given.iter().enumerate() {
        let other = wanted.get(at % wanted.len().max(1)).copied().unwrap_or_default();
        different |= std::hint::black_box(byte ^ other);
    }
    std::hint::black_box(different) == 0
}

/// See its summary.
pub static HELLO: Command = Command {
    name: "HELLO",
    summary: "Handshakes with the Redis server.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Group(&[
        Arg::Value("protover", Type::Integer),
        Arg::Maybe(&Arg::Tagged(
            "AUTH",
            &Arg::Group(&[
                Arg::Value("username", Type::Bytes),
                Arg::Value("password", Type::Bytes),
            ]),
        )),
        Arg::Maybe(&Arg::Tagged("SETNAME", &Arg::Value("clientname", Type::Bytes))),
    ]))],
    reply: Reply::Map(&Reply::Any),
    run: Run::Session(hello),
    also: &[Trait::NoAuth, Trait::NoScript, Trait::Loading],
};

fn hello(cx: &mut Visit<'_>) -> Outcome {
    let mut version = cx.session.version;
    if let Some(wanted) = cx.args.get(1) {
        version = match options::parse_integer(wanted) {
            Some(2) => Version::Resp2,
            Some(3) => Version::Resp3,
            Some(_) => return Err(Refusal::text("NOPROTO unsupported protocol version")),
            None => {
                return Err(Refusal::text(
                    "ERR Protocol version is not an integer or out of range",
                ));
            }
        };
    }
    let mut login = None;
    let mut client_name = None;
    let mut words = Words::new(cx.args, 2);
    while let Some(word) = words.next() {
        if options::is_word(word, "AUTH") && words.left() >= 2 {
            login = Some((words.value()?, words.value()?));
        } else if options::is_word(word, "SETNAME") && words.left() >= 1 {
            client_name = Some(Name::read(words.value()?, "Client names")?);
        } else {
            return Err(Refusal::quoting("ERR Syntax error in HELLO option '", word, "'"));
        }
    }
    if let Some((user, password)) = login {
        check(cx.process, user, password)?;
    } else if !cx.session.authenticated {
        return Err(Refusal::text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time",
        ));
    }
    let session = &mut *cx.session;
    session.authenticated = true;
    session.version = version;
    if let Some(name) = client_name {
        session.card.text.lock().name = name.into();
    }
    session.settle();
    let out = &mut cx.out;
    out.set_version(version);
    out.map(7);
    out.bulk_str("server");
    out.bulk_str("redis");
    out.bulk_str("version");
    out.bulk_str(crate::REDIS_VERSION);
    out.bulk_str("proto");
    out.integer(if version == Version::Resp3 { 3 } else { 2 });
    out.bulk_str("id");
    out.integer(i64::try_from(session.id).unwrap_or(i64::MAX));
    out.bulk_str("mode");
    out.bulk_str("standalone");
    out.bulk_str("role");
    out.bulk_str("master");
    out.bulk_str("modules");
    out.array(0);
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn secrets_are_the_same_only_if_every_byte_is() {
        for (given, wanted, want) in [
            ("", "", true),
            ("secret", "secret", true),
            ("secret", "secreT", false),
            ("Secret", "secret", false),
            ("secre", "secret", false),
            ("secretsecret", "secret", false),
            ("", "secret", false),
            ("secret", "", false),
        ] {
            assert_eq!(same(given.as_bytes(), wanted.as_bytes()), want, "{given:?} {wanted:?}");
        }
    }
}
