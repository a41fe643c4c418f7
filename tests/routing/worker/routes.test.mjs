// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// ROUTES: what is refused, with which words, and what goes on meanwhile.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { json, read, startBackends } from './backend.mjs';
import { ask, chat, hangUp, until } from './client.mjs';
import { startWorkers } from './workerd.mjs';

let gcp;
before(async () => { ({ gcp } = await startBackends('gcp')); });
after(async () => {
  hangUp();
  await gcp.stop();
});

const backend = (more) => ({ id: 'gcp', url: gcp.url, weight: 1, engine: 'vllm', models: ['big'], ...more });
const good = (more) => ({ version: 7, backends: [backend()], ...more });
const lease = (more) => good({ lease: { id: 'l', kind: 'drill', owner: 'me', backends: { gcp: 1 }, expiresAt: '2026-01-26T10:00:00Z', ...more } });
const withBackend = (more) => good({ backends: [backend(more)] });
const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

test('a malformed ROUTES is refused with the place and what was expected there, never with what stood there', async () => {
  const refused = [ // [the document, what the answer must say]
    [undefined, 'a binding named ROUTES'], [null, '/: expected an object, found null'], [[], 'found a list'], ['text', '/: expected JSON'], [7, 'found 7'],
    [without(good(), 'version'), '/version: expected an integer from 0, found nothing'], [good({ version: '7' }), '/version'], [good({ version: -1 }), '/version'], [good({ version: 1.5 }), '/version'], [good({ version: 2 ** 60 }), '/version'],
    [without(good(), 'backends'), '/backends'], [good({ backends: {} }), '/backends: expected a list, found object'], [good({ backends: [] }), '1 to 32'], [good({ backends: [null] }), '/backends/0: expected an object, found null'],
    [good({ backends: Array.from({ length: 33 }, (_, index) => ({ id: `n${index}`, url: 'https://a', weight: 1, engine: 'vllm' })) }), '1 to 32'],
    [good({ backends: [backend(), backend()] }), '/backends/1/id'], [withBackend({ id: '' }), '/backends/0/id'], [withBackend({ id: 'a b' }), '/backends/0/id'], [withBackend({ id: '-a' }), '/backends/0/id'],
    [withBackend({ id: 'api' }), '/backends/0/id'], [withBackend({ id: 'v1' }), '/backends/0/id'], [withBackend({ id: 'a/b' }), '/backends/0/id'], [withBackend({ id: '__hybridge' }), '/backends/0/id'], [withBackend({ id: 7 }), '/backends/0/id'], [withBackend({ id: 'x'.repeat(64) }), '/backends/0/id'],
    ...['http://gcp-llm.example.com', 'ftp://127.0.0.1', 'https://a/path', 'https://a?x', 'https://a#x', 'https://user:hunter2@a', 'https://a@b', 'gcp', '', 'https://', 'http://127.0.0.1.evil.com', 'http://localhost.evil.com', 'http://10.0.0.1', 'javascript:1', ' https://a', 'https://a\n', 'https:\\\\a', 7, null]
      .map((url) => [withBackend({ url }), '/backends/0/url']),
    [good({ backends: [without(backend(), 'url')] }), 'either "url" or "vpc"'], [withBackend({ vpc: 'X' }), 'either "url" or "vpc"'], [good({ backends: [{ ...without(backend(), 'url'), vpc: 'NONE' }] }), '/backends/0/vpc'],
    [withBackend({ vpcHost: 'a:1' }), '/backends/0/vpcHost'],
    ...[-1, '1', null, 1e9, true].map((weight) => [withBackend({ weight }), '/backends/0/weight']), [good({ backends: [without(backend(), 'weight')] }), '/backends/0/weight'],
    [withBackend({ weight: 0 }), 'at least one weight above 0'], [withBackend({ engine: 'tgi' }), '/backends/0/engine'], [withBackend({ engine: 'constructor' }), '/backends/0/engine'], [good({ backends: [without(backend(), 'engine')] }), '/backends/0/engine'],
    [withBackend({ models: 'big' }), '/backends/0/models'], [withBackend({ models: [''] }), '/backends/0/models/0'], [withBackend({ models: ['a\n'] }), '/backends/0/models/0'], [withBackend({ models: [7] }), '/backends/0/models/0'],
    [withBackend({ aliases: ['a'] }), '/backends/0/aliases'], [withBackend({ aliases: { a: 7 } }), '/backends/0/aliases'], [withBackend({ aliases: { '': 'a' } }), '/backends/0/aliases'],
    [good({ virtual: [] }), '/virtual'], [good({ virtual: { small: 'nope' } }), '/virtual/small'], [good({ virtual: { small: 7 } }), '/virtual/small'], [good({ virtual: { medium: 'gcp' } }), '/virtual/medium: unknown key'],
    [good({ virtual: { small: 'gcp', auto: { largeAbove: 1 } } }), '/virtual/auto'], [good({ virtual: { small: 'gcp', large: 'gcp', auto: { largeAbove: '1' } } }), '/virtual/auto/largeAbove'], [good({ virtual: { small: 'gcp', large: 'gcp', auto: { largeAbove: -1 } } }), 'largeAbove'],
    [good({ backends: [backend({ models: [] })], virtual: { small: 'gcp' } }), 'a backend that names a model'],
    [good({ lease: 7 }), '/lease'], [lease({ id: undefined }), '/lease/id'], [lease({ kind: 'holiday' }), '/lease/kind'], [lease({ owner: 7 }), '/lease/owner'], [lease({ backends: {} }), '/lease/backends'], [lease({ backends: { nope: 0 } }), '/lease/backends'], [lease({ backends: { gcp: '0' } }), '/lease/backends/gcp'], [lease({ backends: { gcp: -1 } }), '/lease/backends/gcp'],
    ...['tomorrow', '2026-01-26', '2026-01-26T10:00:00', '2026-01-26T10:00:00+02:00', '2026-13-26T10:00:00Z', 1769421600, null].map((expiresAt) => [lease({ expiresAt }), '/lease/expiresAt']), [lease({ extra: 1 }), '/lease/extra: unknown key'],
    [good({ stickyHeader: '' }), '/stickyHeader'], [good({ stickyHeader: 'a b' }), '/stickyHeader'], [good({ stickyHeader: 'a:' }), '/stickyHeader'], [good({ stickyHeader: 7 }), '/stickyHeader'],
    [good({ cors: true }), '/cors'], [good({ cors: { origins: [] } }), '/cors/origins'], [good({ cors: { origins: ['*'] } }), '/cors/origins/0'], [good({ cors: { origins: ['https://a/'] } }), '/cors/origins/0'],
    [good({ limits: { firstBytePostMs: 0 } }), '/limits/firstBytePostMs'], [good({ limits: { firstBytePostMs: 600_001 } }), '/limits/firstBytePostMs'], [good({ limits: { other: 1 } }), '/limits/other: unknown key'],
    [good({ wieght: 1 }), '/wieght: unknown key'], [withBackend({ hunter2: 1 }), '/backends/0/hunter2: unknown key'], [good({ 'x-note': 'x'.repeat(5000) }), 'at most 5000 bytes'],
  ];
  const workers = Object.fromEntries(refused.map(([routes], index) => [`w${index}`, { routes }]));
  for (const [name, text] of Object.entries({ cut: '{"version":7,', empty: '', long: JSON.stringify(good({ 'x-note': 'x'.repeat(5000) })), list: '[]' })) workers[name] = { text: { ROUTES: text } };
  const running = await startWorkers(workers);
  try {
    for (const [index, [routes, words]] of refused.entries()) {
      const what = JSON.stringify(routes);
      const answer = await chat(running.ports[`w${index}`], 'big');
      assert.equal(answer.status, 500, what);
      assert.equal(answer.json.error.code, 'routes_malformed', what);
      assert.ok(answer.json.error.message.includes(words), `${what}: ${answer.json.error.message}`);
      assert.ok(answer.headers['x-hybridge-routes-error'].includes(words.slice(0, 20)), what);
      assert.ok(!answer.text.includes('hunter2') || words.includes('hunter2'), 'a value is not repeated');
      assert.equal((await ask(running.ports[`w${index}`], '/__hybridge/routes')).status, 500);
    }
    for (const name of ['cut', 'empty', 'long', 'list']) assert.equal((await chat(running.ports[name], 'big')).json.error.code, 'routes_malformed', name);
    assert.equal(gcp.seen.length, 0);
    assert.equal(running.words(), '', 'a refusal is no crash');
  } finally {
    hangUp();
    await running.stop();
  }
});

test('everything that is allowed is taken, as JSON or as text', async () => {
  const full = {
    version: 0, 'x-note': { any: 'thing' }, stickyHeader: null, lease: null, virtual: null, cors: null, limits: {},
    backends: [backend({ 'x-note': 1, aliases: { 'public name ü': 'big', ['__proto__']: 'big' } }), { id: 'A.b_c-9', url: 'https://node.example.com:8443', weight: 0, engine: 'openai' },
      { id: 'six', url: 'http://[::1]:8000', weight: 0.5, engine: 'ollama', models: [] }, { id: 'constructor', url: 'https://c/', weight: 1, engine: 'vllm' }],
  };
  const leased = { ...full, lease: { id: 'l', kind: 'weight', owner: 'me', backends: { gcp: 0.25 }, expiresAt: '2999-01-26T10:00:00.123Z' } };
  const running = await startWorkers({ json: { routes: full }, text: { text: { ROUTES: JSON.stringify(full) } }, leased: { routes: leased } });
  try {
    for (const name of ['json', 'text']) {
      const told = (await ask(running.ports[name], '/__hybridge/routes')).json;
      assert.deepEqual([told.version, told.error, told.source], [0, null, 'binding']);
      assert.deepEqual(told.backends.map(({ id, url, share }) => [id, url, share]), [['gcp', gcp.url, 0.4], ['A.b_c-9', 'https://node.example.com:8443', 0], ['six', 'http://[::1]:8000', 0.2], ['constructor', 'https://c', 0.4]]);
      assert.deepEqual(told.limits, { firstBytePostMs: 90000, firstByteGetMs: 5000, breakerFailures: 3, breakerPauseMs: 5000 });
    }
    const told = (await ask(running.ports.leased, '/__hybridge/routes')).json;
    assert.deepEqual([told.lease.state, told.backends.map(({ weightNow }) => weightNow)], ['active', [0.25, 0, 0.5, 1]]);
    assert.deepEqual(told.lease.expiresAt, '2999-01-26T10:00:00.123Z');
    assert.equal((await ask(running.ports.json, '/__hybridge/routes', { method: 'HEAD' })).text, '');
    assert.equal((await ask(running.ports.json, '/__hybridge/routes', { body: '{}' })).status, 405);
  } finally {
    hangUp();
    await running.stop();
  }
});

/** Cloudflare's cache of one place, as workerd speaks to it: PUT carries a whole HTTP response. */
async function startCache() {
  const entries = new Map();
  const server = http.createServer(async (request, response) => {
    const key = `${request.headers['cf-cache-namespaces'] ?? request.headers['cf-cache-namespace'] ?? ''} ${request.url}`;
    if (request.method === 'PUT') {
      entries.set(key, (await read(request)).toString('latin1'));
      response.writeHead(204).end();
    } else if (entries.has(key)) {
      const text = entries.get(key);
      response.writeHead(200, { 'cf-cache-status': 'HIT', 'content-type': 'application/json' }).end(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1'));
    } else {
      response.writeHead(504, { 'cf-cache-status': 'MISS' }).end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { entries, server, port: server.address().port, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

test('the last good ROUTES serve on, and every answer says so', async () => {
  const cache = await startCache();
  const secrets = { ACCESS_CLIENT_ID: 'router-id', ACCESS_CLIENT_SECRET: 'router-secret' };
  // A new version of a Worker is a new isolate: nothing but the cache is left of the old one.
  const running = await startWorkers({
    old: { routes: good(), cache: cache.port, secrets }, bad: { routes: good({ version: 'eight' }), cache: cache.port, secrets },
    alone: { routes: good({ version: 'eight' }) }, next: { routes: good({ version: 9 }), cache: cache.port, secrets },
  });
  try {
    gcp.reset(json({ fine: true }));
    assert.equal((await chat(running.ports.bad, 'big')).status, 500, 'there is none yet');
    assert.equal((await chat(running.ports.old, 'big')).headers['x-hybridge-routes'], '7');
    await until(() => cache.entries.size === 1, 'it is kept');
    for (let i = 0; i < 2; ++i) {
      const answer = await chat(running.ports.bad, 'big');
      assert.deepEqual([answer.status, answer.text, answer.headers['x-hybridge-routes']], [200, '{"fine":true}', '7']);
      assert.match(answer.headers['x-hybridge-routes-error'], /^\/version: expected an integer from 0, found string; version 7 serves on$/);
    }
    const told = (await ask(running.ports.bad, '/__hybridge/routes')).json;
    assert.deepEqual([told.version, told.source], [7, 'last good']);
    assert.match(told.error, /\/version/);
    assert.ok(![...cache.entries.values()].some((text) => text.includes('router-secret')), 'no secret is kept');
    assert.ok([...cache.entries.keys()].every((key) => !key.startsWith(' ')), 'in a cache of its own, which no request reaches');
    assert.equal((await chat(running.ports.next, 'big')).headers['x-hybridge-routes'], '9');
    assert.equal((await chat(running.ports.alone, 'big')).status, 500, 'without a cache it says so and stops');
  } finally {
    hangUp();
    await running.stop();
    await cache.stop();
  }
});
