// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What every peer starts from: the lab's fleet file, its secrets, and a plain count of what held.
import fs from 'node:fs';

export const fleet = JSON.parse(fs.readFileSync(process.env.HYBRIDGE_FLEET, 'utf8'));
export const control = process.env.HYBRIDGE_CONTROL;

export function secret(reference) {
  if (!reference.startsWith('file:')) throw new Error(`not a file reference: ${reference}`);
  return fs.readFileSync(reference.slice(5), 'utf8').trim();
}

/** A user's log-in at the lab's Google; service accounts of the official client ask Google itself for a token. */
export function userLogin() {
  const folder = fleet.gcp.credentials.slice(5).replace(/[^/]*$/, '');
  return JSON.parse(fs.readFileSync(`${folder}gcp-user.json`, 'utf8'));
}

export async function setFault(node, fault) {
  const answer = await fetch(`${control}/faults`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ node, fault }),
  });
  const { id } = await answer.json();
  if (!id) throw new Error(`the lab did not take the fault ${fault}`);
  return async () => { await fetch(`${control}/faults/${id}`, { method: 'DELETE' }); };
}

export async function log() {
  const entries = [];
  for (let after = 0; ;) {
    const page = (await (await fetch(`${control}/log?after=${after}&limit=1000`)).json()).entries;
    entries.push(...page);
    if (page.length < 1000) return entries;
    after = page[page.length - 1].seq;
  }
}

let passed = 0;
let failed = 0;
export async function check(what, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok   ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${what}: ${error.stack ?? error}`);
  }
}

export function end() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
