// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A node as the router sees it: an HTTP server that notes what it was asked and answers as a test tells it.
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';

export const sha = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

/** Reads a body whole. */
export function read(stream) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

/** A promise with its ends. */
export function deferred() {
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
}

export class Backend {
  seen = []; // { method, url, headers, raw, body } of every request, in order
  answer = json({}); // what to do with one: (request, response, entry) => void

  static async start(name, port = 0) {
    const backend = new Backend();
    backend.name = name;
    backend.server = http.createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
      const entry = { method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, body: null };
      backend.seen.push(entry);
      response.on('error', () => {});
      request.on('error', () => {});
      if (backend.early) {
        backend.early(request, response, entry);
        return;
      }
      try {
        entry.body = await read(request);
        await backend.answer(request, response, entry);
      } catch { /* the router went away */ }
    });
    await new Promise((resolve) => { backend.server.listen(port, '127.0.0.1', 511, resolve); });
    backend.port = backend.server.address().port;
    backend.url = `http://127.0.0.1:${backend.port}`;
    return backend;
  }

  /** Forgets what it saw, and answers its name and the body's model with status 200. */
  reset(answer = echo(this.name)) {
    this.seen.length = 0;
    this.early = null;
    this.answer = answer;
    return this;
  }

  stop() {
    return new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }
}

export async function startBackends(...names) {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await Backend.start(name)).reset()])));
}

/** Answers with a JSON document. */
export function json(document, status = 200, headers = {}) {
  const body = JSON.stringify(document);
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
  };
}

export function echo(name) {
  return (request, response, entry) => {
    let model = null;
    try { model = JSON.parse(entry.body).model ?? null; } catch { /* no JSON */ }
    json({ by: name, model })(request, response);
  };
}

export const cut = (request) => { request.socket.resetAndDestroy(); };
export const silent = () => {};

/** ROUTES of @p backends with weights and whatever else: entries { id: [backend, weight, more] }. */
export function routesOf(entries, more = {}) {
  return {
    version: 7,
    backends: Object.entries(entries).map(([id, [backend, weight, extra]]) => ({ id, url: backend.url, weight, engine: 'vllm', ...extra })),
    ...more,
  };
}

/** A server that counts requests without bodies and says "ok": next to nothing to pay, for thousands of them. */
export async function startCounter(name) {
  const counter = { name, count: 0 };
  const reply = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok';
  const sockets = new Set();
  counter.server = net.createServer((socket) => {
    let text = '';
    sockets.add(socket);
    socket.setNoDelay(true).on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      let answers = '';
      for (let end; (end = text.indexOf('\r\n\r\n')) >= 0; text = text.slice(end + 4)) {
        counter.count += 1;
        answers += reply;
      }
      if (answers) socket.write(answers);
    });
  });
  await new Promise((resolve) => { counter.server.listen(0, '127.0.0.1', 511, resolve); });
  counter.url = `http://127.0.0.1:${counter.server.address().port}`;
  counter.stop = () => new Promise((resolve) => {
    counter.server.close(resolve);
    for (const socket of sockets) socket.destroy();
  });
  return counter;
}
