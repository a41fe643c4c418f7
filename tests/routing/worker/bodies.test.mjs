// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of request bodies: the model's name replaced and nothing else, large ones passed on as they come.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { deferred, routesOf, sha, startBackends } from './backend.mjs';
import { ask, hangUp, open } from './client.mjs';
import { startWorkers } from './workerd.mjs';

const limit = 256 * 1024;
let gcp, home, workers, ports;

before(async () => {
  ({ gcp, home } = await startBackends('gcp', 'home'));
  workers = await startWorkers({
    one: { routes: routesOf({ gcp: [gcp, 1, { models: ['local "ü"'], aliases: { chat: 'local "ü"', same: 'same', 'ü"\\': 'x' } }] }) },
    two: { routes: routesOf({ gcp: [gcp, 1, { models: ['big'], aliases: { chat: 'big' } }], home: [home, 1, { engine: 'ollama', models: ['small', 'big'] }] }) },
    aliased: { routes: routesOf({ gcp: [gcp, 1, { models: ['big'], aliases: { chat: 'big' } }] }, { virtual: { small: 'gcp' } }) },
  });
  ports = workers.ports;
});
beforeEach(() => { gcp.reset(); home.reset(); });
after(async () => {
  hangUp();
  await workers?.stop();
  await Promise.all([gcp.stop(), home.stop()]);
});

const post = (port, body, headers = {}) => ask(port, '/v1/chat/completions', { body, headers: { 'content-type': 'application/json', ...headers } });
const local = JSON.stringify('local "ü"');

test('the name is replaced where it stands, every other byte stays', async () => {
  const tail = '"messages":[{"role":"user","content":"say \\"model\\": \\"chat\\" \\\\"}]';
  for (const [what, around] of [
    ['first', ['{"model":', `,${tail}}`]], ['last', [`{${tail},"model":`, '}']], ['alone', ['{"model":', '}']],
    ['blanks', ['\r\n\t { "model"\n:\t', ` ,${tail} }\n\n`]], ['after a byte order mark', ['\ufeff{"model":', '}']],
    ['an escaped key', ['{"\\u006dod\\u0065l":', '}']], ['numbers as they were', ['{"seed":12345678901234567890,"temperature":1.0e0,"model":', '}']],
    ['nested ones', ['{"metadata":{"model":"chat","x":["model",{"model":"chat"}]},"model":', ',"tools":[{"model":"chat"}]}']],
    ['keys like it', ['{"models":"chat","xmodel":"chat","model":', ',"model_":"chat"}']],
    ['quotes and backslashes', [`{"a":"\\\\","b":"\\\\\\"","c":"${'\\\\'.repeat(50)}","d":"${'x'.repeat(99)}\\\\\\"","model":`, ',"e":"}"}']],
    ['brackets in text', ['{"a":"{[","b":[[],{}, "]}"],"model":', '}']], ['what JSON does not need', ['{"a":tRue,"model":', '}']],
    ['letters of all scripts', [`{"a":"héllo 你好 🌉","model":`, ',"z":"🌉"}']], ['an empty key', ['{"":"x","model":', '}']],
  ]) {
    const answer = await post(ports.one, `${around[0]}"chat"${around[1]}`);
    assert.equal(answer.status, 200, what);
    assert.equal(gcp.seen.at(-1).body.toString(), `${around[0]}${local}${around[1]}`, what);
    assert.equal(gcp.seen.at(-1).headers['content-length'], String(gcp.seen.at(-1).body.length));
    assert.equal(answer.headers['x-hybridge-model'], 'local "%C3%BC"');
  }
  await post(ports.one, '{"model":"\\u00fc\\"\\\\"}');
  assert.equal(gcp.seen.at(-1).body.toString(), '{"model":"x"}', 'the name is read as JSON');
});

test('what is no JSON object with one model is passed on as it is', async () => {
  for (const body of ['', ' ', '{}', '[]', '[{"model":"chat"}]', '"model"', 'null', '{"model":"chat"', '{"model":"chat"}}', '{"model":"chat"} x',
    '{"model":"chat"', '{"model"', '{"model":', '{model:"chat"}', '{"model":"ch', '{"a":"\\"}', '{"model" "chat"}', '{"model":"chat" "a":1}',
    '{"model":7}', '{"model":null}', '{"model":{"model":"chat"}}', '{"model":["chat"]}', '{"model":,"a":1}', '{"a":[1,2,"model":"chat"',
    '{"model":"same","x":1}', `{"a":${'['.repeat(5000)}`, '\u0000\u0001', 'model=chat&x=1', `{"model":"${'\ud800'}`]) {
    const answer = await post(ports.one, body);
    assert.equal(answer.status, 200, body);
    assert.equal(gcp.seen.at(-1).body.toString('hex'), Buffer.from(body).toString('hex'), body);
  }
  const binary = crypto.randomBytes(5000);
  await post(ports.one, binary);
  assert.equal(sha(gcp.seen.at(-1).body), sha(binary));
});

test('a body that names its model twice is refused: engines would differ', async () => {
  for (const body of ['{"model":"chat","model":"other"}', '{"model":"chat","MODEL":"other"}', '{"model":"chat","\\u006dodel":"other"}',
    '{"model":"chat","a":{},"Model":null}', '{"model":1,"model":"chat"}']) {
    const answer = await post(ports.one, body);
    assert.deepEqual([answer.status, answer.json.error.code], [400, 'ambiguous_model'], body);
  }
  assert.equal(gcp.seen.length, 0);
});

test('random bodies arrive as they were meant', async () => {
  let seed = 20261125;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const string = () => Array.from({ length: random(60) }, () => ['"', '\\', '{', '}', '[', ']', ':', ',', 'model', 'é', '你', '🌉', ' ', '\n', '/', 'a'][random(16)]).join('');
  const value = (depth) => [() => string(), () => random(1e6) / 7, () => null, () => true,
    () => (depth ? Array.from({ length: random(4) }, () => value(depth - 1)) : 1),
    () => (depth ? Object.fromEntries(Array.from({ length: random(4) }, () => [string(), value(depth - 1)])) : 2)][random(6)]();
  for (let round = 0; round < 200; ++round) {
    const entries = Array.from({ length: random(6) }, () => [`k${string()}`, value(3)]);
    entries.splice(random(entries.length + 1), 0, ['model', 'chat']);
    const body = JSON.stringify(Object.fromEntries(entries), null, random(2) ? random(3) : undefined);
    await post(ports.one, body);
    assert.deepEqual(JSON.parse(gcp.seen.at(-1).body), { ...Object.fromEntries(entries), model: 'local "ü"' }, body);
  }
});

test('256 KiB are scanned, in time that grows as they do; one byte more is not', async () => {
  const head = '{"a":"';
  const end = '","model":"chat"}';
  const filled = (size) => head + 'x'.repeat(size - head.length - end.length) + end;
  assert.equal((await post(ports.one, filled(limit))).headers['x-hybridge-model'], 'local "%C3%BC"');
  assert.equal(gcp.seen.at(-1).body.length, limit - '"chat"'.length + Buffer.byteLength(local));
  // With and without a length; the latter is only known to be large once it is.
  for (const feed of [undefined, (request) => request.end(filled(limit))]) {
    const answer = await ask(ports.one, '/v1/chat/completions', feed ? { feed } : { body: filled(limit) });
    assert.equal(answer.json.model, 'local "ü"');
  }
  for (const unit of ['"",', '\\\\', '\\"', '[', '{"":', '"\\\\",', '\\u0022', ' ']) { // each bad for some way to scan twice
    const body = `{"a":[${/^[\\ ]/.test(unit) ? '"' : ''}${unit.repeat(Math.floor((limit - 20) / unit.length))}`;
    const start = process.hrtime.bigint();
    await post(ports.one, body);
    // Quadratic would be minutes; this is a thousand times what it takes.
    assert.ok(process.hrtime.bigint() - start < 10_000_000_000n, unit);
  }
  const large = filled(limit + 1);
  const answer = await post(ports.one, large);
  assert.deepEqual([answer.status, answer.json.error.code], [400, 'body_too_large_to_rewrite']);
});

test('a large body goes where it needs no other name', async () => {
  const body = `{"x":"${'x'.repeat(limit)}","model":"big"}`;
  const chunked = (path, headers) => ask(ports.two, path, { headers, feed: (request) => request.end(body) });
  for (let i = 0; i < 12; ++i) {
    const plain = i % 2 ? await post(ports.two, body) : await chunked('/v1/chat/completions');
    assert.deepEqual([plain.status, plain.headers['x-hybridge-backend']], [200, 'home'], 'gcp has aliases, so it may need one');
    assert.equal((await post(ports.two, body, { 'x-hybridge-model': 'small' })).headers['x-hybridge-backend'], 'home');
  }
  assert.ok(home.seen.every((entry) => sha(entry.body) === sha(body) && entry.headers['x-hybridge-model'] === undefined));
  const both = new Set();
  for (let i = 0; i < 40; ++i) both.add((await post(ports.two, body, { 'x-hybridge-model': 'big' })).headers['x-hybridge-backend']);
  assert.deepEqual([...both].sort(), ['gcp', 'home']);
  for (const [name, status] of [['chat', 400], ['small', 400], ['nope', 404]])
    assert.equal((await post(ports.aliased, body, { 'x-hybridge-model': name })).status, status, name);
  assert.equal((await post(ports.aliased, body, { 'content-type': 'multipart/form-data; boundary=x' })).status, 200, 'a file names no model');
  assert.equal((await post(ports.aliased, body, { 'x-backend': 'gcp' })).status, 200, 'whoever names a backend knows');
});

test('a large body is not asked for twice', async () => {
  const body = Buffer.alloc(limit + 1, 'x');
  gcp.early = home.early = (request, response) => { response.writeHead(503, { 'content-type': 'application/json' }).end('{}'); request.resume(); };
  const answer = await post(ports.two, body, { 'x-hybridge-model': 'big' });
  assert.deepEqual([answer.status, answer.headers['x-hybridge-attempts']], [503, '1']);
  assert.equal(gcp.seen.length + home.seen.length, 1);
});

test('10 MiB arrive whole, with their length, while they are still being sent', async () => {
  const body = crypto.randomBytes(10 * 1024 * 1024);
  for (const headers of [{ 'content-length': body.length }, {}]) {
    const first = deferred();
    home.early = (request, response) => {
      const hash = crypto.createHash('sha256');
      let size = 0;
      request.on('data', (chunk) => {
        first.resolve();
        hash.update(chunk);
        size += chunk.length;
      });
      request.on('end', () => response.end(JSON.stringify({ size, hash: hash.digest('hex'), length: request.headers['content-length'] ?? null })));
    };
    const answer = await ask(ports.two, '/v1/audio/transcriptions', { headers: { 'content-type': 'application/octet-stream', 'x-backend': 'home', ...headers },
      feed: async (request) => {
        request.write(body.subarray(0, limit + 70_000));
        await first.promise; // the node has it before we go on
        request.end(body.subarray(limit + 70_000));
      } });
    assert.deepEqual(answer.json, { size: body.length, hash: sha(body), length: headers['content-length'] ? String(body.length) : null });
  }
});

test('a slow node slows the sender', async () => {
  const reached = deferred();
  const go = deferred();
  home.early = async (request, response) => {
    request.pause();
    reached.resolve();
    await go.promise;
    request.resume();
    request.on('end', () => response.end('{}'));
  };
  const size = 112 * 1024 * 1024; // the sockets' buffers on the way take tens of MiB
  const chunk = Buffer.alloc(1024 * 1024);
  let sent = 0;
  let stalled = null;
  const answer = open(ports.two, '/x', { headers: { 'x-backend': 'home', 'content-length': size }, feed: async (request) => {
    for (; sent < size; sent += chunk.length) {
      if (request.write(chunk)) continue;
      const drained = new Promise((resolve) => { request.once('drain', resolve); });
      // The node reads nothing: at some point the sender waits, and only the node's reading ends that.
      const waited = await Promise.race([drained, reached.promise.then(() => new Promise((resolve) => { setTimeout(resolve, 300, 'stalled'); }))]);
      if (waited === 'stalled' && stalled === null) {
        stalled = sent;
        go.resolve();
      }
      await drained;
    }
    request.end();
  } });
  const { status, response } = await answer;
  response.resume();
  assert.equal(status, 200);
  assert.ok(stalled !== null && stalled < size - 16 * 1024 * 1024, `stalled after ${stalled} bytes`);
});
