// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the router does when a backend does not answer well: second tries, the breaker, and what it must leave alone.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Backend, cut, deferred, json, routesOf, silent, startBackends } from './backend.mjs';
import { ask, chat, hangUp, open, spread, until } from './client.mjs';
import { startWorkers } from './workerd.mjs';

const body = JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], model: 'chat' });
// Nothing here waits for 90 s: the limits are keys of ROUTES.
const limits = { firstBytePostMs: 2000, firstByteGetMs: 2000, breakerFailures: 1_000 };
let gcp, home, workers, ports;

before(async () => {
  ({ gcp, home } = await startBackends('gcp', 'home'));
  const models = [{ models: ['big'], aliases: { chat: 'big' } }, { engine: 'ollama', models: ['llama'], aliases: { chat: 'llama' } }];
  // Rendezvous with such weights always begins with gcp.
  const both = { gcp: [gcp, 1_000_000, models[0]], home: [home, 1e-9, models[1]] };
  const brittle = { ...limits, breakerFailures: 3, breakerPauseMs: 250 };
  workers = await startWorkers({
    both: { routes: routesOf(both, { limits }) },
    breaker: { routes: routesOf(both, { limits: { ...brittle, breakerPauseMs: 800 } }) },
    recovering: { routes: routesOf(both, { limits: brittle }) },
    lonely: { routes: routesOf({ gcp: [gcp, 1] }, { limits: brittle }) },
    resting: { routes: routesOf(both, { limits: brittle }) },
    ollamas: { routes: routesOf({ gcp: [gcp, 1_000_000, { engine: 'ollama' }], home: [home, 1e-9, { engine: 'ollama' }] }, { limits }) },
    left: { routes: routesOf(both, { limits: brittle }) },
  });
  ports = workers.ports;
});
beforeEach(() => { gcp.reset(); home.reset(); });
after(async () => {
  hangUp();
  await workers?.stop();
  await Promise.all([gcp.stop(), home.stop()]);
});

const status = (code, headers = {}) => json({ error: code }, code, headers);
const page = (code, headers = {}) => (_request, response) => response.writeHead(code, { 'content-type': 'text/html; charset=UTF-8', ...headers }).end('<html>');
const partly = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
  response.write('{"choices":[', () => response.socket.resetAndDestroy());
};
const partlyChunked = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"choices":[', () => response.socket.resetAndDestroy());
};

for (const [what, answer, outcome] of [
  ['a connection that closes', cut, /connection failed/],
  ['half a status line', (request) => request.socket.end('HTTP/1.1 20'), /connection failed/],
  ['no HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'), /connection failed/],
  ['silence', silent, /no answer within 2000 ms/],
  ['a short answer cut in the middle', partly, /connection failed/],
  ['a short answer without length, cut', partlyChunked, /connection failed/],
  ...[502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530].map((code) => [`${code}`, status(code), new RegExp(`answered ${code}`)]),
  ['429 with Retry-After', status(429, { 'retry-after': '0' }), /answered 429/],
  ['a page of the tunnel', page(530), /answered 530/],
  ['the log-in of Access', page(302, { location: 'https://example.cloudflareaccess.com/cdn-cgi/access/login/gcp-llm.example.com?meta=x' }), /token was refused/],
  ['a refusal of Access', page(403), /token was refused/],
  ['a strict refusal of Access', (_request, response) => response.writeHead(401, { 'cf-access-error': 'x' }).end(), /token was refused/],
]) {
  test(`another backend is asked after ${what}`, async () => {
    gcp.answer = answer;
    for (const path of ['/v1/chat/completions', '/v1/models/chat']) {
      gcp.seen.length = home.seen.length = 0;
      const reply = path.endsWith('s') ? await ask(ports.both, path, { body }) : await ask(ports.both, path);
      assert.equal(reply.status, 200);
      assert.deepEqual([reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts']], ['home', '2']);
      assert.deepEqual([gcp.seen.length, home.seen.length], [1, 1], 'once each');
      if (!path.endsWith('s')) continue;
      assert.equal(gcp.seen[0].body.toString(), body.replace('"chat"', '"big"'));
      assert.equal(home.seen[0].body.toString(), body.replace('"chat"', '"llama"'), 'under the name that it knows');
      assert.deepEqual([reply.json.model, reply.headers['x-hybridge-model']], ['llama', 'llama']);
    }
    // With nobody else, the client gets a real answer as it is, or ours that says what happened.
    if (/cut/.test(what)) { // it has begun, and there is no second try that would be a reason to hold it back
      await assert.rejects(ask(ports.both, '/v1/chat/completions', { body, headers: { 'x-backend': 'gcp' } }));
      return;
    }
    const alone = await ask(ports.both, '/v1/chat/completions', { body, headers: { 'x-backend': 'gcp' } });
    assert.equal(alone.headers['x-hybridge-attempts'], '1');
    if (/answered/.test(outcome.source)) {
      assert.equal(alone.status, Number(/\d+/.exec(outcome.source)[0]));
      assert.equal(alone.headers['x-hybridge-backend'], 'gcp');
    } else {
      assert.equal(alone.status, what === 'silence' ? 504 : 502);
      assert.match(alone.json.error.message, outcome);
    }
  });
}

test('another backend is asked when nothing listens', async () => {
  const gone = await Backend.start('gone');
  const router = await startWorkers({ one: { routes: routesOf({ gone: [gone, 1_000_000], home: [home, 1e-9] }, { limits }) } });
  await gone.stop();
  try {
    const reply = await ask(router.ports.one, '/v1/chat/completions', { body });
    assert.deepEqual([reply.status, reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts']], [200, 'home', '2']);
  } finally {
    hangUp();
    await router.stop();
  }
});

test('what an engine means is left alone', async () => {
  for (const [code, headers] of [[400], [401], [403], [404], [409], [422], [429], [500], [501], [505], [529],
    [302, { location: 'https://elsewhere.example.com/x' }], [307, { location: '/v1/other' }], [429, { 'retry-after': 'soon' }]]) {
    gcp.answer = status(code, headers);
    const reply = await ask(ports.both, '/v1/chat/completions', { body });
    assert.deepEqual([reply.status, reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts']], [code, 'gcp', '1']);
    assert.equal(reply.text, JSON.stringify({ error: code }));
    if (headers?.location) assert.equal(reply.headers.location, headers.location);
  }
  assert.equal(home.seen.length, 0);
  gcp.answer = status(307, { location: `${gcp.url}/v1/models/?x=1` });
  assert.equal((await ask(ports.both, '/v1/models/', {})).headers.location, '/v1/models/?x=1', "a node's own address is not told");
});

test('when all fail, the newest real answer is given', async () => {
  gcp.answer = cut;
  home.answer = status(503, { 'retry-after': '7' });
  let reply = await ask(ports.both, '/v1/chat/completions', { body });
  assert.deepEqual([reply.status, reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts'], reply.headers['retry-after'], reply.text],
    [503, 'home', '2', '7', '{"error":503}']);
  gcp.answer = status(429, { 'retry-after': '0' });
  home.answer = cut;
  reply = await ask(ports.both, '/v1/chat/completions', { body });
  assert.deepEqual([reply.status, reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts']], [429, 'gcp', '2']);
  gcp.answer = cut;
  reply = await ask(ports.both, '/v1/chat/completions', { body });
  assert.equal(reply.status, 502);
  assert.match(reply.json.error.message, /gcp: the connection failed; home: the connection failed/);
  gcp.answer = home.answer = silent;
  reply = await ask(ports.both, '/v1/chat/completions', { body });
  assert.deepEqual([reply.status, reply.json.error.code], [504, 'backend_timeout']);
});

test('once a stream has begun nobody else is asked', async () => {
  gcp.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[]}\n\n', () => response.socket.resetAndDestroy());
  };
  await assert.rejects(chat(ports.both, 'chat'), 'the client sees that it was cut');
  assert.deepEqual([gcp.seen.length, home.seen.length], [1, 0]);
});

test('what changes one node is not repeated on another', async () => {
  gcp.answer = status(503);
  for (const [path, method] of [['/api/pull', 'POST'], ['/api/delete', 'DELETE'], ['/api/create', 'POST'], ['/ollama/api/push', 'POST'],
    ['/api/blobs/sha256:00', 'POST'], ['/v1/files/x', 'DELETE'], ['/v1/x', 'PUT'], ['/v1/x', 'PATCH']]) {
    const reply = await ask(ports.ollamas, path, { method, body: '{"model":"x"}' });
    assert.deepEqual([reply.status, reply.headers['x-hybridge-attempts']], [503, '1'], path);
  }
  assert.equal(home.seen.length, 0);
  assert.equal((await ask(ports.ollamas, '/api/chat', { body: '{"model":"x"}' })).headers['x-hybridge-attempts'], '2');
});

const told = async (port) => (await ask(port, '/__hybridge/routes')).json.backends[0].breaker;

test('the breaker opens after three failures, lets one through at a time, and closes again', async () => {
  gcp.answer = status(502);
  let opened = 0;
  for (let i = 1; i <= 3; ++i) {
    opened = Date.now();
    assert.equal((await chat(ports.breaker, 'chat')).headers['x-hybridge-attempts'], '2');
    assert.equal((await told(ports.breaker)).failures, i);
  }
  const { state } = await told(ports.breaker);
  const reply = await chat(ports.breaker, 'chat');
  if (Date.now() - opened < 800) assert.deepEqual([state, reply.headers['x-hybridge-backend'], reply.headers['x-hybridge-attempts']], ['open', 'home', '1'], 'not even tried');
  // Its pause over, one request is let through; while that hangs, the others do not wait behind it.
  gcp.answer = silent;
  gcp.seen.length = 0;
  await until(async () => (await told(ports.breaker)).state === 'trickle', 'the pause ends');
  const replies = [];
  await spread(40, 40, async () => replies.push(await chat(ports.breaker, 'chat')));
  assert.equal(gcp.seen.length, 1, 'one at a time');
  assert.equal(replies.filter(({ headers }) => headers['x-hybridge-attempts'] === '2').length, 1);
  assert.ok(replies.every(({ status: code }) => code === 200), 'and no client is worse off than by a second try');
  assert.notEqual((await told(ports.breaker)).state, 'closed');
  // Then it is well: it gets its share back, without anybody telling the router.
  gcp.reset();
  await until(async () => {
    assert.equal((await chat(ports.breaker, 'chat')).status, 200);
    return (await told(ports.breaker)).state === 'closed';
  }, 'it is used again');
  assert.equal((await chat(ports.breaker, 'chat')).headers['x-hybridge-backend'], 'gcp');
});

test('failures that are not in a row open nothing, and the last backend is always tried', async () => {
  for (let i = 0; i < 9; ++i) {
    gcp.answer = i % 3 === 2 ? json({}) : status(502);
    await chat(ports.recovering, 'chat');
  }
  assert.equal((await told(ports.recovering)).state, 'closed');
  gcp.answer = status(502);
  for (let i = 0; i < 10; ++i) assert.equal((await chat(ports.lonely, 'x')).status, 502);
  assert.equal(gcp.seen.filter(({ body: sent }) => sent.includes('"x"')).length, 10);
  gcp.reset();
  assert.equal((await chat(ports.lonely, 'x')).status, 200, 'an open breaker forbids nothing where there is no other');
});

test('a backend that asked for rest gets it', async () => {
  // One that was let in before ends well afterwards: no reason to disturb again.
  const go = deferred();
  gcp.answer = async (request, response) => {
    await go.promise;
    json({})(request, response);
  };
  const earlier = chat(ports.resting, 'chat');
  await until(() => gcp.seen.length === 1, 'it is let in');
  gcp.answer = status(429, { 'retry-after': '1' });
  const asked = Date.now();
  assert.equal((await chat(ports.resting, 'chat')).headers['x-hybridge-attempts'], '2');
  go.resolve();
  assert.equal((await earlier).headers['x-hybridge-backend'], 'gcp');
  gcp.reset();
  const reply = await chat(ports.resting, 'chat');
  if (Date.now() - asked < 900) assert.equal(reply.headers['x-hybridge-backend'], 'home');
  assert.equal((await told(ports.resting)).failures, 0, 'to be busy is not to fail');
  await until(async () => (await chat(ports.resting, 'chat')).headers['x-hybridge-backend'] === 'gcp', 'it is asked again');
  assert.ok(Date.now() - asked > 800);
  assert.equal((await told(ports.resting)).restUntil, null);
});

test('a client that leaves in the middle of a trial does not leave the breaker stuck', async () => {
  gcp.answer = status(502);
  await until(async () => {
    await chat(ports.left, 'chat');
    return (await told(ports.left)).state === 'open';
  }, 'it opens');
  gcp.answer = silent;
  gcp.seen.length = 0;
  await until(async () => (await told(ports.left)).state === 'trickle', 'the pause ends');
  const trial = open(ports.left, '/v1/chat/completions', { body, leave: true });
  await until(() => gcp.seen.length === 1, 'the trial is there');
  (await trial).socket.resetAndDestroy(); // its code ends with it, in the middle of the trial
  gcp.reset();
  await until(async () => {
    await chat(ports.left, 'chat');
    return (await told(ports.left)).state === 'closed';
  }, 'the next trial');
});
