// ioredis as programs use it. Arguments: PORT PASSWORD_PORT PASSWORD SOCKET (see suites/child.py).
// ioredis 5 speaks RESP2 only.

import assert from "node:assert/strict";
import Redis from "ioredis";
import { cases } from "./cases.mjs";

const [port, guarded, password, socket] = process.argv.slice(2);
const connect = (options = {}) => {
  const client = new Redis({ port: Number(port), maxRetriesPerRequest: 1, ...options });
  client.on("error", () => {}); // the failing call tells
  return client;
};
const r = connect();

await cases(() => r.flushall(), {
  async connect() {
    assert.equal(await r.ping(), "PONG");
    assert.equal(await r.echo("hällo"), "hällo");
    assert.match(await r.info(), /redis_version:/);
    assert.equal(r.status, "ready");
  },
  async strings() {
    assert.equal(await r.set("s", "v", "EX", 100), "OK");
    assert.equal(await r.set("s", "w", "NX"), null);
    assert.equal(await r.set("s", "w", "GET"), "v");
    assert.deepEqual(await r.mget("s", "none"), ["w", null]);
    assert.equal(await r.incrbyfloat("f", "10.5"), "10.5");
    const data = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    await r.set("bin", data);
    assert.deepEqual(await r.getBuffer("bin"), data);
  },
  async containers() {
    assert.equal(await r.rpush("l", "a", "b", "c"), 3);
    assert.deepEqual(await r.lrange("l", 0, -1), ["a", "b", "c"]);
    assert.equal(await r.hset("h", { f: 1, g: "two" }), 2);
    assert.deepEqual(await r.hgetall("h"), { f: "1", g: "two" });
    assert.deepEqual(await r.hgetall("none"), {});
    assert.equal(await r.zadd("z", 1.5, "a", -1, "b"), 2);
    assert.deepEqual(await r.zrange("z", 0, -1, "WITHSCORES"), ["b", "-1", "a", "1.5"]);
    assert.equal(await r.sadd("t", "x", "x"), 1);
  },
  async errors() {
    await r.rpush("l", "a");
    await assert.rejects(r.get("l"), /^ReplyError: WRONGTYPE Operation against a key/);
    await assert.rejects(r.call("NOSUCH", "a"), /ERR unknown command 'NOSUCH', with args beginning with: 'a'/);
  },
  async pipeline() {
    const p = r.pipeline();
    for (let n = 0; n < 1000; n++) p.set(`p:${n}`, n).get(`p:${n}`);
    const replies = await p.exec();
    assert.equal(replies.length, 2000);
    replies.forEach(([error, reply], at) => assert.deepEqual([error, reply], [null, at % 2 ? String((at - 1) / 2) : "OK"]));
  },
  async "automatic pipelining"() {
    const auto = connect({ enableAutoPipelining: true });
    const replies = await Promise.all(Array.from({ length: 300 }, (_, n) => auto.incr("auto")));
    assert.deepEqual(replies, Array.from({ length: 300 }, (_, n) => n + 1));
    auto.disconnect();
  },
  async "transaction with WATCH retry"() {
    const own = connect();
    await r.set("balance", 100);
    const tries = [];
    for (;;) {
      await own.watch("balance");
      const have = Number(await own.get("balance"));
      if (!tries.length) await r.set("balance", 50);
      tries.push(have);
      const done = await own.multi().decrby("balance", 30).get("balance").exec();
      if (done) {
        assert.deepEqual(done, [[null, 20], [null, "20"]]);
        break;
      }
    }
    assert.deepEqual(tries, [100, 50]);
    await assert.rejects(own.multi().set("a", 1).call("NOSUCH").exec(), /EXECABORT/);
    own.disconnect();
  },
  async "publish and subscribe"() {
    const sub = connect();
    const got = [];
    sub.on("message", (channel, text) => got.push(["m", channel, text]));
    sub.on("pmessage", (pattern, channel, text) => got.push(["p", pattern, channel, text]));
    assert.equal(await sub.subscribe("news", "sport"), 2);
    assert.equal(await sub.psubscribe("n*"), 3);
    assert.equal(await r.publish("news", "hi"), 2);
    for (let n = 0; n < 200; n++) await r.publish("sport", n);
    assert.equal(await sub.unsubscribe("sport"), 2);
    assert.deepEqual(got.slice(0, 2), [["m", "news", "hi"], ["p", "n*", "news", "hi"]]);
    assert.deepEqual(got.slice(2), Array.from({ length: 200 }, (_, n) => ["m", "sport", String(n)]));
    sub.disconnect();
  },
  async "scan stream"() {
    await r.mset(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`scan:${n}`, n])));
    const seen = new Set();
    for await (const page of r.scanStream({ match: "scan:*", count: 50 })) page.forEach((key) => seen.add(key));
    assert.equal(seen.size, 1000);
  },
  async expiry() {
    await r.set("e", 1, "PX", 50);
    assert.ok((await r.pttl("e")) <= 50);
    const until = Date.now() + 5000;
    while (await r.exists("e")) assert.ok(Date.now() < until, "e does not fall due");
    assert.equal(await r.ttl("e"), -2);
  },
  async authentication() {
    const good = connect({ port: Number(guarded), password });
    assert.equal(await good.ping(), "PONG");
    good.disconnect();
    const none = connect({ port: Number(guarded), enableReadyCheck: false });
    await assert.rejects(none.get("a"), /NOAUTH Authentication required/);
    none.disconnect();
  },
  async "unix socket"() {
    const unix = connect({ path: socket, port: undefined });
    assert.equal(await unix.set("u", "x".repeat(100_000)), "OK");
    assert.equal((await unix.get("u")).length, 100_000);
    unix.disconnect();
  },
  async "database by option"() {
    const one = connect({ db: 1 });
    await one.set("k", "one");
    assert.equal(await r.get("k"), null);
    assert.match(await one.client("INFO"), / db=1 /);
    one.disconnect();
  },
  async "50 clients"() {
    const clients = Array.from({ length: 50 }, () => connect());
    await Promise.all(clients.map(async (client, who) => {
      for (let n = 0; n < 20; n++) {
        await client.set(`w:${who}`, n);
        assert.equal(await client.get(`w:${who}`), String(n));
        await client.incr("together");
      }
    }));
    assert.equal(await r.get("together"), "1000");
    clients.forEach((client) => client.disconnect());
  },
  async quit() {
    const leaving = connect();
    await leaving.ping();
    assert.equal(await leaving.quit(), "OK");
  },
});
r.disconnect();
