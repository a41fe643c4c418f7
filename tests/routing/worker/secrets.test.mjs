// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What must not pass: the client's Access headers towards nodes, the router's own towards anybody else, climbing paths,
// smuggled headers, pages of other origins.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { cut, json, routesOf, startBackends } from './backend.mjs';
import { ask, chat, hangUp, raw } from './client.mjs';
import { startWorkers } from './workerd.mjs';

const secrets = { ACCESS_CLIENT_ID: 'router-own-id.access', ACCESS_CLIENT_SECRET: 'router-own-secret-5f2c' };
let gcp, home, evil, workers, ports;

before(async () => {
  ({ gcp, home, evil } = await startBackends('gcp', 'home', 'evil'));
  const routes = routesOf({ gcp: [gcp, 1, { aliases: { chat: 'big' } }], home: [home, 1, { engine: 'ollama' }] }, { stickyHeader: 'x-conversation-id' });
  workers = await startWorkers({
    one: { routes, secrets },
    half: { routes, secrets: { ACCESS_CLIENT_ID: secrets.ACCESS_CLIENT_ID } },
    vpc: { routes: { version: 1, backends: [{ id: 'gcp', vpc: 'GCP', weight: 1, engine: 'ollama' }, { id: 'home', vpc: 'HOME', vpcHost: 'engine.internal:9', weight: 0, engine: 'vllm' }] },
      secrets, services: { GCP: gcp.port, HOME: home.port } },
    cors: { routes: { ...routes, cors: { origins: ['https://chat.example.com'] } }, secrets },
    broken: { routes: { version: 1 }, secrets },
  });
  ports = workers.ports;
});
beforeEach(() => { for (const backend of [gcp, home, evil]) backend.reset(); });
after(async () => {
  hangUp();
  await workers?.stop();
  await Promise.all([gcp, home, evil].map((backend) => backend.stop()));
});

const clean = (answer) => {
  const all = JSON.stringify(answer.raw) + answer.text;
  for (const secret of Object.values(secrets)) assert.ok(!all.includes(secret), all);
};

test("the client's Access headers stay here, the router's own go along", async () => {
  const token = 'client-secret-77';
  const jwt = 'eyJhbGciOi.client.jwt';
  const headers = {
    'x-backend': 'gcp', 'CF-Access-Client-Id': 'client-own-id', 'CF-Access-Client-Secret': token, 'cf-access-jwt-assertion': jwt, 'Cf-Access-Token': jwt,
    'CF-Access-Authenticated-User-Email': 'me@example.com', 'cf_access_client_secret': token, 'X-Service-Token': `{"cf-access-client-id":"i","cf-access-client-secret":"${token}"}`,
    cookie: `a=1; CF_Authorization=${jwt}; b=2;CF_AppSession=${jwt};cf_binding=${jwt}`, authorization: 'Bearer engine-key', 'x-hybridge-model': 'x', 'x-hybridge-backend': 'x',
    'x-conversation-id': 'c1', accept: 'text/event-stream',
  };
  clean(await chat(ports.one, 'chat', { headers }));
  const seen = gcp.seen[0];
  const all = JSON.stringify(seen.raw);
  for (const word of [token, jwt, 'client-own-id', 'me@example.com', 'x-hybridge', 'x-backend']) assert.ok(!all.toLowerCase().includes(word), `${word} in ${all}`);
  assert.deepEqual([seen.headers['cf-access-client-id'], seen.headers['cf-access-client-secret']], Object.values(secrets));
  assert.deepEqual([seen.headers.cookie, seen.headers.authorization, seen.headers['x-conversation-id'], seen.headers.accept],
    ['a=1; b=2', 'Bearer engine-key', 'c1', 'text/event-stream'], 'and what is not Access goes on');
  assert.equal(seen.headers.host, `127.0.0.1:${gcp.port}`);
  for (const cookie of [`CF_Authorization=${jwt}`, ` CF_Authorization =${jwt}`, `a=1, CF_Authorization=${jwt}`, `a="x; cf_authorization=${jwt}"`]) {
    await ask(ports.one, '/x', { headers: { 'x-backend': 'gcp', cookie } });
    assert.ok(!JSON.stringify(gcp.seen.at(-1).raw).includes(jwt), cookie);
  }
  await ask(ports.one, '/x', { headers: { 'x-backend': 'gcp', authorization: `{"CF-Access-Client-Id":"i","cf-access-client-secret":"${token}"}` } });
  assert.equal(gcp.seen.at(-1).headers.authorization, undefined);
  await ask(ports.one, '/v1/models', { headers: { cookie: `CF_Authorization=${jwt}`, 'cf-access-client-secret': token } });
  assert.ok(![...gcp.seen, ...home.seen].slice(-2).some(({ raw: lines }) => JSON.stringify(lines).includes(jwt) || JSON.stringify(lines).includes(token)), 'nor with a merged list');
});

test('half a token is none, and a private hop needs none', async () => {
  await ask(ports.half, '/x', { headers: { 'x-backend': 'gcp', 'cf-access-client-id': 'c' } });
  assert.equal(gcp.seen[0].headers['cf-access-client-id'], undefined);
  assert.equal((await ask(ports.half, '/__hybridge/routes')).json.accessToken, false);
  const answer = await ask(ports.vpc, '/api/version?x=1', { headers: { 'cf-access-client-secret': 'c' } });
  assert.equal(answer.status, 200);
  assert.deepEqual([gcp.seen[1].url, gcp.seen[1].headers.host, gcp.seen[1].headers['cf-access-client-secret']], ['/api/version?x=1', 'localhost:11434', undefined]);
  await ask(ports.vpc, '/home/x');
  assert.equal(home.seen[0].headers.host, 'engine.internal:9');
});

test('no answer tells a secret', async () => {
  for (const [path, options] of [['/__hybridge/routes'], ['/__hybridge/probe'], ['/v1/models'], ['/nope'], ['/x', { headers: { 'x-backend': 'nope' } }],
    ['/x', { method: 'OPTIONS', headers: { origin: 'https://evil.example.com' } }], ['/../x'], ['/%zz'], ['/__hybridge/env'], ['/x', { method: 'TRACE' }],
    ['/x', { headers: { upgrade: 'websocket', connection: 'upgrade' } }]]) {
    clean(await ask(ports.one, path, options));
    clean(await ask(ports.broken, path, options));
  }
  gcp.answer = home.answer = cut;
  clean(await chat(ports.one, 'chat'));
  clean(await ask(ports.one, '/v1/models'));
  const told = (await ask(ports.one, '/__hybridge/routes')).json;
  assert.equal(told.accessToken, true);
  assert.deepEqual(Object.keys(told).sort(), ['accessToken', 'at', 'backends', 'cors', 'error', 'isolate', 'lease', 'limits', 'rule', 'source', 'stickyHeader', 'version', 'virtual']);
  assert.ok(!workers.words().includes(secrets.ACCESS_CLIENT_SECRET), 'nor does the log');
  assert.equal(workers.words(), '', 'and nothing failed inside');
});

test('what a backend says as if it were the router or Access is not passed on', async () => {
  gcp.answer = json({}, 200, { 'x-hybridge-backend': 'home', 'x-hybridge-attempts': '9', 'X-Hybridge-Routes': '99', 'x-hybridge-else': 'x', 'x-hybridge-model': 'y',
    'cf-access-jwt-assertion': 'j', 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true', 'set-cookie': ['CF_Authorization=x; Path=/', 'a=1; Path=/', 'cf_appsession=y', 'b=2'] });
  const { headers } = await ask(ports.one, '/x', { headers: { 'x-backend': 'gcp' } });
  const ours = Object.fromEntries(Object.entries(headers).filter(([name]) => /^(x-hybridge|cf-access|access-control)/.test(name)));
  assert.deepEqual(ours, { 'x-hybridge-backend': 'gcp', 'x-hybridge-attempts': '1', 'x-hybridge-routes': '7' });
  assert.deepEqual(headers['set-cookie'], ['a=1; Path=/', 'b=2']);
});

test('paths that climb or lead elsewhere end here', async () => {
  for (const path of ['/v1/%2e%2e%2fadmin', '/..%2fx', '/v1/..%5c..%5cx', '/gcp/%2e%2e%2f%2e%2e%2fetc', '/%252e%252e%252fx', '/%25252e%25252e%25252fx', '/x%00', '/x%0d%0aHost:%20evil',
    '/%ff', '/%', '/x%', '/x/..;/y', '/a%5cb', '/a%2f.%2fb', '/%c0%ae%c0%ae/x']) {
    const answer = await ask(ports.one, path);
    assert.equal(answer.status, 400, path);
  }
  assert.equal(gcp.seen.length + home.seen.length, 0);
  // What is left of these is a path of the named backend, whatever it looks like.
  const host = `127.0.0.1:${evil.port}`;
  for (const [path, url] of [[`/gcp//${host}/x`, `//${host}/x`], [`/gcp/@${host}/`, `/@${host}/`], [`/gcp/http://${host}/`, `/http://${host}/`], [`//${host}/x`, `//${host}/x`],
    ['/gcp/../home/x', '/x'], ['/gcp/%2e%2e/home/x', '/x'], ['/gcp\\..\\home\\x', '/x'], ['/v1/models/Qwen%2FQwen2.5', '/v1/models/Qwen%2FQwen2.5'], ['/gcp/x?u=http://a/../b', '/x?u=http://a/../b'],
    ['/gcp/a%20b;c=1', '/a%20b;c=1'], ['/gcp/%E4%BD%A0', '/%E4%BD%A0'], [`/.${host}/x`, `/.${host}/x`]]) {
    gcp.seen.length = home.seen.length = 0;
    const answer = await ask(ports.one, path);
    assert.equal(answer.status, 200, path);
    assert.deepEqual([...gcp.seen, ...home.seen].map((entry) => entry.url), [url], path);
  }
  assert.equal(evil.seen.length, 0);
});

test('no header leads the router, or its token, to another host', async () => {
  const host = `127.0.0.1:${evil.port}`;
  for (const text of [
    `GET http://${host}/x HTTP/1.1\r\nHost: ${host}\r\n\r\n`, `GET /x HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: ${host}\r\nForwarded: host=${host}\r\n\r\n`,
    `GET /gcp/x HTTP/1.1\r\nHost: gcp@${host}\r\n\r\n`, `GET @${host}/x HTTP/1.1\r\nHost: a\r\n\r\n`, `GET /x HTTP/1.1\r\nHost: a\r\nHost: ${host}\r\n\r\n`,
    `GET /x HTTP/1.1\r\nHost: a\r\nX-Original-URL: http://${host}/\r\nX-Rewrite-URL: http://${host}/\r\n\r\n`,
  ]) await raw(ports.one, text);
  assert.equal(evil.seen.length, 0);
  assert.ok([...gcp.seen, ...home.seen].every(({ headers }) => headers.host === `127.0.0.1:${gcp.port}` || headers.host === `127.0.0.1:${home.port}`));
});

test('smuggled headers and requests', async () => {
  const post = (lines, body = '') => raw(ports.one, `POST /x HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  // A second request hidden in the first one's body must never become one of its own at a backend.
  const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const lines of [['Content-Length: 4', 'Transfer-Encoding: chunked'], ['Transfer-Encoding: chunked', 'Content-Length: 4'], ['Transfer-Encoding: xchunked', `Content-Length: ${hidden.length + 5}`],
    ['Content-Length: 4', `Content-Length: ${hidden.length + 5}`], ['Transfer-Encoding : chunked', 'Content-Length: 4'], ['Transfer-Encoding: chunked, identity', 'Content-Length: 4']])
    await post(['X-Backend: gcp', ...lines], `0\r\n\r\n${hidden}`);
  assert.ok(gcp.seen.every(({ headers }) => !(headers['transfer-encoding'] && headers['content-length'])), 'one length at most');
  assert.ok(gcp.seen.every(({ url, headers }) => url !== '/hidden' || headers['cf-access-client-secret'] === secrets.ACCESS_CLIENT_SECRET));
  // "Connection" may name headers that the next hop drops: not ours.
  gcp.seen.length = 0;
  await post(['X-Backend: gcp', 'Connection: close, CF-Access-Client-Secret, cf-access-client-id', 'Content-Length: 0']);
  assert.deepEqual([gcp.seen[0]?.headers['cf-access-client-id'], gcp.seen[0]?.headers['cf-access-client-secret']], Object.values(secrets));
  assert.doesNotMatch(gcp.seen[0].headers.connection ?? '', /access/i);
  for (const lines of [['X-Backend: gcp', 'X-Backend: home'], ['X-Backend: gcp, home'], ['X-Backend: gcp\thome']])
    assert.match(await post([...lines, 'Content-Length: 0']), /^HTTP\/1\.1 400 /);
  for (const lines of [['X-Backend : gcp'], ['X-Backend: gcp\u0000'], [' X-Backend: gcp']])
    assert.doesNotMatch(await post([...lines, 'Content-Length: 0']), /^HTTP\/1\.1 5/);
  assert.match(await raw(ports.one, 'TRACE /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 (405|501) /);
  assert.match(await raw(ports.one, 'CONNECT gcp:443 HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 (4|5)\d\d |^$/);
  assert.match(await raw(ports.one, 'GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'), /^HTTP\/1\.1 501 /);
});

test('pages of other origins: nobody unless named', async () => {
  gcp.answer = home.answer = json({}, 200, { 'access-control-allow-origin': '*' });
  const preflight = (port, origin) => ask(port, '/v1/chat/completions', { method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, x-backend' } });
  const allowed = (answer) => answer.headers['access-control-allow-origin'];
  for (const [port, origin, status, allow] of [[ports.one, 'https://chat.example.com', 403], [ports.cors, 'https://evil.example.com', 403], [ports.cors, 'null', 403],
    [ports.cors, 'https://chat.example.com.evil.com', 403], [ports.cors, 'https://chat.example.com', 204, 'https://chat.example.com']]) {
    const answer = await preflight(port, origin);
    assert.deepEqual([answer.status, allowed(answer)], [status, allow], origin);
    const got = await chat(port, 'chat', { headers: { origin } });
    assert.deepEqual([got.status, allowed(got)], [200, allow]);
    const refused = await ask(port, '/x', { headers: { origin, 'x-backend': 'nope' } });
    assert.deepEqual([refused.status, allowed(refused)], [400, allow], 'a page may read why');
    if (port === ports.cors) assert.match(got.headers.vary, /origin/);
    // Whom we judged, Ollama need not; whom we did not, it should.
    assert.equal([...gcp.seen, ...home.seen].at(-1).headers.origin ?? [...gcp.seen].at(-1)?.headers.origin, allow ? undefined : origin);
    gcp.seen.length = home.seen.length = 0;
  }
  assert.match((await preflight(ports.cors, 'https://chat.example.com')).headers['access-control-allow-headers'], /x-backend/);
  assert.equal(gcp.seen.length + home.seen.length, 0, 'preflights are answered here');
  assert.equal((await ask(ports.one, '/x', { method: 'OPTIONS' })).status, 200, 'an OPTIONS that is none goes on');
});
