// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Answers on their way back: at once, in order, byte for byte, and no faster than the client reads.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';

import { deferred, json, read, routesOf, sha, silent, startBackends } from './backend.mjs';
import { ask, chat, hangUp, open, raw, spread, until } from './client.mjs';
import { startWorkers } from './workerd.mjs';

let gcp, workers, port;

before(async () => {
  ({ gcp } = await startBackends('gcp'));
  workers = await startWorkers({ one: { routes: routesOf({ gcp: [gcp, 1, { aliases: { chat: 'local' } }] }) } });
  port = workers.ports.one;
});
beforeEach(() => { gcp.reset(); });
after(async () => {
  hangUp();
  await workers?.stop();
  await gcp.stop();
});

/** An iterator over what arrives on @p response: next() gives the bytes that came since. */
function arrivals(response) {
  let have = Buffer.alloc(0);
  let wake = () => {};
  response.on('data', (chunk) => {
    have = Buffer.concat([have, chunk]);
    wake();
  });
  return async (length) => {
    while (have.length < length) await new Promise((resolve) => { wake = resolve; });
    const out = have.subarray(0, length);
    have = have.subarray(length);
    return out;
  };
}

for (const [type, path] of [['text/event-stream', '/v1/chat/completions'], ['application/x-ndjson', '/gcp/api/chat'], ['application/json', '/v1/chat/completions']]) {
  test(`each event of ${type} arrives before the next one is sent`, async () => {
    const steps = Array.from({ length: 50 }, deferred);
    const event = (index) => `data: {"choices":[{"delta":{"content":"${index} 你好"}}]}\r\n\n`;
    gcp.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': type });
      for (let index = 0; index < steps.length; ++index) {
        response.write(event(index));
        await steps[index].promise;
      }
      response.end(': the end');
    };
    // An engine that calls its stream plain JSON is believed by what it was asked for.
    const { response, headers } = await open(port, path, { body: '{"stream":true,"model":"chat"}' });
    assert.equal(headers['content-type'], type);
    const next = arrivals(response);
    for (const [index, step] of steps.entries()) {
      assert.equal((await next(Buffer.byteLength(event(index)))).toString(), event(index));
      step.resolve();
    }
    assert.equal((await next(9)).toString(), ': the end');
  });
}

test('headers arrive before the first byte of the body', async () => {
  const go = deferred();
  gcp.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    await go.promise;
    response.end('data: 1\n\n');
  };
  const { response, status } = await open(port, '/x', { body: '{}' });
  assert.equal(status, 200);
  go.resolve();
  assert.equal((await read(response)).toString(), 'data: 1\n\n');
});

test('a slow reader slows the backend, and gets every byte', async () => {
  const size = 112 * 1024 * 1024; // the sockets' buffers on the way take tens of MiB
  const block = crypto.randomBytes(64 * 1024);
  const hash = crypto.createHash('sha256');
  let written = 0;
  gcp.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (; written < size; written += block.length) {
      if (!response.write(block)) await new Promise((resolve) => { response.once('drain', resolve); });
    }
    response.end();
  };
  const { response } = await open(port, '/x', { body: '{}' });
  let last = -1;
  await until(() => { // as long as more is written, buffers fill; then nothing goes on
    const still = written === last;
    last = written;
    return still && written > 0;
  }, 'the backend waits');
  assert.ok(written < size - 16 * 1024 * 1024, `${written} bytes were taken from the backend while the client read none`);
  for (let index = 0; index < size / block.length; ++index) hash.update(block);
  assert.equal(sha(await read(response)), hash.digest('hex'));
});

test('bytes and headers of an answer are the backend\'s', async () => {
  const text = Buffer.from(JSON.stringify({ text: 'x'.repeat(5000) }));
  const zipped = zlib.gzipSync(text);
  for (const [headers, body] of [
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, zipped], [{ 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }, zipped],
    [{ 'content-type': 'application/json' }, text], [{ 'content-type': 'application/json' }, Buffer.concat(Array(100).fill(text))],
    [{ 'content-type': 'application/json; charset=utf-8', 'content-length': 0 }, Buffer.alloc(0)], [{ 'content-type': 'application/octet-stream' }, crypto.randomBytes(300_000)],
    [{}, Buffer.from('plain')],
  ]) {
    for (const chunked of [false, true]) {
      gcp.answer = (_request, response) => {
        response.writeHead(200, { ...headers, ...(chunked ? {} : { 'content-length': body.length }), 'x-request-id': 'r1', etag: '"e"', 'server-timing': 'engine;dur=5' });
        response.write(body.subarray(0, body.length / 2));
        response.end(body.subarray(body.length / 2));
      };
      const answer = await ask(port, '/v1/x', { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(sha(answer.body), sha(body), JSON.stringify(headers));
      for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name], String(value));
      assert.deepEqual([answer.headers['x-request-id'], answer.headers.etag], ['r1', '"e"']);
      if (!chunked) assert.equal(answer.headers['content-length'], String(body.length));
      assert.match(answer.headers['server-timing'], /^engine;dur=5, backend;dur=\d+;desc="gcp", router;dur=\d+$/);
    }
  }
  for (const code of [204, 304]) {
    gcp.answer = (_request, response) => response.writeHead(code).end();
    assert.deepEqual([(await ask(port, '/x')).status, (await ask(port, '/x')).headers['x-hybridge-backend']], [code, 'gcp']);
  }
  gcp.reset();
  const head = await ask(port, '/x', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body.length, gcp.seen[0].method], [200, 0, 'HEAD']);
});

test('headers of any bytes pass, both ways', async () => {
  gcp.answer = (request, response) => {
    // As Latin-1, which is what Node makes of strings in headers: so these are bytes.
    response.writeHead(200, { 'x-latin': 'caf\u00e9', 'x-utf8': Buffer.from('你好').toString('latin1'), 'x-empty': '', __proto__x: '1', 'x-list': ['a', 'b'] });
    response.end(request.headers['x-latin'] ?? 'none');
  };
  const bytes = await raw(port, Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\nX-Latin: caf\u00e9\r\n__proto__: x\r\nX-Utf8: \u00e4\u00bd\u00a0\r\nConnection: close\r\n\r\n', 'latin1'));
  assert.match(bytes, /^HTTP\/1\.1 200 /, bytes);
  assert.match(bytes, /x-list: a(, |\r\nx-list: )b\r/i);
  const seen = gcp.seen[0].headers;
  assert.equal(seen['accept-encoding'], 'identity');
  assert.ok(/^caf/.test(seen['x-latin']) && seen['x-utf8'] !== undefined);
});

test('a status that no answer can have is a failure', async () => {
  gcp.early = (request) => request.socket.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n');
  const answer = await ask(port, '/x');
  assert.deepEqual([answer.status, answer.headers['x-hybridge-attempts']], [502, '1']);
});

test('a client that leaves is told to the backend: before the headers, in a silent stream, in a busy one', { timeout: 30_000 }, async () => {
  for (const kind of ['waiting', 'silent', 'busy']) {
    const closed = deferred();
    const there = deferred();
    gcp.answer = (_request, response) => {
      response.on('close', closed.resolve);
      if (kind !== 'waiting') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      }
      const more = () => { if (!response.destroyed) response.write('data: 1\n\n', () => setImmediate(more)); };
      if (kind === 'busy') more();
      there.resolve();
    };
    if (kind === 'waiting') {
      const request = await open(port, '/v1/chat/completions', { body: '{}', leave: true });
      await there.promise;
      request.socket.resetAndDestroy();
    } else {
      const { response, request } = await open(port, '/v1/chat/completions', { body: '{"stream":true}', leave: false });
      response.on('error', () => {});
      await new Promise((resolve) => { response.once('data', resolve); });
      // Closed in the ordinary way a connection that is silent may still be read from: only what is sent next tells.
      if (kind === 'silent') request.socket.resetAndDestroy();
      else request.destroy();
    }
    await closed.promise; // else the test's time is up
  }
});

test('a backend that is given up is told too', { timeout: 20_000 }, async () => {
  const quick = await startWorkers({ one: { routes: routesOf({ gcp: [gcp, 1] }, { limits: { firstBytePostMs: 100 } }) } });
  try {
    const closed = deferred();
    const go = deferred();
    gcp.answer = (request) => { request.socket.on('close', closed.resolve); };
    const answer = chat(quick.ports.one, 'x');
    await closed.promise;
    assert.equal((await answer).status, 504);
    go.resolve();
    gcp.answer = silent;
  } finally {
    hangUp();
    await quick.stop();
  }
});

test('streams side by side do not mix', async () => {
  gcp.answer = (_request, response, entry) => {
    const { n } = JSON.parse(entry.body);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let left = 20;
    const step = () => (left-- ? response.write(`data: ${n}\n\n`, () => setImmediate(step)) : response.end());
    step();
  };
  await spread(100, 40, async (n) => {
    assert.equal((await ask(port, '/x', { body: JSON.stringify({ n }) })).text, `data: ${n}\n\n`.repeat(20));
  });
  gcp.answer = json({});
});
