// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Who gets a request: weights, overrides, models, conversations, leases.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';

import { json, routesOf, startBackends, startCounter } from './backend.mjs';
import { ask, chat, hangUp, until, volley } from './client.mjs';
import { startWorkers } from './workerd.mjs';

let gcp, home, tpu, idle, counters, workers, ports;
const models = { engine: 'vllm', models: ['Qwen/Qwen2.5-14B'], aliases: { chat: 'Qwen/Qwen2.5-14B' } };
const llama = { engine: 'ollama', models: ['llama3:8b', 'phi3:latest'], aliases: { chat: 'llama3:8b' } };
const virtual = { small: 'home', large: 'gcp', auto: { largeAbove: 1000 } };
const conversations = Array.from({ length: 600 }, (_, index) => `conversation-${index}`);

before(async () => {
  ({ gcp, home, tpu, idle } = await startBackends('gcp', 'home', 'tpu', 'idle'));
  counters = await Promise.all(['gcp', 'home', 'tpu', 'idle'].map(startCounter));
  const nodes = { gcp: [gcp, 80, models], home: [home, 20, llama] };
  const counted = (weights, more) => ({ routes: routesOf(
    Object.fromEntries(weights.map((weight, index) => [counters[index].name, [counters[index], weight]])), more) });
  const sticky = { stickyHeader: 'x-conversation-id' };
  const lease = (backends, expiresAt) => ({ lease: { id: 'l1', kind: 'drill', owner: 'test', backends, expiresAt } });
  const coming = new Date(Date.now() + 3_600_000).toISOString();
  workers = await startWorkers({
    split: counted([50, 30, 20, 0]),
    nodes: { routes: routesOf({ ...nodes, tpu: [tpu, 0, { engine: 'openai', models: ['gemma'] }] }, { virtual }) },
    named: { routes: routesOf({ home: [home, 1], home2: [gcp, 1], ollama: [tpu, 1, llama] }) },
    any: { routes: routesOf({ gcp: [gcp, 1, models], home: [home, 0.0001, { engine: 'openai' }] }) },
    drained: { routes: routesOf({ gcp: [gcp, 1, models], home: [home, 0, llama] }) },
    before: counted([80, 20], sticky),
    after: counted([60, 40], sticky),
    joined: counted([80, 20, 25], sticky),
    leased: counted([80, 20, 0], lease({ gcp: 0 }, coming)),
    expired: counted([80, 20, 0], lease({ gcp: 0, home: 100 }, '2026-01-26T10:00:00Z')),
    foolish: counted([80, 20, 0], lease({ gcp: 0, home: 0 }, coming)),
    lists: { routes: routesOf({ gcp: [gcp, 80, models], home: [home, 20, llama], tpu: [tpu, 1, { engine: 'ollama' }], idle: [idle, 0] }, { virtual }) },
  });
  ports = workers.ports;
});
beforeEach(() => { for (const backend of [gcp, home, tpu, idle]) backend.reset(); });
after(async () => {
  hangUp();
  await workers?.stop();
  await Promise.all([gcp, home, tpu, idle, ...counters].map((backend) => backend.stop()));
});

function tally(answered) {
  const seen = {};
  for (const id of answered) seen[id] = (seen[id] ?? 0) + 1;
  return seen;
}

test('20 000 requests are split by weight', async () => {
  const total = 20_000;
  const seen = tally(await volley(ports.split, total));
  assert.deepEqual(Object.keys(seen).sort(), ['gcp', 'home', 'tpu'], 'weight 0 gets nothing');
  for (const { name, count } of counters) assert.equal(count, seen[name] ?? 0, 'the header tells the truth');
  const shares = { gcp: 0.5, home: 0.3, tpu: 0.2 };
  const chi2 = Object.entries(shares).reduce((sum, [id, share]) => sum + (seen[id] - total * share) ** 2 / (total * share), 0);
  assert.ok(chi2 < 27.6, `chi-square ${chi2} with 2 degrees of freedom: p < 1e-6 (${JSON.stringify(seen)})`);
});

test('X-Backend is strict', async () => {
  const to = (id, port = ports.nodes) => chat(port, 'chat', { headers: { 'x-backend': id } });
  for (let i = 0; i < 30; ++i) assert.equal((await to('home')).headers['x-hybridge-backend'], 'home');
  assert.equal((await to('tpu')).headers['x-hybridge-backend'], 'tpu', 'in spite of weight 0');
  assert.equal((await to(' home ')).headers['x-hybridge-backend'], 'home');
  assert.equal((await ask(ports.leased, '/x', { headers: { 'x-backend': 'gcp' } })).headers['x-hybridge-backend'], 'gcp', 'in spite of the lease');
  gcp.answer = json({ error: 'busy' }, 503);
  for (let i = 0; i < 5; ++i) { // beyond what opens the breaker
    const answer = await to('gcp');
    assert.equal(answer.status, 503, 'no failover');
    assert.equal(answer.headers['x-hybridge-attempts'], '1');
  }
  gcp.reset();
  const { backends } = (await ask(ports.nodes, '/__hybridge/routes')).json;
  assert.equal(backends[0].breaker.failures, 0, 'a strict request is no evidence');
  for (const id of ['nope', '', 'gcp, home', 'GCP', 'constructor', '__proto__']) {
    const answer = await to(id);
    assert.equal(answer.status, 400, id);
    assert.equal(answer.json.error.code, 'unknown_backend');
  }
  assert.equal((await ask(ports.nodes, '/home/v1/models', { headers: { 'x-backend': 'gcp' } })).status, 400, 'contradiction');
  assert.equal(home.seen.length, 31);
});

test('a path names a backend, or those with Ollama', async () => {
  const paths = [
    [ports.nodes, '/home/v1/x?q=1', 'home', '/v1/x?q=1'], [ports.nodes, '/home', 'home', '/'], [ports.nodes, '/home/', 'home', '/'],
    [ports.nodes, '/ollama/api/version', 'home', '/api/version'], [ports.nodes, '/ollama', 'home', '/'],
    [ports.nodes, '/api/ps', 'home', '/api/ps'], [ports.nodes, '/gcp/api/ps', 'gcp', '/api/ps'],
    [ports.nodes, '/tpu/health', 'tpu', '/health'], [ports.named, '/home2/x', 'home2', '/x'], [ports.named, '/home/home2/x', 'home', '/home2/x'],
    [ports.named, '/ollama/x', 'ollama', '/x'], [ports.named, '/api/ps', 'ollama', '/api/ps'],
  ];
  for (const [port, path, id, url] of paths) {
    for (const backend of [gcp, home, tpu]) backend.reset();
    const answer = await ask(port, path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers['x-hybridge-backend'], id, path);
    assert.deepEqual([gcp, home, tpu].flatMap(({ seen }) => seen.map((entry) => entry.url)), [url]);
  }
  for (const path of ['/Home/x', '/homex', '/ollamas/x']) { // no prefix: split by weight, whole path
    const answer = await ask(ports.nodes, path);
    assert.equal([gcp, home].flatMap(({ seen }) => seen).at(-1).url, path);
    assert.equal(answer.status, 200);
    for (const backend of [gcp, home]) backend.reset();
  }
  assert.equal((await ask(ports.any, '/api/tags')).status, 404, 'nobody has Ollama');
  home.answer = json({ error: 'busy' }, 503);
  assert.equal((await ask(ports.nodes, '/home/x')).status, 503, 'a path that names one backend has no other');
  const answer = await ask(ports.nodes, '/home/api/show', { body: '{"model":"chat"}' });
  assert.equal(JSON.parse(home.seen.at(-1).body).model, 'llama3:8b', 'aliases hold there too');
  assert.equal(answer.status, 503);
});

test('the model decides who can', async () => {
  for (const [model, id, local] of [
    ['Qwen/Qwen2.5-14B', 'gcp', 'Qwen/Qwen2.5-14B'], ['llama3:8b', 'home', 'llama3:8b'], ['phi3', 'home', 'phi3'],
  ]) {
    for (let i = 0; i < 10; ++i) {
      const answer = await chat(ports.nodes, model);
      assert.deepEqual([answer.headers['x-hybridge-backend'], answer.json.model, answer.headers['x-hybridge-model']], [id, local, local]);
    }
  }
  const seen = new Set();
  await until(async () => {
    const answer = await chat(ports.nodes, 'chat');
    const local = answer.headers['x-hybridge-backend'] === 'gcp' ? 'Qwen/Qwen2.5-14B' : 'llama3:8b';
    assert.equal(answer.json.model, local);
    assert.equal(answer.headers['x-hybridge-model'], local);
    return seen.add(local).size === 2;
  }, 'both backends take the alias');
  const unknown = await chat(ports.nodes, 'gpt-ü');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.json.error.code, 'model_not_found');
  assert.match(unknown.json.error.message, /llama3:8b/);
  assert.equal(typeof (await ask(ports.nodes, '/api/chat', { body: '{"model":"nope"}' })).json.error, 'string', "Ollama's shape");
  const drained = await chat(ports.nodes, 'gemma');
  assert.deepEqual([drained.status, drained.json.error.code], [503, 'drained']);
  assert.equal((await chat(ports.nodes, 'gemma', { headers: { 'x-backend': 'tpu' } })).status, 200);
  assert.equal((await chat(ports.any, 'whatever')).headers['x-hybridge-backend'], 'home', 'no list of models: any name');
  assert.equal((await chat(ports.nodes, 'toString')).status, 404);
  const away = await ask(ports.drained, '/api/chat', { body: '{"model":"llama3:8b"}' });
  assert.deepEqual([away.status, away.json.code], [503, 'drained'], 'the only Ollama is out of service, and /api names nobody');
  assert.equal((await ask(ports.drained, '/home/api/chat', { body: '{"model":"llama3:8b"}' })).status, 200);
});

test('virtual models: small, large, auto by a rule that is shown', async () => {
  const post = (body) => ask(ports.nodes, '/v1/chat/completions', { body });
  for (const [name, id, local] of [['small', 'home', 'llama3:8b'], ['large', 'gcp', 'Qwen/Qwen2.5-14B']]) {
    for (let i = 0; i < 10; ++i) {
      const answer = await chat(ports.nodes, name);
      assert.deepEqual([answer.headers['x-hybridge-backend'], answer.json.model], [id, local]);
      assert.equal(answer.headers['x-hybridge-rule'], undefined);
    }
  }
  const long = `[${JSON.stringify('x'.repeat(4 * 990 - 4))}]`; // 990 tokens as the rule counts
  for (const [rest, id, rule] of [
    ['', 'home', 'auto: 990 prompt + 0 answer tokens = 990, at most 1000: small'],
    [',"max_tokens":10', 'home', 'auto: 990 prompt + 10 answer tokens = 1000, at most 1000: small'],
    [',"max_tokens":11', 'gcp', 'auto: 990 prompt + 11 answer tokens = 1001, above 1000: large'],
    [',"max_completion_tokens":11', 'gcp', 'auto: 990 prompt + 11 answer tokens = 1001, above 1000: large'],
    [',"max_tokens":"11"', 'home', 'auto: 990 prompt + 0 answer tokens = 990, at most 1000: small'],
  ]) {
    const answer = await post(`{"messages":${long},"model":"auto"${rest}}`);
    assert.equal(answer.headers['x-hybridge-rule'], rule);
    assert.equal(answer.headers['x-hybridge-backend'], id);
  }
  assert.equal((await post(`{"prompt":"${'x'.repeat(5000)}","model":"auto"}`)).headers['x-hybridge-backend'], 'gcp');
  home.answer = json({}, 502);
  const failedOver = await chat(ports.nodes, 'small');
  assert.deepEqual([failedOver.status, failedOver.headers['x-hybridge-backend'], failedOver.json.model], [200, 'gcp', 'Qwen/Qwen2.5-14B']);
  home.reset();
  assert.match((await ask(ports.nodes, '/__hybridge/routes')).json.rule, /1000/);
});

test('a conversation stays, and a changed weight moves only the share it must', async () => {
  const homes = async (port) => {
    const answered = await volley(port, conversations.length, { headers: (index) => `x-conversation-id: ${conversations[index]}\r\n` });
    return new Map(conversations.map((id, index) => [id, answered[index]]));
  };
  const [old, again, changed, joined] = [await homes(ports.before), await homes(ports.before), await homes(ports.after), await homes(ports.joined)];
  assert.deepEqual(again, old, 'the same conversation, the same backend');
  const share = (map, id) => [...map.values()].filter((one) => one === id).length / map.size;
  // Hashes of fixed names: these numbers never change, the margins are for readers (five sigma).
  assert.ok(Math.abs(share(old, 'gcp') - 0.8) < 0.082, `${share(old, 'gcp')}`);
  assert.ok(Math.abs(share(changed, 'gcp') - 0.6) < 0.1, `${share(changed, 'gcp')}`);
  const moved = conversations.filter((id) => old.get(id) !== changed.get(id));
  assert.ok(moved.every((id) => old.get(id) === 'gcp' && changed.get(id) === 'home'), 'nobody moves the other way');
  assert.ok(Math.abs(moved.length / conversations.length - 0.2) < 0.082, `${moved.length} moved`);
  const left = conversations.filter((id) => old.get(id) !== joined.get(id));
  assert.ok(left.every((id) => joined.get(id) === 'tpu'), 'whoever joins takes, nobody else changes');
  assert.ok(Math.abs(left.length / conversations.length - 0.2) < 0.082, `${left.length} left`);
  const free = tally(await volley(ports.before, 200, { headers: () => 'x-conversation-id:  \r\n' }));
  assert.equal(Object.keys(free).length, 2, 'an empty id is none');
});

test('a lease holds until it expires, and not where it would leave nobody', async () => {
  assert.deepEqual(Object.keys(tally(await volley(ports.leased, 60))), ['home']);
  for (const port of [ports.expired, ports.foolish])
    assert.deepEqual(Object.keys(tally(await volley(port, 200))).sort(), ['gcp', 'home']);
  const told = async (port) => (await ask(port, '/__hybridge/routes')).json;
  assert.deepEqual([(await told(ports.leased)).lease.state, (await told(ports.expired)).lease.state, (await told(ports.foolish)).lease.state],
    ['active', 'expired', 'ignored']);
  assert.deepEqual((await told(ports.leased)).backends.map(({ weight, weightNow, share }) => [weight, weightNow, share]),
    [[80, 0, 0], [20, 20, 1], [0, 0, 0]]);
  const expiresAt = new Date(Date.now() + 1500);
  const lease = { id: 'l2', kind: 'weight', owner: 'test', backends: { home: 0 }, expiresAt: expiresAt.toISOString() };
  const short = await startWorkers({ one: { routes: routesOf({ gcp: [gcp, 1], home: [home, 1] }, { lease }) } });
  try {
    let during = 0;
    await until(async () => {
      const { headers } = await ask(short.ports.one, '/health');
      // Judged by the router's clock before the answer came: what came before the end was asked before it.
      if (Date.now() < expiresAt.getTime()) {
        during += 1;
        assert.equal(headers['x-hybridge-backend'], 'gcp');
      }
      return headers['x-hybridge-backend'] === 'home';
    }, 'the lease ends by itself');
    assert.ok(Date.now() >= expiresAt.getTime() && during > 0);
  } finally {
    hangUp();
    await short.stop();
  }
});

test('the lists of models are merged', async () => {
  gcp.answer = json({ object: 'list', data: [{ id: 'Qwen/Qwen2.5-14B', max_model_len: 8192 }, { id: 'both' }] });
  home.answer = (request, response, entry) => json(entry.url === '/api/tags' ? { models: [{ name: 'llama3:8b', size: 1 }] }
    : { object: 'list', data: [{ id: 'llama3:8b' }, { id: 'both' }, { nonsense: true }] })(request, response);
  tpu.answer = (request, response, entry) => json(entry.url === '/api/tags' ? { models: [{ name: 'llama3:8b', size: 2 }, { name: 'x' }] }
    : { object: 'list', data: [] })(request, response);
  const list = await ask(ports.lists, '/v1/models');
  assert.equal(list.status, 200);
  assert.equal(list.headers['x-hybridge-backend'], 'gcp,home,tpu');
  assert.equal(list.json.object, 'list');
  assert.deepEqual(list.json.data.map(({ id }) => id), ['Qwen/Qwen2.5-14B', 'both', 'llama3:8b', 'chat', 'small', 'large', 'auto']);
  assert.equal(list.json.data[0].max_model_len, 8192, "an engine's entry is kept whole");
  assert.equal(idle.seen.length, 0, 'out of service, out of the list');
  assert.deepEqual((await ask(ports.lists, '/api/tags')).json, { models: [{ name: 'llama3:8b', size: 1 }, { name: 'x' }] });
  gcp.answer = (request, response) => response.writeHead(request.headers['if-none-match'] ? 304 : 200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
    .end(zlib.gzipSync(JSON.stringify({ data: [{ id: 'zipped' }] })));
  const zipped = await ask(ports.lists, '/v1/models', { headers: { 'accept-encoding': 'gzip', 'if-none-match': '"e"' } });
  assert.deepEqual([zipped.headers['x-hybridge-missing'], zipped.json.data[0]], [undefined, { id: 'zipped' }]);
  gcp.answer = json({ object: 'list', data: [] });
  home.answer = json({}, 503);
  tpu.answer = (request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
  const partial = await ask(ports.lists, '/v1/models');
  assert.equal(partial.headers['x-hybridge-backend'], 'gcp');
  assert.equal(partial.headers['x-hybridge-missing'], 'home,tpu');
  gcp.answer = json({}, 500);
  assert.equal((await ask(ports.lists, '/v1/models')).status, 502);
  const huge = JSON.stringify({ data: [{ id: 'x'.repeat(300_000) }] });
  for (const length of [{ 'content-length': huge.length }, {}]) {
    gcp.answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json', ...length }).end(huge);
    assert.equal((await ask(ports.lists, '/v1/models')).status, 502, 'lists have an end');
  }
  gcp.reset(json({ object: 'list', data: [{ id: 'only here' }] }));
  assert.deepEqual((await ask(ports.lists, '/gcp/v1/models')).json.data, [{ id: 'only here' }], 'not merged where one is named');
  assert.equal((await ask(ports.lists, '/v1/models', { headers: { 'x-backend': 'gcp' } })).text, '{"object":"list","data":[{"id":"only here"}]}');
});

test('the probe is one unmerged request by weight', async () => {
  const seen = tally(await volley(ports.split, 200, { path: '/__hybridge/probe' }));
  assert.deepEqual(Object.keys(seen).sort(), ['gcp', 'home', 'tpu']);
  const one = await ask(ports.nodes, '/__hybridge/probe?hybridge=n1');
  assert.deepEqual([one.status, one.headers['x-hybridge-attempts']], [200, '1']);
  assert.deepEqual([...gcp.seen, ...home.seen].map(({ url }) => url), ['/v1/models?hybridge=n1']);
  assert.equal((await ask(ports.split, '/__hybridge/probe', { body: '{}' })).status, 405);
  assert.equal((await ask(ports.split, '/__hybridge/other')).status, 404);
});
