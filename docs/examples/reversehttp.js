// A small ReverseHttp agent for browser pages and for Node 20 or later. It needs
// nothing but fetch.
//
//   import { serve } from './reversehttp.js';
//
//   const agent = serve('https://relay.example.com/reversehttp',
//     { name: 'garage', token: 'secret' },
//     request => ({ status: 200, headers: [['Content-Type', 'text/plain']], body: 'hello' }));
//   console.log(await agent.url);    // where the world finds it
//   await agent.stop();              // gives the name back
//
// How it works: a claim tells the relay our name; a GET waits for a caller's
// request; a POST to the same URL carries our answer back; the GET's Link names the
// URL to wait on next. Connections that break, and relays that restart, are met
// with waiting and trying again, for ever, until stop.

const POLL_LIMIT = 90_000; // ms of silence after which a waiting GET is given up
const FIRST_PAUSE = 250; // ms before the second try; doubled up to LONGEST_PAUSE
const LONGEST_PAUSE = 10_000;
const REPLY_TRIES = 4;

// serve claims name at accessPoint and calls handler for every request, also for
// several at once. It returns at once:
//   url     promise of the public URL, kept when the name is claimed
//   stop()  ends the polls and releases the name
// options: name and token (a secret of your choice, or the relay's token for you);
// lease, seconds for which the relay keeps the name while nobody polls (60);
// onClaim(url), onError(error), called each time.
// handler(request) gets {method, target, headers: [[name, value]], body:
// Uint8Array, client: "address:port"} and returns, or promises, {status, headers,
// body}. The body may be a string or bytes; everything but status may be left out.
export function serve(accessPoint, options, handler) {
  const agent = new Agent(accessPoint, options, handler);
  const done = agent.run();
  return {
    url: agent.claimed,
    stop: async () => {
      agent.stopping.abort();
      await done;
      await agent.release();
    },
  };
}

class Agent {
  stopping = new AbortController();
  requestURL = null; // where to wait for the next request; null = claim first
  privateURL = null;

  constructor(accessPoint, { name, token, lease = 60, onClaim, onError }, handler) {
    this.accessPoint = String(accessPoint);
    this.form = { name, token, lease: String(lease) };
    this.onClaim = onClaim ?? (() => {});
    this.onError = onError ?? (() => {});
    this.handler = handler;
    this.claimed = new Promise(resolve => { this.resolveClaimed = resolve; });
  }

  async run() {
    let pause = FIRST_PAUSE;
    while (!this.stopping.signal.aborted) {
      try {
        if (!this.requestURL) await this.claim();
        await this.poll();
        pause = FIRST_PAUSE;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.onError(error);
        // Agents that lost the same relay should not all come back at the same time.
        await this.rest(Math.max(error.retryAfter ?? 0, pause * (0.5 + Math.random() / 2)));
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
  }

  async claim() {
    const response = await this.fetch(this.accessPoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(this.form).toString(),
    });
    if (response.status !== 201 && response.status !== 204 && response.status !== 200) {
      throw await refused('the claim', response);
    }
    const links = linksOf(response);
    if (!links.first) throw new Error('the relay named no request URL; is the access point right?');
    this.requestURL = links.first;
    this.privateURL = response.headers.get('Location');
    this.onClaim(links.related);
    this.resolveClaimed(links.related);
  }

  // poll waits on the request URL once. The next poll starts while the handler
  // still works on this one's request.
  async poll() {
    const url = this.requestURL;
    const response = await this.fetch(url, { headers: { Accept: 'message/http' }, cache: 'no-store' });
    if ([403, 404, 410].includes(response.status)) this.requestURL = null; // forgotten: claim again
    if (response.status !== 200 && response.status !== 204) throw await refused('the poll', response);
    const entity = new Uint8Array(await response.arrayBuffer());
    // A 204 says that nobody called; without a Link the old URL stays good.
    this.requestURL = linksOf(response).next ?? (response.status === 204 ? url : null);
    if (response.status === 204) return;
    const client = response.headers.get('Requesting-Client') ?? '';
    this.answer(url, entity, client).catch(this.onError);
  }

  async answer(url, entity, client) {
    let message;
    try {
      const request = parseRequest(entity, client);
      message = formatResponse(request, await this.handler(request) ?? {});
    } catch (error) {
      this.onError(error);
      message = formatResponse({}, { status: 500, body: 'The handler failed.\n' });
    }
    for (let tries = 1; ; tries++) {
      try {
        const response = await this.fetch(url, {
          method: 'POST', headers: { 'Content-Type': 'message/http' }, body: message,
        });
        if (response.ok) return;
        throw await refused('the answer', response); // 404: the caller has gone
      } catch (error) {
        if (error.status || tries === REPLY_TRIES) throw error;
        await this.rest(FIRST_PAUSE);
      }
    }
  }

  async release() {
    if (!this.privateURL) return;
    // The relay may be gone, or know no releasing: the lease then ends by itself.
    await fetch(this.privateURL, { method: 'DELETE' }).catch(() => {});
  }

  // fetch is the global one, ended by stop and after POLL_LIMIT.
  async fetch(url, init) {
    const ending = new AbortController();
    const abort = () => ending.abort(new Error('the relay was silent for too long'));
    const timer = setTimeout(abort, POLL_LIMIT);
    this.stopping.signal.addEventListener('abort', abort);
    try {
      const response = await fetch(url, { ...init, signal: ending.signal });
      const body = await response.arrayBuffer(); // still under the time limit
      return Object.assign(response, { arrayBuffer: async () => body });
    } finally {
      clearTimeout(timer);
      this.stopping.signal.removeEventListener('abort', abort);
    }
  }

  rest(ms) {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        this.stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.stopping.signal.addEventListener('abort', done);
    });
  }
}

async function refused(what, response) {
  const said = new TextDecoder().decode(await response.arrayBuffer()).split('\n')[0].slice(0, 200) || response.statusText;
  const error = new Error(`the relay refused ${what}: ${response.status} ${said}`);
  error.status = response.status;
  error.retryAfter = 1000 * Number(response.headers.get('Retry-After') ?? 0) || 0;
  return error;
}

// linksOf reads `<URL>; rel="name"` parts of the Link field: {name: absolute URL}.
function linksOf(response) {
  const found = {};
  for (const [, url, rel] of (response.headers.get('Link') ?? '').matchAll(/<([^>]*)>\s*;\s*rel="?([^",;]*)"?/g)) {
    found[rel] = new URL(url, response.url).href;
  }
  return found;
}

// parseRequest takes a message/http entity apart. The body is the rest of the
// entity: framing fields inside the message describe the caller's connection.
function parseRequest(entity, client) {
  const end = blankLine(entity);
  const head = Array.from(entity.subarray(0, end), byte => String.fromCharCode(byte)).join('');
  const [start, ...lines] = head.split('\r\n');
  const [method, target] = start.split(' ');
  const headers = lines.map(line => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { method, target, headers, body: entity.subarray(end + 4), client };
}

function blankLine(bytes) {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  throw new Error('the relay sent something other than an HTTP request');
}

// formatResponse writes one complete response with its length.
function formatResponse({ method }, { status = 200, headers = [], body = '' }) {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
  const kept = headers.filter(([name]) => !/^(content-length|transfer-encoding|connection)$/i.test(name));
  const bodiless = status === 204 || status === 304;
  if (!bodiless) kept.push(['Content-Length', bytes.length]);
  const head = [`HTTP/1.1 ${status} `, ...kept.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  if (/[^\t\x20-\x7e\x80-\xff]/.test(kept.flat().join(''))) {
    throw new Error('a response header has a line break, or a character beyond Latin-1, in it');
  }
  const text = Uint8Array.from(head, c => c.charCodeAt(0));
  const sent = bodiless || method === 'HEAD' ? new Uint8Array() : bytes;
  const message = new Uint8Array(text.length + sent.length);
  message.set(text);
  message.set(sent, text.length);
  return message;
}
