// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The baseline: the router of a few lines that guides give, two fixed nodes, no second try. Only its addresses are bindings.
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    let backend = env.GCP;
    if (url.pathname.startsWith('/ollama') || request.headers.get('X-Backend') === 'home') {
      backend = env.HOME;
      url.pathname = url.pathname.replace('/ollama', '');
    }
    const newRequest = new Request(backend + url.pathname + url.search, {
      method: request.method,
      headers: request.headers,
      body: request.body,
    });
    return fetch(newRequest);
  },
};
