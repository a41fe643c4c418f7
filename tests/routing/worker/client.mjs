// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Clients of the router: an ordinary one, one that holds a stream open, and a bare socket for what no library would send.
import http from 'node:http';
import net from 'node:net';

import { read } from './backend.mjs';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
export const hangUp = () => agent.destroy();

/** Opens a request; resolves with { status, headers, response, request } once the headers are there; leave: with the request, at once. */
export function open(port, path, { method, headers = {}, body, host = 'llm.example.com', feed, leave = false } = {}) {
  return new Promise((resolve, reject) => {
    const verb = method ?? (body !== undefined || feed ? 'POST' : 'GET');
    const request = http.request({ host: '127.0.0.1', port, path, method: verb, agent,
      headers: { host, ...(body !== undefined ? { 'content-length': Buffer.byteLength(body) } : {}), ...headers } }, (response) => {
      resolve({ status: response.statusCode, headers: response.headers, raw: response.rawHeaders, response, request });
    });
    request.on('error', leave ? () => {} : reject);
    if (leave) resolve(request);
    if (feed) feed(request);
    else request.end(body);
  });
}

/** One request, read whole: { status, headers, body, text, json }. */
export async function ask(port, path, options) {
  const answer = await open(port, path, options);
  const body = await read(answer.response);
  return { ...answer, body, text: body.toString(), get json() { return JSON.parse(body); } };
}

export const chat = (port, model, options = {}) => ask(port, '/v1/chat/completions', {
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  ...options, headers: { 'content-type': 'application/json', ...options.headers } });

/** Sends @p text as it is and returns all that comes back until the other side closes. */
export function raw(port, text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.end(text));
    let all = '';
    socket.on('data', (data) => { all += data; });
    socket.on('close', () => resolve(all));
    socket.on('error', (error) => (error.code === 'ECONNRESET' ? resolve(all) : reject(error)));
  });
}

/** Runs @p count jobs, @p width at a time. */
export async function spread(count, width, job) {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(width, count) }, async () => {
    while (next < count) await job(next++);
  }));
}

/** Waits until @p holds is true, looking again as the event loop turns; fails after @p ms. */
export async function until(holds, what, ms = 10_000) {
  const end = Date.now() + ms;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/**
 * Sends @p count small GETs over few connections, many at a time, and resolves with the backends that answered, in order:
 * for tests of shares, where an ordinary client would cost more than what is tested. @p headers gives a request's own.
 */
export async function volley(port, count, { path = '/health', headers = () => '' } = {}) {
  const answered = new Array(count);
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, () => new Promise((resolve, reject) => {
    const waiting = [];
    let text = '';
    const socket = net.connect(port, '127.0.0.1');
    const fill = () => {
      let batch = '';
      for (; waiting.length < 8 && next < count; ++next) {
        waiting.push(next);
        batch += `GET ${path} HTTP/1.1\r\nhost: llm.example.com\r\n${headers(next)}\r\n`;
      }
      if (batch) socket.write(batch);
      else if (waiting.length === 0) socket.end(resolve);
    };
    socket.setNoDelay(true).on('error', reject).on('connect', fill).on('close', () => (waiting.length ? reject(new Error('closed')) : resolve()));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) break;
        const head = text.slice(0, end);
        const length = Number(/content-length: *(\d+)/i.exec(head)[1]);
        if (text.length < end + 4 + length) break;
        text = text.slice(end + 4 + length);
        answered[waiting.shift()] = /x-hybridge-backend: *(\S+)/i.exec(head)?.[1];
      }
      fill();
    });
  })));
  return answered;
}
