// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Every Cloudflare request in the lab's log, as our own tool and the peers made them, is one that Cloudflare's OpenAPI
// document knows: its path, its method, and the name and form of each query parameter.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { check, end, fleet, log, secret } from './lab.mjs';

const folder = process.env.HYBRIDGE_SPECS;
const files = fs.readdirSync(folder).filter((name) => name.startsWith('cloudflare-openapi') && name.endsWith('.json'));
const documents = files.map((name) => JSON.parse(fs.readFileSync(`${folder}/${name}`, 'utf8')));

function resolve(document, thing) {
  let found = thing;
  for (let depth = 0; found?.$ref && depth < 20; depth += 1)
    found = found.$ref.slice(2).split('/').reduce((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  return found ?? {};
}

function fits(document, schema, text) {
  const { type, enum: words, pattern, minimum, maximum, oneOf, anyOf, allOf, format } = resolve(document, schema);
  if (oneOf ?? anyOf) return (oneOf ?? anyOf).some((each) => fits(document, each, text));
  if (allOf) return allOf.every((each) => fits(document, each, text));
  if (words && !words.map(String).includes(text)) return false;
  if (type === 'boolean') return text === 'true' || text === 'false';
  if (type === 'integer' || type === 'number') {
    const number = Number(text);
    return text !== '' && Number.isFinite(number) && (type === 'number' || Number.isInteger(number))
      && number >= (minimum ?? -Infinity) && number <= (maximum ?? Infinity);
  }
  if (format === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  return !pattern || new RegExp(pattern).test(text);
}

/** Why @p document does not know the request; empty: it does. */
function stranger(document, method, url) {
  const path = decodeURIComponent(url.pathname.replace(/^\/client\/v4/, ''));
  const parts = path.split('/');
  const template = Object.keys(document.paths).filter((candidate) => {
    const against = candidate.split('/');
    return against.length === parts.length
      && against.every((part, i) => (part.startsWith('{') ? parts[i] !== '' : part === parts[i]));
  }).sort((a, b) => a.split('{').length - b.split('{').length)[0];
  if (!template) return `unknown path ${path}`;
  const item = document.paths[template];
  const operation = item[method.toLowerCase()];
  if (!operation) return `${template} has no ${method}`;
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((each) => resolve(document, each));
  for (const [name, value] of url.searchParams) {
    const parameter = parameters.find((each) => each.in === 'query' && each.name === name);
    if (!parameter) return `${template} has no query parameter ${name}`;
    if (!fits(document, parameter.schema ?? {}, value)) return `${name}=${value} does not fit ${template}`;
  }
  template.split('/').forEach((part, i) => {
    const parameter = parameters.find((each) => each.in === 'path' && `{${each.name}}` === part);
    if (parameter) assert.ok(fits(document, parameter.schema ?? {}, parts[i]), `${parts[i]} does not fit ${part}`);
  });
  const missing = parameters.find((each) => each.in === 'query' && each.required && !url.searchParams.has(each.name));
  return missing ? `${template} needs ${missing.name}` : '';
}

await check('the check itself knows what is wrong', async () => {
  const [document] = documents;
  const account = '0'.repeat(32);
  const ask = (method, target) => stranger(document, method, new URL(target, 'http://x'));
  assert.equal(ask('GET', `/client/v4/accounts/${account}/cfd_tunnel?is_deleted=false&page=2`), '');
  assert.match(ask('GET', `/client/v4/accounts/${account}/cfd_tunnels`), /unknown path/);
  assert.match(ask('PUT', `/client/v4/accounts/${account}/cfd_tunnel`), /has no PUT/);
  assert.match(ask('GET', `/client/v4/accounts/${account}/cfd_tunnel?deleted=false`), /no query parameter/);
  assert.match(ask('GET', `/client/v4/accounts/${account}/cfd_tunnel?is_deleted=no`), /does not fit/);
});
const seen = new Set();
for (const entry of await log()) {
  if (entry.room !== 'cloudflare' || seen.has(entry.what)) continue;
  seen.add(entry.what);
  const [method, target] = entry.what.split(' ');
  await check(`${method} ${target.split('?')[0]}`, async () => {
    const why = documents.map((document) => stranger(document, method, new URL(target, 'http://x')));
    assert.ok(why.some((each) => each === ''), why.join('; '));
  });
}
/** The properties that @p schema gives an object, all its alternatives together. */
function properties(document, schema, depth = 0) {
  const { allOf, oneOf, anyOf, properties: own = {} } = resolve(document, schema);
  if (depth > 12) return {};
  return Object.assign({}, own, ...[...(allOf ?? []), ...(oneOf ?? []), ...(anyOf ?? [])].map((each) => properties(document, each, depth + 1)));
}

/** The schema of one object that GET @p template lists. */
function listed(document, template) {
  const content = resolve(document, document.paths[template].get.responses['200']).content['application/json'];
  const find = (schema, depth = 0) => {
    const { allOf, properties: own, items } = resolve(document, schema);
    if (items) return [items];
    return depth > 12 ? [] : [...(own?.result ? find(own.result, depth + 1) : []), ...(allOf ?? []).flatMap((each) => find(each, depth + 1))];
  };
  return find(content.schema);
}

const { accountId: account_id, zoneId: zone_id, token, apiBase } = fleet.cloudflare;
for (const template of fleet.routing.mode === 'worker' ? [] : ['/accounts/{account_id}/load_balancers/pools',
  '/accounts/{account_id}/load_balancers/monitors', '/zones/{zone_id}/load_balancers']) {
  await check(`what the lab tells of ${template} is in the document`, async () => {
    const path = template.replace('{account_id}', account_id).replace('{zone_id}', zone_id);
    const { result } = await (await fetch(apiBase + path, { headers: { authorization: `Bearer ${secret(token)}` } })).json();
    assert.ok(result.length > 0);
    const known = Object.assign({}, ...documents.flatMap((document) => listed(document, template).map((schema) => properties(document, schema))));
    assert.ok(Object.keys(known).length > 5);
    for (const object of result)
      assert.deepEqual(Object.keys(object).filter((key) => !(key in known)), []);
  });
}
await check('there were requests to look at', async () => assert.ok(seen.size >= 3, `${seen.size}`));
end();
