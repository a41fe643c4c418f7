// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Hybridge router: one Cloudflare Worker before several inference nodes (vLLM, Ollama, any OpenAI-compatible server).
// It splits requests by weight, sends one to another node as long as its client has seen no byte, gives every node the
// model name it knows, and passes answers through as they come. Made for the free plan: 10 ms of CPU a request.
//
// By hand: dashboard, Workers & Pages, Create, paste this file as the only module; under Settings
//   - compatibility date 2026-06-01 or later, flag `global_fetch_strictly_public` (a fetch to a hostname of the same
//     zone then goes through Access like anybody's, instead of around it);
//   - variable ROUTES, type JSON, as below; secrets ACCESS_CLIENT_ID and ACCESS_CLIENT_SECRET: a service token of the
//     router's own, which the nodes' Access applications admit by a policy with the action Service Auth;
//   - turn the workers.dev and preview addresses off (they lead around the Access of your hostname), add a custom domain.
//
// ROUTES (at most 5 000 bytes; unknown keys are refused, keys that begin with "x-" are ignored):
//   version       integer >= 0; told in every answer as x-hybridge-routes
//   backends      1 to 32 of
//     id          ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$, unique, not "api" or "v1"
//     url         "https://host[:port]" without a path ("http://" for loopback alone), or instead of it
//     vpc         name of a Workers VPC binding; the private hop then needs no Access token.
//     vpcHost     optional, with vpc: host[:port] as the node names its engine; default by engine: localhost:8000,
//                 localhost:11434, localhost:8080
//     weight      number from 0 to 1 000 000; relative. 0 = out of service except when addressed by name.
//     engine      "vllm" | "ollama" | "openai"
//     models      optional, names the engine itself uses; left out or [] = takes any name. The first one is its default.
//     aliases     optional, { "public name": "engine's name" }
//   virtual       optional or null: { "small": backend id, "large": backend id, "auto": { "largeAbove": tokens } }
//   lease         optional or null: { "id", "kind": "drill" | "weight", "owner", "backends": { id: weight },
//                 "expiresAt": "2026-01-26T10:00:00Z" }: these weights instead of the backends' own until then
//   stickyHeader  optional or null: name of the header with a conversation's id
//   cors          optional or null: { "origins": ["https://chat.example.com"] }; without it no browser page gets in
//   limits        optional: { "firstBytePostMs": 90000, "firstByteGetMs": 5000, "breakerFailures": 3,
//                 "breakerPauseMs": 5000 }, integers from 1 to 600 000
//
// Why a binding and not KV: a KV value is up to a minute or more stale and differs between places meanwhile, free plans
// may write 1 000 times a day, and each request would pay a read. A changed binding is a new version of the Worker:
// there within seconds, whole or not at all, with a history.
//
// Who gets a request: X-Backend names one backend (strict: no weights, lease, breaker or second try); a path that begins
// with /ID or /ollama means that backend, or those with Ollama; /api/* means those with Ollama; else the body's model
// decides who can, and the weights who does. GET /__hybridge/routes tells what this isolate has, GET /__hybridge/probe
// is one GET /v1/models of the backend that the split picks (nothing merged: what a verification of the split counts).

const scanLimit = 256 * 1024; // bytes; a larger body is neither parsed nor kept for a second try
const routesLimit = 5000; // bytes; Cloudflare's limit for a binding
const longestRest = 60_000; // ms; the longest Retry-After that we believe
const longestPause = 60_000; // ms; the breaker's pause doubles up to here
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const defaultHost = { vllm: 'localhost:8000', ollama: 'localhost:11434', openai: 'localhost:8080' };
const defaultLimits = { firstBytePostMs: 90_000, firstByteGetMs: 5_000, breakerFailures: 3, breakerPauseMs: 5_000 };

// All that outlives a request. An isolate serves one version of the Worker, so ROUTES never changes under it; other
// isolates and other places have states of their own, which is why the breaker only postpones and never forbids.
let loaded = null; // { source, routes, error }
const breakers = new Map(); // backend id -> { failures, openUntil, pause, trialUntil, trials, restUntil }
let isolate = null;
const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export default {
  async fetch(request, env, ctx) {
    try { // each async function between here and the runtime costs its part: the common way has as few as it can
      const call = begin(request, env, ctx, loaded && loaded.source === env.ROUTES ? loaded : await load(env, request.url, ctx));
      const early = judge(call);
      if (early) return await early;
      let body = noBody;
      if (call.method !== 'GET' && call.method !== 'HEAD' && request.body) {
        // The body as the runtime has it: bytes of a short one, the stream of a long one.
        if (call.length === null) body = await peek(request.body, ctx);
        else if (call.length > scanLimit) body = { bytes: undefined, stream: request.body };
        else body = { bytes: new Uint8Array(await request.arrayBuffer()), stream: undefined };
      }
      return chooseModel(call, body) ?? chooseBackends(call, body) ?? await send(call, body);
    } catch (error) {
      console.error('router:', error?.stack ?? error); // for the operator's log; the client learns nothing from it
      return refusal(null, 500, 'router_failed', 'The router failed on this request. Its log says more.');
    }
  },
};

const noBody = { bytes: undefined, stream: undefined };
/** Nearly all addresses: nothing in them that the URL standard would rewrite, nor that plainPath() would have to decode. */
const plainAddress = /^https?:\/\/[\w.:-]+((?:\/[\w~-][\w.~-]*)+\/?)(\?[\w.~=&-]*)?$/;

/** What one request carries along. Each look into the runtime's objects costs more than what we do with it: one look at each. */
function begin(request, env, ctx, { routes, error }) {
  const address = request.url;
  const plain = plainAddress.exec(address);
  const url = plain ? null : new URL(address);
  const path = plain ? plain[1] : url.pathname;
  const search = plain ? plain[2] : url.search;
  return {
    request, env, ctx, routes, error, method: request.method, url: path, search: search === undefined || search === '?' ? '' : search,
    plain: plain !== null, start: Date.now(), allowedOrigin: null,
    headers: null, origin: null, wanted: null, upgrade: false, length: null, type: '', named: null, conversation: '', // readHead()
    path, pinned: null, backend: null, strict: false, once: false, list: null, // address()
    found: null, asked: null, model: null, rule: null, unread: false, // chooseModel()
    order: null, tried: [],
  };
}

/** What can be said before the body: an answer (or one under way), null to go on. */
function judge(call) {
  const { routes, error, method, path } = call;
  if (!routes) return refusal(call, 500, 'routes_malformed', `The binding ROUTES was refused: ${error}`);
  readHead(call);
  if (!methods.has(method)) return refusal(call, 405, 'method_not_allowed', 'This method is not carried.');
  if (call.upgrade) return refusal(call, 501, 'no_upgrade', 'WebSockets are not carried.');
  if (!call.plain && !plainPath(path)) return refusal(call, 400, 'bad_path', 'The path climbs, or is not well encoded.');
  if (method === 'OPTIONS' && call.origin !== null) return preflight(call);

  if (path.startsWith('/__hybridge/')) {
    if (path !== '/__hybridge/routes' && path !== '/__hybridge/probe')
      return refusal(call, 404, 'not_found', 'The router has /__hybridge/routes and /__hybridge/probe.');
    if (method !== 'GET' && method !== 'HEAD')
      return refusal(call, 405, 'method_not_allowed', 'This address takes GET and HEAD.', { allow: 'GET, HEAD' });
    if (path === '/__hybridge/routes') return tellRoutes(call);
  }
  return address(call) ?? (call.list ? mergedList(call) : null);
}

// ---------------------------------------------------------------------------------------------------- who is addressed

const dropped = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'expect', 'te',
  'trailer', 'proxy-authorization', 'proxy-connection', 'accept-encoding', 'x-backend']);
/** Names that need no look at all: they go on as they came, unless they are the conversation's. */
const carried = new Set(['accept', 'accept-language', 'authorization', 'cache-control', 'cf-connecting-ip', 'cf-ipcountry', 'cf-ray', 'cf-visitor',
  'openai-beta', 'openai-organization', 'priority', 'referer', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip']);

const tokenName = /cf-access-client-/i;
const shortestToken = 17; // characters: the name alone

/**
 * Keeps of the request's headers what is for us, and in call.headers what goes on: nothing between the client and Access.
 * They are copied by the runtime and mended; to carry them name by name through an object of ours costs twice as much.
 */
function readHead(call) {
  const { routes, request } = call;
  const headers = new Headers(request.headers);
  request.headers.forEach((value, name) => {
    const holdsToken = value.length >= shortestToken && tokenName.test(value); // its one-header form may stand in any header
    if (!holdsToken && carried.has(name) && name !== routes.stickyHeader) return;
    switch (name) {
      case 'origin': call.origin = value; break;
      case 'x-backend': call.wanted = value.trim(); break;
      case 'upgrade': call.upgrade = true; break;
      case 'content-length': call.length = Number(value); break;
      case 'content-type': call.type = value; break;
      case 'x-hybridge-model': call.named = value || null; break;
      case routes.stickyHeader: call.conversation = value.trim(); break;
    }
    const folded = name.includes('_') ? name.replaceAll('_', '-') : name; // servers may read one as the other
    if (holdsToken || dropped.has(folded) || folded.startsWith('cf-access-') || folded.startsWith('x-hybridge-')) {
      headers.delete(name);
    } else if (folded === 'cookie') {
      const kept = value.split(';').filter((cookie) => !/^\s*CF_/i.test(cookie)).join(';').trim();
      // Two cookie headers joined by a comma hide a name in a value.
      if (kept === '' || /CF_(Authorization|AppSession|Binding)/i.test(kept)) headers.delete(name);
      else headers.set(name, kept);
    }
  });
  // The hop to the client is compressed by the edge; between us and a node only plain bytes can be read without a cost.
  headers.set('accept-encoding', 'identity');
  call.headers = headers;
  if (call.origin === null || !routes.cors?.has(call.origin)) return;
  call.allowedOrigin = call.origin;
  headers.delete('origin'); // it was judged here; Ollama would judge it again
}

/** Sets call.path, .pinned, .backend, .strict, .once and .list from X-Backend and the path; an answer where they make no sense. */
function address(call) {
  const { routes, method, url } = call;
  const second = url.indexOf('/', 1);
  const first = second < 0 ? url.slice(1) : url.slice(1, second);
  const rest = () => url.slice(first.length + 1) || '/';
  const named = routes.byId.get(first);
  if (url === '/__hybridge/probe') {
    call.path = '/v1/models';
  } else if (named) {
    call.path = rest();
    call.backend = named;
    call.pinned = [named];
  } else if (first === 'ollama') {
    call.path = rest();
    call.pinned = routes.backends.filter((backend) => backend.engine === 'ollama');
  }
  if (call.wanted !== null) {
    const backend = routes.byId.get(call.wanted);
    if (!backend) return refusal(call, 400, 'unknown_backend', `X-Backend names none of: ${routes.ids}.`);
    if (call.pinned && !call.pinned.includes(backend))
      return refusal(call, 400, 'contradiction', 'X-Backend and the path name different backends.');
    call.strict = true;
    call.backend = backend;
    call.pinned = [backend];
  }
  const native = call.path === '/api' || call.path.startsWith('/api/');
  if (native && !call.pinned) call.pinned = routes.backends.filter((backend) => backend.engine === 'ollama');
  if (call.pinned?.length === 0) return refusal(call, 404, 'no_ollama', 'No backend has Ollama.');
  // What changes the state of one node is not repeated on another.
  call.once = method === 'PUT' || method === 'PATCH' || method === 'DELETE'
    || (native && /^\/api\/(pull|push|create|copy|delete|blobs)(\/|$)/.test(call.path));
  if (method === 'GET' && !call.backend && url !== '/__hybridge/probe') {
    if (call.path === '/v1/models') call.list = { key: 'data', name: 'id' };
    else if (call.path === '/api/tags' && call.pinned.length > 1) call.list = { key: 'models', name: 'name' };
  }
  return null;
}

/** Whether no decoder behind us, however often it decodes, can read a climb or a control character out of @p path. */
function plainPath(path) {
  for (let round = 0; round < 5; ++round) {
    if (/[\\\x00-\x1f\x7f]/.test(path) || /(^|\/)\.\.?(\/|;|$)/.test(path)) return false;
    if (!path.includes('%')) return true;
    try {
      path = decodeURIComponent(path);
    } catch {
      return false;
    }
  }
  return false;
}

/** Sets call.asked, .model, .rule and .found from a scanned body, or call.unread for one that is not read. */
function chooseModel(call, body) {
  const { routes } = call;
  if (body.stream) {
    // Files (audio, blobs) name no model; anything else may, somewhere in what we do not read.
    const file = /^(multipart\/|audio\/|image\/|application\/octet-stream)/i.test(call.type);
    call.unread = !file && !call.path.startsWith('/api/blobs/');
    call.asked = call.model = call.named;
    return null;
  }
  const found = body.bytes?.length ? scan(body.bytes) : null;
  call.found = found;
  if (!found) return null;
  // Engines differ in which of two they take (and Ollama folds case), so that we could route by one and they run another.
  if (found.models > 1) return refusal(call, 400, 'ambiguous_model', 'The body names its model more than once.');
  call.asked = call.model = found.model;
  if (call.asked === 'auto' && routes.auto) {
    const prompt = Math.ceil(found.promptBytes / 4);
    const sum = prompt + found.answerTokens;
    call.model = sum > routes.auto.largeAbove ? 'large' : 'small';
    call.rule = `auto: ${prompt} prompt + ${found.answerTokens} answer tokens = ${sum}, `
      + `${call.model === 'large' ? 'above' : 'at most'} ${routes.auto.largeAbove}: ${call.model}`;
  }
  return null;
}

/** The name under which @p backend runs @p model; null where it does not. */
function localName(routes, backend, model) {
  if (model === null) return null;
  const alias = backend.aliases.get(model);
  if (alias !== undefined) return alias;
  if (backend.models.has(model)) return model;
  if (backend.engine === 'ollama' && !model.includes(':') && backend.models.has(`${model}:latest`)) return model;
  if (routes.virtual.has(model)) return backend.first;
  return backend.models.size === 0 ? model : null;
}

/** Sets call.order: whom to try, best first. */
function chooseBackends(call, body) {
  const { routes, model } = call;
  const now = call.start;
  const weights = weightsNow(routes, now).weights;
  if (call.backend) { // by X-Backend or by its path: whatever its weight, its breaker, or what it is said to have
    call.order = [{ backend: call.backend, trial: false }];
    return null;
  }
  let able = call.pinned ?? routes.backends;
  if (model !== null) able = able.filter((backend) => localName(routes, backend, model) !== null);
  if (able.length === 0) {
    return refusal(call, 404, 'model_not_found', `No backend has the model '${printable(model)}'. There are: ${
      [...routes.names].slice(0, 40).map(printable).join(', ') || 'none named in ROUTES'}.`, {}, 'model');
  }
  if (body.stream && call.unread) {
    able = able.filter((backend) => (model !== null ? localName(routes, backend, model) === model && !routes.virtual.has(model)
      : backend.aliases.size === 0));
    if (able.length === 0) {
      return refusal(call, 400, 'body_too_large_to_rewrite', 'A body over 256 KiB is passed on unread: name its model, as '
        + 'a backend itself does, in the header x-hybridge-model and in the body.', {}, 'model');
    }
  }
  // Out of service means out of service: /ollama and /api/* are no order to use a drained one.
  able = able.filter((backend) => weights.get(backend.id) > 0);
  if (able.length === 0)
    return refusal(call, 503, 'drained', 'Every backend that could answer is out of service (weight 0).');
  const order = ranked(able, weights, call.conversation);
  const first = routes.virtual.get(model);
  if (first && !call.pinned) order.sort((a, b) => (b === first) - (a === first)); // stable: the rest keep their order
  call.order = behindBreakers(order, now);
  return null;
}

// ------------------------------------------------------------------------------------------------- weights and breakers

/** The weights that hold at @p now: a lease that would leave nobody in service is ignored. */
function weightsNow(routes, now) {
  const { lease } = routes;
  if (!lease) return { weights: routes.weights, lease: null };
  if (now >= lease.until) return { weights: routes.weights, lease: 'expired' };
  return lease.weights ? { weights: lease.weights, lease: 'active' } : { weights: routes.weights, lease: 'ignored' };
}

/**
 * Weighted rendezvous: the smallest -ln(u)/weight is first with probability weight/sum, and leaving it out leaves the
 * others' order alone. u is drawn, or hashed from the conversation: then a changed weight moves only the share it must,
 * and a conversation's second choice is steady too, so that prefix caches stay warm through a failover.
 */
function ranked(backends, weights, conversation) {
  if (backends.length === 1) return backends.slice();
  return backends
    .map((backend) => {
      const u = conversation === '' ? 1 - Math.random() : unit(`${conversation}\n${backend.id}`);
      const weight = weights.get(backend.id);
      return { backend, score: weight > 0 ? -Math.log(u) / weight : Infinity };
    })
    .sort((a, b) => (a.score === b.score ? 0 : a.score - b.score)) // Infinity - Infinity is NaN
    .map(({ backend }) => backend);
}

/** Hashes @p text to a number in (0, 1), evenly. Two 32-bit lanes, finished as murmur3 does. */
function unit(text) {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < text.length; ++i) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ c, 0x5bd1e995);
    b ^= b >>> 13;
  }
  const finish = (h) => {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  };
  return (finish(a ^ Math.imul(b, 3)) * 2 ** 20 + (finish(b ^ Math.imul(a, 5)) >>> 12) + 0.5) / 2 ** 52;
}

function breaker(id) {
  let state = breakers.get(id);
  if (!state) breakers.set(id, state = { failures: 0, openUntil: 0, pause: 0, trialUntil: 0, trials: 0, restUntil: 0 });
  return state;
}

/**
 * Puts backends that fail, or asked for rest, behind the others. One whose pause is over keeps its place for one request
 * at a time: a trickle that shows whether it is back, at the cost of a retry where it is not. A trial's time is as short
 * as the pause before it, so that a hanging backend never costs its client the whole limit at first.
 */
function behindBreakers(order, now) {
  const ready = [];
  const behind = [];
  for (const backend of order) {
    const state = breakers.get(backend.id);
    if (!state || (state.openUntil === 0 && state.restUntil <= now)) ready.push({ backend, trial: false });
    else if (ready.length === 0 && behind.length === 0 && state.openUntil !== 0 && state.openUntil <= now && state.trialUntil <= now)
      ready.push({ backend, trial: true });
    else behind.push({ backend, trial: false });
  }
  return ready.concat(behind);
}

function noteFailure(call, backend, now) {
  const state = breaker(backend.id);
  const { breakerFailures, breakerPauseMs } = call.routes.limits;
  state.failures += 1;
  state.trials = 0;
  state.trialUntil = 0;
  if (state.failures < breakerFailures) return;
  // Requests that were under way when it opened must not each double the pause.
  if (state.openUntil > now) return;
  state.pause = state.pause ? Math.min(state.pause * 2, Math.max(longestPause, breakerPauseMs)) : breakerPauseMs;
  state.openUntil = now + state.pause;
}

function noteSuccess(backend) {
  const state = breakers.get(backend.id);
  if (!state) return;
  state.trialUntil = 0;
  // A request from before the break may end well long after it: two in a row count, the first may come by chance.
  if (state.openUntil !== 0 && ++state.trials < 2) return;
  state.failures = state.trials = state.pause = state.openUntil = 0; // but not restUntil: others may still be too many
}

// --------------------------------------------------------------------------------------------------- asking the backends

/** Tries call.order until one answers. */
async function send(call, body) {
  const { routes, method } = call;
  const reading = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  const limit = reading ? routes.limits.firstByteGetMs : routes.limits.firstBytePostMs;
  const tries = call.strict || call.once || body.stream ? 1 : call.order.length;
  let kept = null; // the newest real answer among the failures: better than words of ours
  for (let index = 0; index < tries; ++index) {
    const { backend, trial } = call.order[index];
    const name = localName(routes, backend, call.model);
    let bytes = body.bytes;
    if (name !== null && call.found && name !== call.found.model)
      bytes = splice(bytes, call.found.start, call.found.end, literal(backend, name));
    let time = limit;
    if (trial) {
      const state = breaker(backend.id);
      time = Math.min(limit, Math.max(state.pause, 1000));
      state.trialUntil = Date.now() + time; // a client that leaves takes its request's code with it: this ends by itself
    }
    const result = await ask(call, backend, bytes ?? body.stream, time, index + 1 < tries);
    call.tried.push({ backend: backend.id, outcome: result.outcome });
    result.model = name ?? call.asked;
    if (result.ok) {
      if (!call.strict) noteSuccess(backend);
      kept?.response.body?.cancel().catch(() => {});
      return answer(call, result);
    }
    if (!call.strict) {
      if (result.restMs !== null) breaker(backend.id).restUntil = Date.now() + result.restMs;
      else noteFailure(call, backend, Date.now());
    }
    if (result.response) {
      kept?.response.body?.cancel().catch(() => {});
      kept = result;
    }
  }
  if (kept) return answer(call, kept);
  const late = call.tried.every(({ outcome }) => outcome.startsWith('no answer'));
  const story = call.tried.map(({ backend, outcome }) => `${backend}: ${outcome}`).join('; ');
  return refusal(call, late ? 504 : 502, late ? 'backend_timeout' : 'backend_unreachable', `No backend answered (${story}).`);
}

/**
 * One try. Result: { backend, ms, ok, outcome, response?, bytes?, stream?, restMs?, and what readAnswer() sets }; response is missing
 * where there is none that a client should see. With @p whole a short answer is read to its end, so that a backend that dies
 * in the middle of it costs a second try and not a cut answer; whatever streams is passed on unread.
 */
async function ask(call, backend, body, limit, whole) {
  const result = { backend, start: 0, ms: 0, ok: false, outcome: '', response: null, bytes: null, stream: null, restMs: null, model: null,
    type: '', length: null, encoded: false, rest: null, location: null, challenge: '', cookies: null, private: null, access: false };
  const start = Date.now();
  const controller = new AbortController();
  let late = false;
  let settled = false;
  setTimeout(() => { // never cleared: that costs more than to let it find nothing to do, and it ends with its request
    if (settled) return;
    late = true;
    controller.abort();
  }, limit);
  try {
    const { env } = call;
    // Joined as text: resolving "//host/x" against the origin would lead, token in hand, to another host.
    const target = backend.origin + call.path + call.search;
    const init = { method: call.method, headers: dressed(call, backend), body, redirect: 'manual', signal: controller.signal };
    const response = await (backend.vpc ? env[backend.vpc].fetch(target, init) : fetch(target, init));
    const { status } = response;
    readAnswer(response, result);
    result.outcome = `answered ${status}`;
    if (status < 200 || status > 599) return result; // no Response can carry it
    if (refusedByAccess(status, result)) {
      response.body?.cancel().catch(() => {});
      result.outcome = `the router's own Access token was refused (${status})`;
      return result;
    }
    result.response = response;
    if (status === 502 || status === 503 || status === 504 || (status >= 520 && status <= 527) || status === 530) return result;
    if (status === 429) result.restMs = restTime(result.rest);
    if (result.restMs !== null) return result;
    if (whole && Number(result.length ?? 0) <= scanLimit && (call.list || isShort(call, status, result)) && response.body) {
      if (result.length !== null && !result.encoded) {
        result.bytes = await response.arrayBuffer();
      } else {
        const read = await peek(response.body, call.ctx);
        result.bytes = read.bytes ?? null;
        result.stream = read.stream ?? null;
      }
    }
    result.ok = true;
    return result;
  } catch {
    result.response = null;
    result.outcome = late ? `no answer within ${limit} ms` : 'the connection failed';
    return result;
  } finally {
    settled = true;
    result.start = start;
    result.ms = Date.now() - start;
  }
}

/** The headers for @p backend: with our own token, but never for a binding. (originOf() lets only loopback do without TLS.) */
function dressed(call, backend) {
  const { headers, env } = call;
  if (!backend.vpc && env.ACCESS_CLIENT_ID && env.ACCESS_CLIENT_SECRET) {
    headers.set('cf-access-client-id', env.ACCESS_CLIENT_ID);
    headers.set('cf-access-client-secret', env.ACCESS_CLIENT_SECRET);
  } else {
    headers.delete('cf-access-client-id');
    headers.delete('cf-access-client-secret');
  }
  return headers;
}

/** Notes of an answer's headers what decides here, and in result.private what only we may say, or is Access's. */
function readAnswer(response, result) {
  response.headers.forEach((value, name) => {
    switch (name) {
      case 'content-type': result.type = value; return;
      case 'content-length': result.length = value; return;
      case 'content-encoding': result.encoded = true; return;
      case 'retry-after': result.rest = value; return;
      case 'location': result.location = value; return;
      case 'www-authenticate': result.challenge = value; return;
      case 'set-cookie': (result.cookies ??= []).push(value); return;
    }
    if (name.startsWith('cf-access-')) result.access = true;
    else if (!name.startsWith('x-hybridge-') && !name.startsWith('access-control-')) return;
    (result.private ??= []).push(name);
  });
}

/** Whether an answer is a plain document: JSON, not a stream of it, not compressed (bytes stay what they were). */
function isShort(call, status, { type, encoded }) {
  if (encoded || call.method === 'HEAD' || status === 204 || status === 304 || call.found?.stream) return false;
  return type === 'application/json' || /^application\/json\b/i.test(type);
}

function refusedByAccess(status, { type, location, challenge, access }) {
  if (status >= 300 && status < 400) {
    const target = parsed(location);
    return target !== null && (/(^|\.)cloudflareaccess\.com$/i.test(target.hostname) || target.pathname.startsWith('/cdn-cgi/access/'));
  }
  if (status !== 401 && status !== 403) return false;
  // Engines answer in JSON or with nothing; a page is Access's, and so are such headers.
  return access || /^text\/html\b/i.test(type) || /cloudflare/i.test(challenge);
}

function parsed(text) {
  return text !== null && URL.canParse(text) ? new URL(text) : null;
}

/** Milliseconds of a Retry-After (seconds or a date), bounded; null where there is none. */
function restTime(text) {
  if (text === null) return null;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestRest) : null;
}

// -------------------------------------------------------------------------------------------------------------- headers

/** A backend's answer as the client gets it. The body's bytes are the backend's. */
function answer(call, result) {
  const { response, backend, cookies, start, ms } = result;
  const answered = new Response(result.bytes ?? result.stream ?? response.body, response);
  const { headers } = answered;
  if (result.private !== null) for (const name of result.private) headers.delete(name);
  if (cookies !== null && cookies.some(isAccessCookie)) {
    headers.delete('set-cookie');
    for (const cookie of cookies) if (!isAccessCookie(cookie)) headers.append('set-cookie', cookie);
  }
  if (result.location !== null) {
    const location = parsed(result.location);
    if (location !== null && location.origin === backend.origin) // a node's own hostname is of no use to the client
      headers.set('location', location.pathname + location.search + location.hash);
  }
  headers.set('x-hybridge-backend', backend.id);
  headers.set('x-hybridge-attempts', String(call.tried.length));
  if (result.model !== null) headers.set('x-hybridge-model', printable(result.model));
  if (call.rule !== null) headers.set('x-hybridge-rule', call.rule);
  headers.append('server-timing', `backend;dur=${ms};desc="${backend.id}", router;dur=${start - call.start}`);
  return signed(call, answered);
}

const isAccessCookie = (cookie) => /^\s*CF_/i.test(cookie);

/** Adds to the headers of @p response what every answer carries. */
function signed(call, response) {
  if (!call.routes) return response;
  const { headers } = response;
  headers.set('x-hybridge-routes', call.routes.versionText);
  if (call.error) headers.set('x-hybridge-routes-error', printable(call.error));
  if (call.routes.cors) headers.append('vary', 'origin');
  if (call.allowedOrigin !== null) {
    headers.set('access-control-allow-origin', call.allowedOrigin);
    headers.set('access-control-allow-credentials', 'true'); // the Access cookie
    headers.set('access-control-expose-headers', 'x-hybridge-backend, x-hybridge-attempts, x-hybridge-model, x-hybridge-routes, '
      + 'x-hybridge-rule, server-timing, retry-after');
  }
  return response;
}

function preflight(call) {
  if (call.allowedOrigin === null) return refusal(call, 403, 'cors_off', 'Pages of this origin are not let in.');
  return signed(call, new Response(null, { status: 204, headers: {
    'access-control-allow-methods': [...methods].join(', '),
    'access-control-allow-headers': call.headers.get('access-control-request-headers') ?? 'content-type',
    'access-control-max-age': '600',
  } }));
}

/** Model names and texts may hold anything; a header may not. */
function printable(text) {
  const short = String(text).slice(0, 200);
  return /^[\x20-\x7e]*$/.test(short) ? short : short.replace(/[^\x20-\x7e]/gu, (c) => (c.length === 1 && c >= '\ud800' && c <= '\udfff' ? '?' : encodeURIComponent(c)));
}

/** An answer of the router's own, in the shape of the API that was asked. */
function refusal(call, status, code, message, more = {}, param = null) {
  const native = call !== null && (call.path === '/api' || call.path.startsWith('/api/'));
  const body = native ? { error: message, code } : { error: { message, type: 'hybridge_router', param, code } };
  const headers = { 'cache-control': 'no-store', ...more };
  if (call !== null) {
    if (call.tried.length) headers['x-hybridge-attempts'] = String(call.tried.length);
    if (call.rule !== null) headers['x-hybridge-rule'] = call.rule;
    if (!call.routes) headers['x-hybridge-routes-error'] = printable(call.error);
  }
  const response = Response.json(body, { status, headers });
  return call === null ? response : signed(call, response);
}

// --------------------------------------------------------------------------------------------------- lists, and ourselves

/** GET /v1/models and /api/tags of everybody in service, as one list; aliases and virtual models are in the former. */
async function mergedList(call) {
  const { routes, list } = call;
  const { weights } = weightsNow(routes, call.start);
  const asked = (call.pinned ?? routes.backends).filter((backend) => weights.get(backend.id) > 0);
  if (asked.length === 0) return refusal(call, 503, 'drained', 'Every backend that could answer is out of service (weight 0).');
  for (const name of ['if-none-match', 'if-modified-since', 'range']) call.headers.delete(name);
  const shut = ({ id }) => (breakers.get(id)?.openUntil ?? 0) > call.start;
  const members = asked.every(shut) ? asked : asked.filter((backend) => !shut(backend));
  const results = await Promise.all(members.map(async (backend) => {
    const result = await ask(call, backend, undefined, routes.limits.firstByteGetMs, true);
    if (result.ok) noteSuccess(backend);
    else if (result.restMs === null) noteFailure(call, backend, Date.now());
    if (!result.bytes || result.response.status !== 200) {
      (result.stream ?? result.response?.body)?.cancel().catch(() => {});
      return { backend, outcome: result.ok ? `answered ${result.response.status} without a list` : result.outcome };
    }
    try {
      const entries = JSON.parse(decoder.decode(result.bytes))[list.key];
      return { backend, ms: result.ms, entries: entries.filter((entry) => typeof entry[list.name] === 'string') };
    } catch {
      return { backend, outcome: 'answered something else than a list' };
    }
  }));
  call.tried = results;
  const good = results.filter(({ entries }) => entries);
  if (good.length === 0) {
    const story = results.map(({ backend, outcome }) => `${backend.id}: ${outcome}`).join('; ');
    return refusal(call, 502, 'backend_unreachable', `No backend gave its list (${story}).`);
  }
  const merged = new Map();
  for (const { entries } of good)
    for (const entry of entries) if (!merged.has(entry[list.name])) merged.set(entry[list.name], entry);
  if (list.key === 'data') {
    const names = good.flatMap(({ backend }) => [...backend.aliases.keys()]).concat([...routes.virtual.keys()]);
    for (const id of names) if (!merged.has(id)) merged.set(id, { id, object: 'model', created: 0, owned_by: 'hybridge' });
  }
  const body = list.key === 'data' ? { object: 'list', data: [...merged.values()] } : { models: [...merged.values()] };
  const headers = {
    'cache-control': 'no-store',
    'x-hybridge-backend': good.map(({ backend }) => backend.id).join(','),
    'x-hybridge-attempts': String(results.length),
    'server-timing': good.map(({ backend, ms }) => `backend;dur=${ms};desc="${backend.id}"`).join(', '),
  };
  const missing = asked.filter((backend) => !good.some((one) => one.backend === backend));
  if (missing.length) headers['x-hybridge-missing'] = missing.map(({ id }) => id).join(',');
  return signed(call, Response.json(body, { headers }));
}

function tellRoutes(call) {
  const { routes, error, start } = call;
  const { weights, lease } = weightsNow(routes, start);
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  isolate ??= { id: crypto.randomUUID(), since: new Date(start).toISOString() };
  const backends = routes.backends.map((backend) => {
    const state = breakers.get(backend.id);
    const open = (state?.openUntil ?? 0) !== 0;
    return {
      id: backend.id, engine: backend.engine, url: backend.vpc ? null : backend.origin, vpc: backend.vpc ?? null,
      models: [...backend.models], aliases: Object.fromEntries(backend.aliases),
      weight: backend.weight, weightNow: weights.get(backend.id), share: weights.get(backend.id) / sum,
      breaker: { state: !open ? 'closed' : state.openUntil > start ? 'open' : 'trickle', failures: state?.failures ?? 0,
        until: open ? new Date(state.openUntil).toISOString() : null,
        restUntil: state?.restUntil > start ? new Date(state.restUntil).toISOString() : null },
    };
  });
  const auto = routes.auto && `auto: bytes of messages, prompt or input / 4 + max_tokens; above ${routes.auto.largeAbove} large, else small`;
  return signed(call, Response.json({
    version: routes.version, error: error ?? null, source: error ? 'last good' : 'binding', at: new Date(start).toISOString(),
    isolate, backends, virtual: Object.fromEntries([...routes.virtual].map(([name, backend]) => [name, backend?.id ?? null])),
    rule: auto ?? null, lease: routes.lease && { ...routes.lease.document, state: lease },
    stickyHeader: routes.stickyHeader, cors: routes.cors && [...routes.cors], limits: routes.limits,
    accessToken: Boolean(call.env.ACCESS_CLIENT_ID && call.env.ACCESS_CLIENT_SECRET), // that there is one, never which
  }, { headers: { 'cache-control': 'no-store' } }));
}

// --------------------------------------------------------------------------------------------------------------- bodies

/**
 * { bytes } of a stream of unknown length that ends within scanLimit, else { stream }: what was read goes before the rest,
 * which the runtime then moves alone.
 */
async function peek(stream, ctx) {
  const reader = stream.getReader();
  const chunks = [];
  let size = 0;
  while (size <= scanLimit) {
    const { done, value } = await reader.read();
    if (done) {
      if (chunks.length === 1) return { bytes: chunks[0] };
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return { bytes };
    }
    chunks.push(value);
    size += value.length;
  }
  reader.releaseLock();
  const { readable, writable } = new IdentityTransformStream(); // holds nothing: a slow reader slows the source
  ctx.waitUntil((async () => {
    try {
      const writer = writable.getWriter();
      for (const chunk of chunks) await writer.write(chunk);
      writer.releaseLock();
      await stream.pipeTo(writable);
    } catch (error) {
      await Promise.allSettled([stream.cancel(error), writable.abort(error)]);
    }
  })());
  return { stream: readable };
}

/**
 * Reads the top level of a JSON object without building it: one pass, never back, linear in the worst case, so that
 * 256 KiB stay far below the CPU limit where JSON.parse and stringify would not, and bytes we do not touch stay the same.
 * null for anything that is not one whole object: that is passed on as it is, its backend says what is wrong.
 */
function scan(bytes) {
  const found = { model: null, models: 0, start: 0, end: 0, promptBytes: 0, answerTokens: 0, stream: false };
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  at = skipBlank(bytes, at);
  if (bytes[at] !== 0x7b) return null; // {
  at = skipBlank(bytes, at + 1);
  while (bytes[at] !== 0x7d) { // }
    if (bytes[at] !== 0x22) return null; // "
    const keyEnd = stringEnd(bytes, at);
    if (keyEnd < 0) return null;
    const key = keyEnd - at <= 128 ? text(bytes, at, keyEnd) : null;
    at = skipBlank(bytes, keyEnd);
    if (bytes[at] !== 0x3a) return null; // :
    const start = skipBlank(bytes, at + 1);
    const end = valueEnd(bytes, start);
    if (end < 0) return null;
    note(bytes, key, start, end, found);
    at = skipBlank(bytes, end);
    if (bytes[at] === 0x2c) at = skipBlank(bytes, at + 1); // ,
    else if (bytes[at] !== 0x7d) return null;
  }
  return skipBlank(bytes, at + 1) === bytes.length ? found : null;
}

function note(bytes, key, start, end, found) {
  switch (key?.toLowerCase()) {
    case 'model':
      found.models += 1;
      if (bytes[start] !== 0x22 || end - start > 1024) return;
      found.model = text(bytes, start, end);
      found.start = start;
      found.end = end;
      return;
    case 'messages':
    case 'prompt':
    case 'input':
      found.promptBytes += end - start;
      return;
    case 'max_tokens':
    case 'max_completion_tokens':
    case 'max_output_tokens': {
      const number = end - start <= 16 ? Number(String.fromCharCode(...bytes.subarray(start, end))) : NaN;
      if (Number.isInteger(number) && number > 0) found.answerTokens = Math.max(found.answerTokens, number);
      return;
    }
    case 'stream':
      found.stream = bytes[start] === 0x74; // true
  }
}

function skipBlank(bytes, at) {
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) ++at;
  return at;
}

/** Behind the string that begins at @p at; -1 where it does not end. Long ones, where prompts are, by native search. */
function stringEnd(bytes, at) {
  let from = at + 1;
  for (const near = Math.min(from + 32, bytes.length); from < near; ++from) {
    if (bytes[from] === 0x22) return from + 1;
    if (bytes[from] === 0x5c) ++from; // \ and what it escapes
  }
  for (;;) {
    const quote = bytes.indexOf(0x22, from);
    if (quote < 0) return -1;
    let back = quote;
    while (back > from && bytes[back - 1] === 0x5c) --back;
    if ((quote - back) % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

function valueEnd(bytes, at) {
  const begin = at;
  for (let depth = 0; at < bytes.length;) {
    const c = bytes[at];
    if (c === 0x22) {
      at = stringEnd(bytes, at);
      if (at < 0 || depth === 0) return at;
      continue;
    }
    if (c === 0x7b || c === 0x5b) {
      ++depth;
    } else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) break;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (c === 0x2c || c <= 0x20)) {
      break;
    }
    ++at;
  }
  return at < bytes.length && at > begin ? at : -1;
}

/** The string literal between two offsets, its escapes resolved; null where it is none. */
function text(bytes, start, end) {
  if (end - start <= 64) { // nearly all names: plain ASCII, for which a decoder costs more than a loop
    let plain = '';
    let at = start + 1;
    for (; at < end - 1; ++at) {
      const c = bytes[at];
      if (c < 0x20 || c > 0x7e || c === 0x5c) break;
      plain += String.fromCharCode(c);
    }
    if (at === end - 1) return plain;
  }
  try {
    return JSON.parse(decoder.decode(bytes.subarray(start, end)));
  } catch {
    return null;
  }
}

/** @p name as the JSON text that goes into a body. Names in ROUTES are few and come again with every request. */
function literal(backend, name) {
  let bytes = backend.literals.get(name);
  if (!bytes) {
    bytes = encoder.encode(JSON.stringify(name));
    backend.literals.set(name, bytes); // only what ROUTES names is ever rewritten to: it cannot grow
  }
  return bytes;
}

function splice(bytes, start, end, middle) {
  const whole = new Uint8Array(start + middle.length + bytes.length - end);
  whole.set(bytes.subarray(0, start));
  whole.set(middle, start);
  whole.set(bytes.subarray(end), start + middle.length);
  return whole;
}

// --------------------------------------------------------------------------------------------------------------- ROUTES

/**
 * What ROUTES says, compiled once an isolate. A malformed one is refused whole. A new version is a new isolate without a
 * memory, so the last good document is kept in the cache of this place, and serves on, with the fault in every answer.
 */
async function load(env, address, ctx) {
  if (loaded && loaded.source === env.ROUTES) return loaded;
  const key = `https://${new URL(address).hostname}/__hybridge/last-good-routes`;
  try {
    const document = decode(env.ROUTES);
    loaded = { source: env.ROUTES, routes: compile(document, env) };
    ctx.waitUntil(lastGood((cache) => cache.put(key, Response.json(document, { headers: { 'cache-control': 'max-age=604800' } }))));
    return loaded;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const fault = error.message;
    const document = await lastGood(async (cache) => (await cache.match(key))?.json());
    if (!document) return { routes: null, error: fault }; // not remembered: another try with the next request
    try {
      loaded = { source: env.ROUTES, routes: compile(document, env), error: `${fault}; version ${document.version} serves on` };
      return loaded;
    } catch {
      return { routes: null, error: fault };
    }
  }
}

/** A named cache, which no request from outside can reach. Without one (an editor's preview, a bare workerd) there is no last good. */
async function lastGood(use) {
  try {
    return await use(await caches.open('hybridge-routes'));
  } catch {
    return null;
  }
}

class Malformed extends Error {}

/** Says where and what, never the value: somebody may have pasted a secret there. */
function need(holds, pointer, expected, value) {
  if (holds) return;
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'number' ? String(value) : typeof value;
  throw new Malformed(`${pointer || '/'}: expected ${expected}, found ${value === undefined ? 'nothing' : kind}`);
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value, most = 200) => typeof value === 'string' && value.length > 0 && value.length <= most && !/[\x00-\x1f\x7f]/.test(value);
const isWeight = (value) => typeof value === 'number' && value >= 0 && value <= 1_000_000;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function keys(value, pointer, ...allowed) {
  need(isObject(value), pointer, 'an object', value);
  for (const key of Object.keys(value))
    if (!key.startsWith('x-') && !allowed.includes(key))
      throw new Malformed(`${pointer}/${printable(key).slice(0, 40)}: unknown key`);
}

function decode(binding) {
  need(binding !== undefined, '', 'a binding named ROUTES', binding);
  if (typeof binding !== 'string') { // a JSON binding comes parsed, a text one does not
    need(encoder.encode(JSON.stringify(binding)).length <= routesLimit, '', `at most ${routesLimit} bytes`, binding);
    return binding;
  }
  need(encoder.encode(binding).length <= routesLimit, '', `at most ${routesLimit} bytes`, binding);
  try {
    return JSON.parse(binding);
  } catch {
    throw new Malformed('/: expected JSON, found other text');
  }
}

function compile(document, env) {
  keys(document, '', 'version', 'backends', 'virtual', 'lease', 'stickyHeader', 'cors', 'limits');
  const { version } = document;
  need(Number.isSafeInteger(version) && version >= 0, '/version', 'an integer from 0', version);
  need(Array.isArray(document.backends), '/backends', 'a list', document.backends);
  need(document.backends.length >= 1 && document.backends.length <= 32, '/backends', '1 to 32 backends', document.backends.length);
  const byId = new Map();
  document.backends.forEach((entry, index) => {
    const pointer = `/backends/${index}`;
    const backend = compileBackend(entry, pointer, env);
    need(!byId.has(backend.id), `${pointer}/id`, 'an id of its own', entry.id);
    byId.set(backend.id, backend);
  });
  const backends = [...byId.values()];
  const weights = new Map(backends.map(({ id, weight }) => [id, weight]));
  need(backends.some(({ weight }) => weight > 0), '/backends', 'at least one weight above 0', 0);
  const { virtual, auto } = compileVirtual(document.virtual ?? {}, byId);
  const stickyHeader = document.stickyHeader ?? null;
  need(stickyHeader === null || (isText(stickyHeader, 64) && /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(stickyHeader)), '/stickyHeader',
    "a header's name", stickyHeader);
  const names = new Set(backends.flatMap(({ models, aliases }) => [...models, ...aliases.keys()]).concat([...virtual.keys()]));
  return {
    version, versionText: String(version), backends, byId, ids: backends.map(({ id }) => id).join(', '), weights, virtual, auto, names,
    stickyHeader: stickyHeader?.toLowerCase() ?? null,
    lease: compileLease(document.lease ?? null, byId, weights), cors: compileCors(document.cors ?? null),
    limits: compileLimits(document.limits ?? {}),
  };
}

function compileBackend(entry, pointer, env) {
  keys(entry, pointer, 'id', 'url', 'vpc', 'vpcHost', 'weight', 'engine', 'models', 'aliases');
  const { id, url, vpc, weight, engine } = entry;
  need(isText(id) && idPattern.test(id) && !['api', 'v1'].includes(id), `${pointer}/id`, 'an id: letters, digits, ".", "_", "-"; not "api" or "v1"', id);
  need(isWeight(weight), `${pointer}/weight`, 'a number from 0 to 1000000', weight);
  need(typeof engine === 'string' && Object.hasOwn(defaultHost, engine), `${pointer}/engine`, '"vllm", "ollama" or "openai"', engine);
  need((url === undefined) !== (vpc === undefined), pointer, 'either "url" or "vpc"', entry);
  need(entry.vpcHost === undefined || vpc !== undefined, `${pointer}/vpcHost`, '"vpc" beside it', entry.vpcHost);
  let origin;
  if (vpc !== undefined) {
    need(isText(vpc) && typeof env[vpc]?.fetch === 'function', `${pointer}/vpc`, 'the name of a VPC binding of this Worker', vpc);
    origin = originOf(`http://${entry.vpcHost ?? defaultHost[engine]}`, `${pointer}/vpcHost`, () => true);
  } else {
    // The token goes there: only over TLS, except on this very machine.
    origin = originOf(url, `${pointer}/url`, (target) => target.protocol === 'https:'
      || (target.protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(target.hostname)));
  }
  const models = entry.models ?? [];
  need(Array.isArray(models), `${pointer}/models`, 'a list', models);
  models.forEach((name, index) => need(isText(name), `${pointer}/models/${index}`, "a model's name", name));
  const aliases = entry.aliases ?? {};
  need(isObject(aliases), `${pointer}/aliases`, 'an object', aliases);
  for (const [name, local] of Object.entries(aliases))
    need(isText(name) && isText(local), `${pointer}/aliases`, 'names for names', local);
  return { id, origin, vpc, weight, engine, models: new Set(models), aliases: new Map(Object.entries(aliases)), first: models[0] ?? null,
    literals: new Map() };
}

/** "scheme://host[:port]" of @p text, which must be no more than that. */
function originOf(text, pointer, allowed) {
  const target = isText(text, 300) && URL.canParse(text) ? new URL(text) : null;
  const bare = target !== null && /^https?:$/.test(target.protocol) && target.pathname === '/' && target.search === '' && target.hash === ''
    && target.username === '' && target.password === '' && !/[\\?#@\s]/.test(text);
  need(bare && allowed(target), pointer, '"https://host" without a path', text);
  return target.origin;
}

function compileVirtual(entry, byId) {
  keys(entry, '/virtual', 'small', 'large', 'auto');
  const virtual = new Map();
  for (const name of ['small', 'large']) {
    if ((entry[name] ?? null) === null) continue;
    const backend = byId.get(entry[name]);
    need(backend, `/virtual/${name}`, "a backend's id", entry[name]);
    need(backend.first !== null || backend.aliases.has(name), `/virtual/${name}`, 'a backend that names a model', entry[name]);
    virtual.set(name, backend);
  }
  const auto = entry.auto ?? null;
  if (auto !== null) {
    keys(auto, '/virtual/auto', 'largeAbove');
    need(Number.isSafeInteger(auto.largeAbove) && auto.largeAbove >= 0, '/virtual/auto/largeAbove', 'tokens, an integer from 0', auto.largeAbove);
    need(virtual.size === 2, '/virtual/auto', '"small" and "large" beside it', auto);
    virtual.set('auto', null); // resolved before anybody is looked up; here for the list of models
  }
  return { virtual, auto };
}

function compileLease(entry, byId, base) {
  if (entry === null) return null;
  keys(entry, '/lease', 'id', 'kind', 'owner', 'backends', 'expiresAt');
  need(isText(entry.id), '/lease/id', 'text', entry.id);
  need(entry.kind === 'drill' || entry.kind === 'weight', '/lease/kind', '"drill" or "weight"', entry.kind);
  need(isText(entry.owner), '/lease/owner', 'text', entry.owner);
  need(isObject(entry.backends) && Object.keys(entry.backends).length > 0, '/lease/backends', 'an object of weights', entry.backends);
  for (const [id, weight] of Object.entries(entry.backends)) {
    need(byId.has(id), '/lease/backends', 'ids of backends', weight);
    need(isWeight(weight), `/lease/backends/${id}`, 'a number from 0 to 1000000', weight);
  }
  const time = typeof entry.expiresAt === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(entry.expiresAt)
    ? Date.parse(entry.expiresAt) : NaN;
  need(!Number.isNaN(time), '/lease/expiresAt', 'a time in UTC: "2026-01-26T10:00:00Z"', entry.expiresAt);
  const weights = new Map([...base].map(([id, weight]) => [id, Object.hasOwn(entry.backends, id) ? entry.backends[id] : weight]));
  const { id, kind, owner, backends, expiresAt } = entry;
  return { until: time, weights: [...weights.values()].some((weight) => weight > 0) ? weights : null,
    document: { id, kind, owner, backends, expiresAt } };
}

function compileCors(entry) {
  if (entry === null) return null;
  keys(entry, '/cors', 'origins');
  need(Array.isArray(entry.origins) && entry.origins.length > 0, '/cors/origins', 'a list of origins', entry.origins);
  entry.origins.forEach((origin, index) => need(isText(origin) && URL.canParse(origin) && new URL(origin).origin === origin,
    `/cors/origins/${index}`, 'an origin such as "https://chat.example.com"', origin));
  return new Set(entry.origins);
}

function compileLimits(entry) {
  keys(entry, '/limits', ...Object.keys(defaultLimits));
  const limits = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits)) {
    if (entry[name] === undefined) continue;
    need(Number.isSafeInteger(entry[name]) && entry[name] >= 1 && entry[name] <= 600_000, `/limits/${name}`, 'an integer from 1 to 600000', entry[name]);
    limits[name] = entry[name];
  }
  return limits;
}
