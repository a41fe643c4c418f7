// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Runs workers in workerd, the runtime of Cloudflare's edge: each an isolate of its own behind a port of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const routerFile = process.env.HYBRIDGE_ROUTER ?? path.join(here, '../../../resources/worker/router.mjs');
const binary = process.env.HYBRIDGE_WORKERD;

const quoted = (text) => JSON.stringify(String(text)); // Cap'n Proto's text literals escape as JSON's do

/**
 * Starts workerd with @p workers: { name: { file?, routes?, text?, secrets?, services?, cache? } }. routes becomes the JSON
 * binding ROUTES (text: any binding's text as it is), services are bindings { NAME: port } to HTTP servers, cache is the
 * port of a cache server. Returns { ports: { name: port }, pid, stop() }.
 */
export async function startWorkers(workers) {
  if (!binary) throw new Error('HYBRIDGE_WORKERD names no workerd');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hybridge-worker-'));
  const services = ['(name="net", network=(allow=["private", "local"]))'];
  const sockets = [];
  const external = (port, name) => {
    services.push(`(name="${name}", external=(address="127.0.0.1:${port}", http=()))`);
    return name;
  };
  for (const [name, worker] of Object.entries(workers)) {
    const file = worker.file ?? routerFile;
    const module = `${path.basename(file, '.mjs')}.mjs`;
    fs.copyFileSync(file, path.join(folder, module));
    const bindings = [];
    if (worker.routes !== undefined) bindings.push(`(name="ROUTES", json=${quoted(JSON.stringify(worker.routes))})`);
    for (const [key, value] of Object.entries({ ...worker.text, ...worker.secrets })) bindings.push(`(name="${key}", text=${quoted(value)})`);
    for (const [key, port] of Object.entries(worker.services ?? {}))
      bindings.push(`(name="${key}", service="${external(port, `${name}-${key}`)}")`);
    const cache = worker.cache ? `, cacheApiOutbound="${external(worker.cache, `${name}-cache`)}"` : '';
    services.push(`(name="${name}", worker=(modules=[(name="${module}", esModule=embed "${module}")], `
      + 'compatibilityDate="2026-06-01", compatibilityFlags=["global_fetch_strictly_public"], '
      + `bindings=[${bindings.join(', ')}], globalOutbound="net"${cache}))`);
    sockets.push(`(name="${name}", address="127.0.0.1:0", http=(), service="${name}")`);
  }
  fs.writeFileSync(path.join(folder, 'config.capnp'), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services=[${services.join(',\n')}], sockets=[${sockets.join(',\n')}]);\n`);
  // The shell holds our pipe: when we end, however, it reads the end of it, takes workerd along and clears up.
  const shell = spawn('sh', ['-c', 'folder=$1; shift; "$@" 4>&- & echo "$!" >&4; exec 3>&- 4>&-; read -r _; kill -9 $! 2>/dev/null; rm -rf "$folder"',
    'sh', folder, binary, 'serve', path.join(folder, 'config.capnp'), '--control-fd=3'], { stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'] });
  let words = '';
  shell.stderr.on('data', (data) => { words = (words + data).slice(-20_000); });
  const gone = new Promise((resolve) => { shell.once('close', resolve); });
  const stop = async () => {
    shell.stdin.end();
    await gone;
  };
  const ports = {};
  let pid = 0;
  try {
    await new Promise((resolve, reject) => {
      let lines = '';
      shell.stdio[4].once('data', (data) => { pid = Number(data); });
      shell.stdio[3].on('data', (data) => {
        lines += data;
        for (let end; (end = lines.indexOf('\n')) >= 0; lines = lines.slice(end + 1)) {
          const event = JSON.parse(lines.slice(0, end));
          if (event.event === 'listen') ports[event.socket] = event.port;
        }
        if (Object.keys(ports).length === sockets.length) resolve();
      });
      shell.stdio[3].once('end', () => reject(new Error(`workerd ended: ${words}`)));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, pid, stop, words: () => words };
}
