// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A node in a process of its own, so that it can be killed: node.mjs NAME [PORT]. Prints its port; ends with its parent.
import http from 'node:http';

const [name, port = '0'] = process.argv.slice(2);
const answer = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', by: name, model: 'big',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello. '.repeat(60) }, finish_reason: 'stop' }] });
const event = `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { content: 'Hello.' } }] })}\n\n`;
const block = Buffer.alloc(64 * 1024, event);

const server = http.createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  request.resume();
  response.on('error', () => {});
  request.on('error', () => {});
  request.on('end', () => {
    const mode = request.url.split('?')[1];
    if (mode === 'stream') { // one event a second until the client leaves
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event);
      const timer = setInterval(() => response.write(event), 1000);
      response.on('close', () => clearInterval(timer));
    } else if (mode === 'first') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event);
      response.end(event);
    } else if (mode === 'flood') { // as much as is taken, up to 4 MiB
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = 64;
      const more = () => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
          if (!response.write(block)) return;
        }
      };
      response.on('drain', more);
      more();
    } else {
      const send = () => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
        response.end(answer);
      };
      if (mode === 'think') setTimeout(send, 20);
      else send();
    }
  });
});
server.listen(Number(port), '127.0.0.1', 4096, () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
