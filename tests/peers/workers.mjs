// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Cloudflare's own client drives the lab's Workers: reads settings, versions and deployments, changes ROUTES, uploads.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import Cloudflare from 'cloudflare';
import { check, end, fleet, secret } from './lab.mjs';

globalThis.File ??= File; // Node.js 18 has it there alone, and the client wants it

const { accountId: account_id, zoneId: zone_id } = fleet.cloudflare;
const client = new Cloudflare({ apiToken: secret(fleet.cloudflare.token), baseURL: fleet.cloudflare.apiBase, maxRetries: 0 });
const { scripts, routes } = client.workers;
const name = fleet.routing.script;
const code = (number) => (error) => error.errors?.[0]?.code === number;
const part = (settings) => new File([JSON.stringify(settings)], 'settings', { type: 'application/json' });
const edit = (settings) => scripts.scriptAndVersionSettings.edit(name, { account_id, settings: part(settings) });
const access = { 'cf-access-client-id': secret(fleet.endpoint.access.clientId), 'cf-access-client-secret': secret(fleet.endpoint.access.clientSecret) };
const bindingsOf = async () => (await scripts.scriptAndVersionSettings.get(name, { account_id })).bindings;
const all = async (pages) => { const found = []; for await (const each of pages) found.push(each); return found; };
const serving = async () => {
  const [newest] = await all(scripts.deployments.list(name, { account_id }));
  assert.equal(newest.versions.length, 1);
  assert.equal(newest.versions[0].percentage, 100);
  return newest.versions[0].version_id;
};

await check('the router and its settings, no secret told', async () => {
  const listed = await all(scripts.list({ account_id }));
  assert.deepEqual(listed.map((script) => script.id), [name]);
  const bindings = await bindingsOf();
  assert.deepEqual(bindings.map((binding) => [binding.name, binding.type]),
    [['ROUTES', 'json'], ['ACCESS_CLIENT_ID', 'secret_text'], ['ACCESS_CLIENT_SECRET', 'secret_text']]);
  assert.ok(bindings.every((binding) => binding.type !== 'secret_text' || binding.text === undefined));
  assert.deepEqual(bindings[0].json.backends.map((backend) => [backend.id, backend.weight]), [['gcp', 80], ['home', 20]]);
  const secrets = await all(scripts.secrets.list(name, { account_id }));
  assert.deepEqual(secrets.map((each) => each.name), ['ACCESS_CLIENT_ID', 'ACCESS_CLIENT_SECRET']);
});
await check('a change of ROUTES: one version more, deployed, served, the secrets kept', async () => {
  const before = await serving();
  const { json } = (await bindingsOf())[0];
  json.version = 2;
  json.backends[0].weight = 70;
  json.backends[1].weight = 30;
  await edit({
    bindings: [{ type: 'json', name: 'ROUTES', json }, { type: 'inherit', name: 'ACCESS_CLIENT_ID' }, { type: 'inherit', name: 'ACCESS_CLIENT_SECRET' }],
    annotations: { 'workers/message': '70 to 30' },
  });
  const now = await serving();
  assert.notEqual(now, before);
  const [newest] = await all(scripts.versions.list(name, { account_id }));
  assert.equal(newest.id, now);
  const version = await scripts.versions.get(now, { account_id, script_name: name });
  assert.equal(version.annotations['workers/message'], '70 to 30');
  assert.equal(version.resources.bindings.find((binding) => binding.name === 'ROUTES').json.backends[0].weight, 70);
  const answer = await fetch(`${fleet.endpoint.url}/v1/chat/completions`, {
    method: 'POST', headers: { ...access, 'content-type': 'application/json', 'x-backend': 'home' },
    body: JSON.stringify({ model: 'chat', max_tokens: 2, messages: [{ role: 'user', content: 'x' }] }),
  });
  assert.equal(answer.status, 200); // past Access at the node: the router's own token is there
  assert.equal(answer.headers.get('x-hybridge-routes'), '2');
});
await check('a malformed ROUTES: a new version, and the last good one serves on from the cache', async () => {
  const kept = [{ type: 'inherit', name: 'ACCESS_CLIENT_ID' }, { type: 'inherit', name: 'ACCESS_CLIENT_SECRET' }];
  const { json } = (await bindingsOf())[0];
  const ask = () => fetch(`${fleet.endpoint.url}/v1/models`, { headers: access });
  await ask();
  await edit({ bindings: [{ type: 'json', name: 'ROUTES', json: { version: 'three' } }, ...kept] });
  const answer = await ask();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('x-hybridge-routes'), '2');
  assert.match(answer.headers.get('x-hybridge-routes-error'), /version/);
  await edit({ bindings: [{ type: 'json', name: 'ROUTES', json: { ...json, version: 4 } }, ...kept] });
  assert.equal((await ask()).headers.get('x-hybridge-routes'), '4');
});
await check('what a list of bindings leaves out is dropped', async () => {
  const { json } = (await bindingsOf())[0];
  await edit({ bindings: [{ type: 'json', name: 'ROUTES', json }, { type: 'inherit', name: 'NOBODY' }] });
  assert.deepEqual((await bindingsOf()).map((binding) => binding.name), ['ROUTES']);
  await scripts.secrets.update(name, { account_id, name: 'ACCESS_CLIENT_ID', type: 'secret_text', text: 'x' });
  assert.deepEqual((await bindingsOf()).map((binding) => binding.name), ['ROUTES', 'ACCESS_CLIENT_ID']);
});
await check('refusals arrive with their codes', async () => {
  await assert.rejects(edit({ bindings: [{ type: 'secret_text', name: 'ACCESS_CLIENT_ID' }] }), code(10021));
  await assert.rejects(edit({ bindings: [{ type: 'plain_text', name: 'LONG', text: 'x'.repeat(6000) }] }), code(10054));
  await assert.rejects(scripts.scriptAndVersionSettings.get('nobody', { account_id }), code(10007));
  // Plain objects go out as settings[bindings][…] in this client, and the part "settings" is missed.
  await assert.rejects(scripts.scriptAndVersionSettings.edit(name, { account_id, settings: { bindings: [{ type: 'inherit', name: 'ROUTES' }] } }), code(10201));
});
await check('another script: uploaded, refused when it cannot run, its address off, deleted', async () => {
  // The client says application/javascript of its form, and flattens plain objects: so a file, and the form's own type.
  const metadata = new File(['{"main_module":"m.mjs","compatibility_date":"2026-06-01"}'], 'metadata', { type: 'application/json' });
  const upload = (text) => scripts.update('other', {
    account_id, metadata, files: [new File([text], 'm.mjs', { type: 'application/javascript+module' })],
  }, { headers: { 'content-type': null } });
  await assert.rejects(upload('export defalt {}'), code(10021));
  await assert.rejects(scripts.subdomain.get('other', { account_id }), code(10007));
  const made = await upload('export default { fetch() { return new Response("other") } }');
  assert.match(made.tag, /^[0-9a-f]{32}$/);
  assert.deepEqual(await scripts.subdomain.create('other', { account_id, enabled: false, previews_enabled: false }), { enabled: false, previews_enabled: false });
  const route = await routes.create({ zone_id, pattern: `${new URL(fleet.endpoint.url).hostname}/other/*`, script: 'other' });
  assert.equal(await (await fetch(`${fleet.endpoint.url}/other/x`, { headers: access })).text(), 'other');
  assert.equal((await routes.get(route.id, { zone_id })).script, 'other');
  await routes.delete(route.id, { zone_id });
  assert.equal((await all(routes.list({ zone_id }))).length, 1);
  await scripts.delete('other', { account_id });
  assert.deepEqual((await all(scripts.list({ account_id }))).map((script) => script.id), [name]);
});
await check('this account has no load balancing', async () => {
  assert.equal((await client.zones.get({ zone_id })).plan.legacy_id, 'free');
  assert.deepEqual(await all(client.loadBalancers.pools.list({ account_id })), []);
  await assert.rejects(client.loadBalancers.monitors.create({ account_id, type: 'https' }), (error) => error.status === 403);
});
end();
