// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Cloudflare's own client drives the lab: verifies its token, reads tunnels, connections and configurations, writes one.
import assert from 'node:assert/strict';
import Cloudflare from 'cloudflare';
import { check, end, fleet, secret, setFault } from './lab.mjs';

const account_id = fleet.cloudflare.accountId;
const client = new Cloudflare({ apiToken: secret(fleet.cloudflare.token), baseURL: fleet.cloudflare.apiBase, maxRetries: 0 });
const tunnels = client.zeroTrust.tunnels.cloudflared;
const [first] = fleet.nodes;

await check('the token is active', async () => {
  const found = await client.user.tokens.verify();
  assert.equal(found.status, 'active');
});
await check('every node has a tunnel, and pages are walked', async () => {
  const found = [];
  for await (const tunnel of tunnels.list({ account_id, is_deleted: false, per_page: 1 })) found.push(tunnel);
  for (const node of fleet.nodes) assert.ok(found.some((tunnel) => tunnel.id === node.tunnel), node.id);
  assert.ok(found.every((tunnel) => tunnel.status === 'healthy' && !tunnel.deleted_at));
});
await check('a filter by name', async () => {
  const { name } = await tunnels.get(first.tunnel, { account_id });
  const page = await tunnels.list({ account_id, name });
  assert.deepEqual(page.result.map((tunnel) => tunnel.id), [first.tunnel]);
});
await check('a tunnel and its connections', async () => {
  const connectors = [];
  for await (const connector of tunnels.connections.get(first.tunnel, { account_id })) connectors.push(connector);
  assert.equal(connectors.length, 1);
  assert.equal(connectors[0].conns.length, 4);
  assert.match(connectors[0].conns[0].colo_name, /^[a-z]{3}[0-9]{2}$/);
});
await check('a configuration is read, written and read back', async () => {
  const before = await tunnels.configurations.get(first.tunnel, { account_id });
  assert.ok(before.config.ingress.length >= 2);
  const config = structuredClone(before.config);
  config.ingress[0].originRequest = { ...config.ingress[0].originRequest, connectTimeout: 10 };
  await tunnels.configurations.update(first.tunnel, { account_id, config });
  const after = await tunnels.configurations.get(first.tunnel, { account_id });
  assert.equal(after.version, before.version + 1);
  assert.equal(after.config.ingress[0].originRequest.connectTimeout, 10);
  assert.equal(after.config.ingress[0].service, before.config.ingress[0].service);
});
await check('a broken configuration is refused', async () => {
  await assert.rejects(tunnels.configurations.update(first.tunnel, { account_id, config: { ingress: [] } }),
    (error) => error.status === 400 && error.errors[0].code === 1056);
});
await check('refusals arrive as errors with their codes', async () => {
  await assert.rejects(tunnels.get('00000000-0000-4000-8000-000000000000', { account_id }),
    (error) => error instanceof Cloudflare.NotFoundError && error.errors[0].code === 1003);
  const stranger = new Cloudflare({ apiToken: 'nobody', baseURL: fleet.cloudflare.apiBase, maxRetries: 0 });
  await assert.rejects(stranger.user.tokens.verify(), (error) => error.status === 401 || error.status === 400);
});
await check('the limit is told as one', async () => {
  const heal = await setFault(fleet.nodes.find((node) => node.machine.kind === 'host').id, 'api-429');
  try {
    await assert.rejects(tunnels.get(first.tunnel, { account_id }), (error) => error instanceof Cloudflare.RateLimitError);
  } finally {
    await heal();
  }
});
end();
