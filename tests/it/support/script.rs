//! support/script.rs — golden scripts: the notation, and running one in any setting.
//!
//! ```text
//! # The first comment says the point.
//! > SET k "a b" EX 10        a request, quoted as redis-cli does; then its reply, a line for each
//! OK                         frame as `Frame` prints itself; `pattern` has what may be left open
//! > HGETALL h
//! ["f", "v"]
//! 3: {"f": "v"}              what RESP3 says instead of the line before
//! advance 100ms              time passes (ms, s, m, h, d)
//! client b                   another connection speaks; the first one is `a`
//! push ["message", "c", "x"] the next message that the connection was sent unasked
//! push (closed)              the connection was ended
//! ```
//!
//! A reply `(closed)` says that the server ended the connection, `(waiting)` that the call waits
//! for a key, whose answer is a `push` later, or for CLIENT UNPAUSE; `(none)` that this version of
//! RESP has no such frame.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mainstay_protocol::{Frame, Version};
use mainstay_server::clock::Millis;
use mainstay_server::route::After;
use mainstay_server::settings::file::split_words;

use crate::bare::Bare;
use crate::pattern;
use crate::served::{Client, Served};

const CLOSED: &str = "(closed)";
const WAITING: &str = "(waiting)";
const NONE: &str = "(none)";

/// See the module.
pub struct Script {
    /// Where it is.
    pub path: PathBuf,
    lines: Vec<String>,
    steps: Vec<Step>,
}

struct Step {
    /// Its line, counted from 0.
    line: usize,
    action: Action,
}

enum Action {
    Call { args: Vec<Vec<u8>>, replies: Vec<Expected> },
    Push(Expected),
    Advance(Millis),
    Client(String),
}

/// One expected frame.
#[derive(Clone)]
struct Expected {
    resp2: String,
    resp3: Option<String>,
}

impl Expected {
    fn of(&self, version: Version) -> &str {
        match (version, &self.resp3) {
            (Version::Resp3, Some(text)) => text,
            _ => &self.resp2,
        }
    }
}

/// Where a script is played.
pub trait Stage {
    /// Lets time pass; false if that cannot be done here.
    fn advance(&mut self, span: Millis) -> bool;
    /// A new client, by number.
    fn connect(&mut self) -> usize;
    /// What a request is answered, `(closed)` and `(waiting)` included. `count` is how many lines
    /// are expected, for a stage that cannot see where a reply ends.
    fn call(&mut self, client: usize, args: &[&[u8]], count: usize) -> Vec<String>;
    /// The next message that was not asked for, or `(closed)`.
    fn message(&mut self, client: usize) -> Option<String>;
    /// Messages that nobody has looked at, as far as the stage knows.
    fn unread(&mut self) -> Vec<String>;
}

/// Where a script does not hold.
#[derive(Debug)]
pub struct Mismatch {
    /// Counted from 1.
    pub line: usize,
    /// What was asked.
    pub sent: String,
    /// What the script says.
    pub expected: Vec<String>,
    /// What came.
    pub got: Vec<String>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Names file and line of what it does not understand.
    pub fn read(path: &Path) -> Result<Script, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{path:?}: {error}"))?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut steps: Vec<Step> = Vec::new();
        for (line, text) in lines.iter().enumerate() {
            let wrong = |why: &str| format!("{}:{}: {why}: {text}", path.display(), line + 1);
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(request) = text.strip_prefix("> ") {
                let args = split_words(request.as_bytes()).filter(|args| !args.is_empty());
                let args = args.ok_or_else(|| wrong("not a request"))?;
                steps.push(Step { line, action: Action::Call { args, replies: Vec::new() } });
            } else if let Some(span) = text.strip_prefix("advance ") {
                let span = parse_span(span).ok_or_else(|| wrong("not a span of time"))?;
                steps.push(Step { line, action: Action::Advance(span) });
            } else if let Some(name) = text.strip_prefix("client ") {
                steps.push(Step { line, action: Action::Client(name.trim().to_owned()) });
            } else if let Some(reply) = text.strip_prefix("push ") {
                let expected = Expected { resp2: reply.to_owned(), resp3: None };
                steps.push(Step { line, action: Action::Push(expected) });
            } else if let Some(reply) = text.strip_prefix("3: ") {
                let before = match steps.last_mut().map(|step| &mut step.action) {
                    Some(Action::Call { replies, .. }) => replies.last_mut(),
                    Some(Action::Push(expected)) => Some(expected),
                    _ => None,
                };
                let before = before.ok_or_else(|| wrong("no reply to differ from"))?;
                before.resp3 = Some(reply.to_owned());
            } else {
                let Some(Step { action: Action::Call { replies, .. }, .. }) = steps.last_mut()
                else {
                    return Err(wrong("a reply to nothing"));
                };
                replies.push(Expected { resp2: text.clone(), resp3: None });
            }
        }
        Ok(Script { path: path.to_owned(), lines, steps })
    }

    /// Whether its first line is a comment.
    pub fn says_its_point(&self) -> bool {
        self.lines.first().is_some_and(|line| line.starts_with("# ") && line.len() > 10)
    }

    /// Whether it needs time to be handed in, or to see a call wait.
    pub fn is_for_bare_only(&self) -> bool {
        self.steps.iter().any(|step| match &step.action {
            Action::Advance(_) => true,
            Action::Call { replies, .. } => replies.iter().any(|reply| reply.resp2 == WAITING),
            Action::Push(_) | Action::Client(_) => false,
        })
    }

    /// Every request of the script.
    pub fn requests(&self) -> impl Iterator<Item = &[Vec<u8>]> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Call { args, .. } => Some(&args[..]),
            _ => None,
        })
    }

    /// Plays it from the start, with clients of its own.
    ///
    /// # Errors
    /// The first place where it does not hold.
    pub fn play(&self, stage: &mut dyn Stage, version: Version) -> Result<(), Mismatch> {
        let mut clients: BTreeMap<&str, usize> = BTreeMap::from([("a", stage.connect())]);
        let mut client = clients["a"];
        for step in &self.steps {
            let (expected, got) = match &step.action {
                Action::Client(name) => {
                    client = *clients.entry(name).or_insert_with(|| stage.connect());
                    continue;
                }
                Action::Advance(span) => {
                    assert!(stage.advance(*span), "the caller leaves such scripts out");
                    continue;
                }
                Action::Push(expected) => {
                    let expected = vec![expected.of(version).to_owned()];
                    (expected, stage.message(client).into_iter().collect())
                }
                Action::Call { args, replies } => {
                    let expected: Vec<String> = replies
                        .iter()
                        .map(|reply| reply.of(version).to_owned())
                        .filter(|text| text != NONE)
                        .collect();
                    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
                    let got = stage.call(client, &args, expected.len());
                    (expected, got)
                }
            };
            if !all_fit(&expected, &got) {
                let sent = self.lines[step.line].clone();
                return Err(Mismatch { line: step.line + 1, sent, expected, got });
            }
        }
        let unread = stage.unread();
        if !unread.is_empty() {
            let (line, sent) = (self.lines.len(), "the end of the script".to_owned());
            return Err(Mismatch { line, sent, expected: Vec::new(), got: unread });
        }
        Ok(())
    }

    /// The text with what is said now in place of what no longer holds. The stages, RESP2 and
    /// RESP3, are played side by side.
    pub fn rewritten(&self, mut stages: [&mut dyn Stage; 2]) -> String {
        let first: Vec<usize> = stages.iter_mut().map(|stage| stage.connect()).collect();
        let mut clients: BTreeMap<&str, Vec<usize>> = BTreeMap::from([("a", first)]);
        let mut name = "a";
        let mut text = String::new();
        let mut kept = 0;
        let versions = [Version::Resp2, Version::Resp3];
        for (number, step) in self.steps.iter().enumerate() {
            let end = self.steps.get(number + 1).map_or(self.lines.len(), |next| next.line);
            let (old, got): (Vec<Expected>, Vec<Vec<String>>) = match &step.action {
                Action::Client(next) => {
                    name = next;
                    clients.entry(name).or_insert_with(|| {
                        stages.iter_mut().map(|stage| stage.connect()).collect()
                    });
                    continue;
                }
                Action::Advance(span) => {
                    for stage in &mut stages {
                        stage.advance(*span);
                    }
                    continue;
                }
                Action::Push(expected) => {
                    let got = stages.iter_mut().zip(&clients[name]);
                    let got =
                        got.map(|(stage, &client)| stage.message(client).into_iter().collect());
                    (vec![expected.clone()], got.collect())
                }
                Action::Call { args, replies } => {
                    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
                    let got = stages.iter_mut().zip(&clients[name]);
                    let got = got.map(|(stage, &client)| stage.call(client, &args, 0));
                    (replies.clone(), got.collect())
                }
            };
            let holds = versions.iter().zip(&got).all(|(&version, got)| {
                let expected = old.iter().map(|reply| reply.of(version).to_owned());
                all_fit(&expected.filter(|text| text != NONE).collect::<Vec<_>>(), got)
            });
            if holds {
                continue;
            }
            // Up to the step as it was, then what came, then comments and blanks behind it.
            let is_push = matches!(step.action, Action::Push(_));
            let head = if is_push { step.line } else { step.line + 1 };
            self.lines[kept..head].iter().for_each(|line| text.extend([line, "\n"]));
            for index in 0..got[0].len().max(got[1].len()) {
                let of = |version: usize| got[version].get(index).map_or(NONE, String::as_str);
                let intro = if is_push { "push " } else { "" };
                let _ = writeln!(text, "{intro}{}", of(0));
                if of(0) != of(1) {
                    let _ = writeln!(text, "3: {}", of(1));
                }
            }
            kept = end;
            while kept > head && {
                let line = &self.lines[kept - 1];
                line.trim().is_empty() || line.starts_with('#')
            } {
                kept -= 1;
            }
        }
        self.lines[kept..].iter().for_each(|line| text.extend([line, "\n"]));
        text
    }
}

fn all_fit(expected: &[String], got: &[String]) -> bool {
    expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| pattern::fits(e, g))
}

fn parse_span(text: &str) -> Option<Millis> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let number: Millis = text[..unit_at].parse().ok()?;
    let unit = match &text[unit_at..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// A script on a bare executor.
pub struct BareStage<'b, 'p> {
    /// The executor.
    pub bare: &'b mut Bare<'p>,
    /// What new clients speak.
    pub version: Version,
    /// Every request so far, with its replies.
    pub heard: Vec<(Vec<Vec<u8>>, Vec<Frame>)>,
}

impl<'b, 'p> BareStage<'b, 'p> {
    /// Clients of this executor, which speak this version.
    pub fn new(bare: &'b mut Bare<'p>, version: Version) -> BareStage<'b, 'p> {
        BareStage { bare, version, heard: Vec::new() }
    }
}

impl Stage for BareStage<'_, '_> {
    fn advance(&mut self, span: Millis) -> bool {
        self.bare.advance(span);
        true
    }

    fn connect(&mut self) -> usize {
        self.bare.connect(self.version)
    }

    fn call(&mut self, client: usize, args: &[&[u8]], _count: usize) -> Vec<String> {
        if !self.bare.is_open(client) {
            return vec![CLOSED.to_owned()];
        }
        let answer = self.bare.call(client, args);
        let mut lines: Vec<String> = answer.frames.iter().map(Frame::to_string).collect();
        self.heard.push((args.iter().map(|arg| arg.to_vec()).collect(), answer.frames));
        match answer.after {
            After::Go => {}
            After::Close => lines.push(CLOSED.to_owned()),
            After::Wait | After::Hold | After::Park => lines.push(WAITING.to_owned()),
        }
        lines
    }

    fn message(&mut self, client: usize) -> Option<String> {
        let message = self.bare.message(client).map(|frame| frame.to_string());
        message.or_else(|| (!self.bare.is_open(client)).then(|| CLOSED.to_owned()))
    }

    fn unread(&mut self) -> Vec<String> {
        let bare = &mut self.bare;
        let all = (0..bare.clients())
            .flat_map(|client| std::iter::from_fn(|| bare.message(client)).collect::<Vec<_>>());
        all.map(|frame| frame.to_string()).collect()
    }
}

/// A script over a socket.
pub struct ServedStage<'s> {
    served: &'s Served,
    version: Version,
    peers: Vec<Peer>,
}

struct Peer {
    client: Client,
    inbox: VecDeque<Frame>,
    subscribed: bool,
}

impl<'s> ServedStage<'s> {
    /// Clients of this server, which speak this version.
    pub fn new(served: &'s Served, version: Version) -> ServedStage<'s> {
        ServedStage { served, version, peers: Vec::new() }
    }
}

impl Peer {
    /// Whether a frame is a message rather than a reply.
    fn is_message(&self, frame: &Frame) -> bool {
        let elements = match frame {
            Frame::Push(elements) => elements,
            // In RESP2 a subscriber's few commands never answer with these words.
            Frame::Array(elements) if self.subscribed => elements,
            _ => return false,
        };
        let kinds: [&[u8]; 4] = [b"message", b"pmessage", b"smessage", b"invalidate"];
        matches!(elements.first(), Some(Frame::Bulk(kind)) if kinds.contains(&&kind[..]))
    }
}

fn printed(read: std::io::Result<Option<Frame>>) -> Result<Frame, String> {
    match read {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => Err(CLOSED.to_owned()),
        Err(error) => Err(format!("({error})")),
    }
}

impl Stage for ServedStage<'_> {
    fn advance(&mut self, _: Millis) -> bool {
        false
    }

    fn connect(&mut self) -> usize {
        let mut client = self.served.connect();
        if self.version == Version::Resp3 {
            let hello = client.line("HELLO 3");
            assert!(matches!(hello, Frame::Map(_)), "HELLO 3 answers {hello}");
        }
        self.peers.push(Peer { client, inbox: VecDeque::new(), subscribed: false });
        self.peers.len() - 1
    }

    fn call(&mut self, client: usize, args: &[&[u8]], count: usize) -> Vec<String> {
        let peer = &mut self.peers[client];
        peer.client.send(args);
        let name = args.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
        peer.subscribed |= name.ends_with(b"SUBSCRIBE");
        let mut lines = Vec::new();
        while lines.len() < count {
            match printed(peer.client.read()) {
                Ok(frame) if peer.is_message(&frame) => peer.inbox.push_back(frame),
                Ok(frame) => lines.push(frame.to_string()),
                Err(end) => {
                    lines.push(end);
                    break;
                }
            }
        }
        lines
    }

    fn message(&mut self, client: usize) -> Option<String> {
        let peer = &mut self.peers[client];
        let message = peer.inbox.pop_front().map(|frame| frame.to_string());
        message.or_else(|| match printed(peer.client.read()) {
            Ok(frame) => Some(frame.to_string()),
            Err(end) => Some(end),
        })
    }

    /// Only those that came before some reply; a bare executor knows them all.
    fn unread(&mut self) -> Vec<String> {
        let inboxes = self.peers.iter_mut().flat_map(|peer| peer.inbox.drain(..));
        inboxes.map(|frame| frame.to_string()).collect()
    }
}

/// Every script of the engines and the system commands, in order.
///
/// # Panics
/// If one cannot be read.
pub fn all() -> Vec<Script> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut paths = Vec::new();
    for room in ["engine", "system"] {
        for engine in entries(&source.join(room)) {
            paths.extend(entries(&engine.join("scripts")));
        }
    }
    paths.retain(|path| path.extension().is_some_and(|end| end == "resp"));
    paths.sort();
    let read = |path: &PathBuf| match Script::read(path) {
        Ok(script) => script,
        Err(why) => panic!("{why}"),
    };
    paths.iter().map(read).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
