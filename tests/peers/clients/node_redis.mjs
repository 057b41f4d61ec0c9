// node-redis as programs use it, RESP2 and RESP3. Arguments: PORT PASSWORD_PORT PASSWORD SOCKET.

import assert from "node:assert/strict";
import { createClient, createClientPool, WatchError } from "redis";
import { cases } from "./cases.mjs";

const [port, guarded, password, path] = process.argv.slice(2);

for (const RESP of [2, 3]) {
  const open = async (options = {}) => {
    const client = createClient({ RESP, socket: { port: Number(port), reconnectStrategy: false }, ...options });
    client.on("error", () => {}); // the failing call tells
    return client.connect();
  };
  const r = await open();

  await cases(() => r.flushAll(), {
    async connect() {
      assert.equal(await r.ping(), "PONG");
      assert.equal(await r.echo("hällo"), "hällo");
      assert.ok((await r.clientId()) > 0);
      const config = await r.configGet("maxclients");
      assert.match(config.maxclients, /^\d+$/);
      const reply = await r.sendCommand(["HELLO"]);
      assert.equal(RESP === 3 ? reply.proto : reply[reply.indexOf("proto") + 1], RESP);
    },
    async strings() {
      assert.equal(await r.set("s", "v", { EX: 100 }), "OK");
      assert.equal(await r.set("s", "w", { NX: true }), null);
      assert.equal(await r.set("s", "w", { GET: true }), "v");
      assert.deepEqual(await r.mGet(["s", "none"]), ["w", null]);
      assert.equal(await r.incrBy("n", 5), 5);
      assert.equal(await r.getEx("s", { type: "PERSIST" }), "w");
    },
    async containers() {
      assert.equal(await r.rPush("l", ["a", "b", "c"]), 3);
      assert.deepEqual(await r.lRange("l", 0, -1), ["a", "b", "c"]);
      assert.equal(await r.hSet("h", { f: "1", g: "two" }), 2);
      assert.deepEqual({ ...(await r.hGetAll("h")) }, { f: "1", g: "two" });
      assert.equal(await r.sAdd("t", ["x", "y"]), 2);
      assert.deepEqual([...(await r.sMembers("t"))].sort(), ["x", "y"]);
      assert.equal(await r.zAdd("z", [{ value: "a", score: 1.5 }, { value: "b", score: -Infinity }]), 2);
      assert.deepEqual((await r.zRangeWithScores("z", 0, -1)).map((m) => [m.value, m.score]), [["b", -Infinity], ["a", 1.5]]);
      assert.equal(await r.zScore("z", "a"), 1.5);
      assert.equal(await r.zScore("z", "no"), null);
    },
    async errors() {
      await r.rPush("l", "a");
      await assert.rejects(r.get("l"), /WRONGTYPE Operation against a key holding the wrong kind of value/);
      await assert.rejects(r.sendCommand(["GET"]), /ERR wrong number of arguments for 'get' command/);
    },
    async "pipelining by itself"() {
      const replies = await Promise.all(Array.from({ length: 1000 }, () => r.incr("auto")));
      assert.deepEqual(replies, Array.from({ length: 1000 }, (_, n) => n + 1));
    },
    async "multi and pipeline"() {
      assert.deepEqual(await r.multi().set("a", "1").incr("a").get("a").exec(), ["OK", 2, "2"]);
      assert.deepEqual(await r.multi().set("a", "5").get("a").execAsPipeline(), ["OK", "5"]);
    },
    async "transaction with WATCH retry"() {
      const own = await open();
      await r.set("balance", "100");
      const tries = [];
      for (;;) {
        await own.watch("balance");
        const have = Number(await own.get("balance"));
        if (!tries.length) await r.set("balance", "50");
        tries.push(have);
        try {
          assert.deepEqual(await own.multi().decrBy("balance", 30).exec(), [20]);
          break;
        } catch (error) {
          if (!(error instanceof WatchError)) throw error;
        }
      }
      assert.deepEqual(tries, [100, 50]);
      own.destroy();
    },
    async "publish and subscribe"() {
      const sub = await open();
      const got = [];
      await sub.subscribe(["news", "sport"], (text, channel) => got.push([channel, text]));
      await sub.pSubscribe("n*", (text, channel) => got.push(["n*", channel, text]));
      await sub.sSubscribe("shard", (text, channel) => got.push([channel, text]));
      assert.equal(await r.publish("news", "hi"), 2);
      assert.equal(await r.sPublish("shard", "s"), 1);
      for (let n = 0; n < 200; n++) await r.publish("sport", String(n));
      await sub.unsubscribe("sport");
      assert.equal(await r.publish("sport", "unheard"), 0);
      assert.deepEqual(got.slice(0, 3), [["news", "hi"], ["n*", "news", "hi"], ["shard", "s"]]);
      assert.deepEqual(got.slice(3), Array.from({ length: 200 }, (_, n) => ["sport", String(n)]));
      if (RESP === 3) assert.equal(await sub.get("a"), null); // commands go on while subscribed
      sub.destroy();
    },
    async "scan iterator"() {
      await r.mSet(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`scan:${n}`, "v"])));
      const seen = new Set();
      for await (const page of r.scanIterator({ MATCH: "scan:*", COUNT: 50 })) page.forEach((key) => seen.add(key));
      assert.equal(seen.size, 1000);
    },
    async expiry() {
      await r.set("e", "1", { PX: 50 });
      const until = Date.now() + 5000;
      while (await r.exists("e")) assert.ok(Date.now() < until, "e does not fall due");
      assert.equal(await r.ttl("e"), -2);
      await r.set("f", "1");
      assert.equal(await r.expire("f", 100, "XX"), 0);
      assert.equal(await r.expire("f", 100, "NX"), 1);
    },
    async authentication() {
      const there = { socket: { port: Number(guarded), reconnectStrategy: false } };
      const good = await open({ ...there, password });
      assert.equal(await good.ping(), "PONG");
      good.destroy();
      await assert.rejects(open({ ...there, password: "wrong" }), /WRONGPASS/);
    },
    async "unix socket"() {
      const unix = await open({ socket: { path, reconnectStrategy: false } });
      await unix.set("u", "x".repeat(100_000));
      assert.equal((await unix.get("u")).length, 100_000);
      unix.destroy();
    },
    async "pool of 50"() {
      const pool = createClientPool({ RESP, socket: { port: Number(port) } }, { minimum: 1, maximum: 50 });
      await pool.connect();
      await Promise.all(Array.from({ length: 50 }, async (_, who) => {
        for (let n = 0; n < 20; n++) {
          await pool.set(`w:${who}`, String(n));
          assert.equal(await pool.get(`w:${who}`), String(n));
          await pool.incr("together");
        }
      }));
      assert.equal(await r.get("together"), "1000");
      pool.destroy();
    },
  }, `, RESP${RESP}`);
  r.destroy();
}
