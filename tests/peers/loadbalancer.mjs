// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Cloudflare's own client drives the lab's load balancing: reads it, moves the weights, makes and deletes objects.
import assert from 'node:assert/strict';
import Cloudflare from 'cloudflare';
import { check, end, fleet, secret } from './lab.mjs';

const { accountId: account_id, zoneId: zone_id } = fleet.cloudflare;
const client = new Cloudflare({ apiToken: secret(fleet.cloudflare.token), baseURL: fleet.cloudflare.apiBase, maxRetries: 0 });
const { loadBalancers } = client;
const { pools, monitors } = loadBalancers;
const id = fleet.routing.loadBalancer;
const without = (object, ...keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
const code = (number) => (error) => error.errors?.[0]?.code === number;

await check('the zone and its plan', async () => {
  const found = [];
  for await (const zone of client.zones.list({ name: 'example.com' })) found.push(zone);
  assert.deepEqual(found.map((zone) => zone.id), [zone_id]);
  assert.equal((await client.zones.get({ zone_id })).plan.legacy_id, 'pro');
});
let names;
await check('the load balancer of the fleet file: 80 to 20', async () => {
  const listed = [];
  for await (const each of loadBalancers.list({ zone_id })) listed.push(each.id);
  assert.deepEqual(listed, [id]);
  const found = await loadBalancers.get(id, { zone_id });
  assert.equal(found.steering_policy, 'random');
  assert.equal(found.session_affinity, 'none');
  names = {};
  for await (const pool of pools.list({ account_id })) names[pool.id] = pool.origins[0].name;
  assert.deepEqual(Object.fromEntries(Object.entries(found.random_steering.pool_weights).map(([pool, weight]) => [names[pool], weight])),
    { gcp: 0.8, home: 0.2 });
});
await check('an edit of one property keeps every other one', async () => {
  const before = await loadBalancers.get(id, { zone_id });
  const pool_weights = Object.fromEntries(Object.entries(names).map(([pool, name]) => [pool, name === 'gcp' ? 0.7 : 0.3]));
  await loadBalancers.edit(id, { zone_id, random_steering: { default_weight: 0.5, pool_weights } });
  const after = await loadBalancers.get(id, { zone_id });
  assert.deepEqual(after.random_steering, { default_weight: 0.5, pool_weights });
  assert.deepEqual(without(after, 'random_steering', 'modified_on'), without(before, 'random_steering', 'modified_on'));
});
await check('what an edit forgets inside a property is lost', async () => {
  const before = await loadBalancers.get(id, { zone_id });
  await loadBalancers.edit(id, { zone_id, random_steering: { pool_weights: before.random_steering.pool_weights } });
  assert.equal((await loadBalancers.get(id, { zone_id })).random_steering.default_weight, 1);
  await loadBalancers.edit(id, { zone_id, random_steering: before.random_steering });
  const [pool] = Object.keys(names);
  const { origins } = await pools.get(pool, { account_id });
  await pools.edit(pool, { account_id, origins: [{ name: origins[0].name, address: origins[0].address }] });
  assert.equal((await pools.get(pool, { account_id })).origins[0].header, undefined);
  await pools.edit(pool, { account_id, origins });
  assert.deepEqual((await pools.get(pool, { account_id })).origins, origins);
});
await check('health, references and previews', async () => {
  for (const pool of Object.keys(names)) {
    const { pop_health: places } = await pools.health.get(pool, { account_id });
    assert.ok(Object.values(places).every((place) => place.healthy && Object.values(place.origins[0])[0].response_code === 200));
    const referrers = [];
    for await (const each of pools.references.get(pool, { account_id })) referrers.push(each.resource_id);
    assert.deepEqual(referrers, [id]);
  }
  const { monitor } = await pools.get(Object.keys(names)[0], { account_id });
  const kept = await monitors.get(monitor, { account_id });
  const started = await monitors.previews.create(monitor, { account_id, type: 'https', path: '/nowhere', expected_codes: '2xx' });
  const seen = await loadBalancers.previews.get(started.preview_id, { account_id });
  for (const pool of Object.keys(started.pools)) assert.equal(Object.values(seen[pool])[0].healthy, false);
  assert.deepEqual(await monitors.get(monitor, { account_id }), kept); // a preview keeps nothing
});
await check('a rule overrides until its time; the plan has one', async () => {
  const rule = {
    name: 'hybridge-lease-1', condition: `http.request.timestamp.sec lt ${Math.floor(Date.now() / 1000) + 60}`,
    overrides: { random_steering: { default_weight: 0, pool_weights: Object.fromEntries(Object.entries(names).map(([pool, name]) => [pool, name === 'home' ? 1 : 0])) } },
  };
  await loadBalancers.edit(id, { zone_id, rules: [rule] });
  const headers = { 'cf-access-client-id': secret(fleet.endpoint.access.clientId), 'cf-access-client-secret': secret(fleet.endpoint.access.clientSecret) };
  for (let i = 0; i < 10; i += 1) {
    const models = await (await fetch(`${fleet.endpoint.url}/v1/models`, { headers })).text();
    assert.match(models, /llama3/);
  }
  await assert.rejects(loadBalancers.edit(id, { zone_id, rules: [rule, { ...rule, name: 'second' }] }), code(1002));
  await loadBalancers.edit(id, { zone_id, rules: [] });
});
await check('objects are made, protected and deleted', async () => {
  const monitor = await monitors.create({ account_id, type: 'https', path: '/health', expected_codes: '200', interval: 60 });
  const pool = await pools.create({ account_id, name: 'spare', monitor: monitor.id, origins: [{ name: 'x', address: '192.0.2.1' }] });
  const made = await loadBalancers.create({ zone_id, name: 'spare.example.com', default_pools: [pool.id], fallback_pool: pool.id });
  assert.equal(made.proxied, false);
  await assert.rejects(pools.delete(pool.id, { account_id }), (error) => error.status === 412 && code(1005)(error));
  await assert.rejects(monitors.delete(monitor.id, { account_id }), code(1005));
  const put = await loadBalancers.update(made.id, { zone_id, name: 'spare.example.com', default_pools: [pool.id], fallback_pool: pool.id, proxied: true });
  assert.equal(put.proxied, true);
  await loadBalancers.delete(made.id, { zone_id });
  await pools.delete(pool.id, { account_id });
  await monitors.delete(monitor.id, { account_id });
  await assert.rejects(pools.get(pool.id, { account_id }), Cloudflare.NotFoundError);
});
await check('refusals arrive with their codes', async () => {
  await assert.rejects(loadBalancers.edit(id, { zone_id, random_steering: { pool_weights: { [Object.keys(names)[0]]: 80 } } }), code(1002));
  await assert.rejects(loadBalancers.edit(id, { zone_id, steering_policy: 'dynamic_latency' }), code(1002));
  const folder = fleet.cloudflare.token.slice(5).replace(/[^/]*$/, '');
  const reader = new Cloudflare({ apiToken: secret(`file:${folder}cloudflare-token-readonly`), baseURL: fleet.cloudflare.apiBase, maxRetries: 0 });
  assert.equal((await reader.loadBalancers.get(id, { zone_id })).id, id);
  await assert.rejects(reader.loadBalancers.edit(id, { zone_id, enabled: false }), (error) => error.status === 403 && code(10000)(error));
});
end();
