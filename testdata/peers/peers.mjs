// Shared by the Node test agents: the echo application every agent serves,
// its form for HTTP servers and for message/http, and the dialling loop.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const TEXT = ['Content-Type', 'text/plain'];
const BINARY = ['Content-Type', 'application/octet-stream'];

// echo answers one request: {status, headers: [[n, v]], pieces: [Buffer], wait: ms}.
// More than one piece means "send in several chunks where the dialect can".
export function echo({ method, target, host, body }) {
  const [path, query = ''] = target.split(/\?(.*)/s);
  const number = name => Number(new URLSearchParams(query).get(name) ?? 0);
  const saw = [['X-Saw', `${method} ${target}`], ['X-Host', host ?? '']];
  const reply = (status, headers, pieces, wait = 0) =>
    ({ status, headers: [...saw, ...headers], pieces: pieces.map(p => Buffer.from(p)), wait });

  const status = /\/status\/([2-5]\d\d)$/.exec(path)?.[1];
  if (status === '204' || status === '304') return reply(Number(status), [], []);
  if (status) return reply(Number(status), [TEXT], [`status ${status}`]);
  switch (path.slice(path.lastIndexOf('/'))) {
    case '/echo': return reply(200, [BINARY], [body]);
    case '/empty': return reply(204, [], []);
    case '/head': return reply(200, [TEXT], ['x'.repeat(1234)]);
    case '/chunked':
      return reply(200, [TEXT], Array.from({ length: 10 }, (_, i) => `chunk${i}\n`));
    case '/cookies':
      return reply(200, [TEXT, ['Set-Cookie', 'a=1; Path=/'], ['Set-Cookie', 'b=2; Path=/'],
        ['X-Multi', 'one'], ['X-Multi', 'two']], ['cookies']);
    case '/binary':
      return reply(200, [BINARY], [Uint8Array.from({ length: number('n') }, (_, i) => (i * 7 + 3) % 256)]);
    case '/slow': return reply(200, [TEXT], ['slow'], number('ms'));
    default: return reply(200, [TEXT], ['hello']);
  }
}

const hasBody = status => status >= 200 && status !== 204 && status !== 304;

// answer is a request listener for http.Server and for http2.Http2Server.
export async function answer(req, res) {
  const parts = [];
  try {
    for await (const part of req) parts.push(part);
  } catch {
    return; // the relay went away in the middle of the request
  }
  const host = req.headers[':authority'] ?? req.headers.host;
  const reply = echo({ method: req.method, target: req.url, host, body: Buffer.concat(parts) });
  await sleep(reply.wait);
  res.statusCode = reply.status;
  for (const name of new Set(reply.headers.map(h => h[0]))) {
    const values = reply.headers.filter(h => h[0] === name).map(h => h[1]);
    res.setHeader(name, values.length > 1 ? values : values[0]);
  }
  if (reply.pieces.length <= 1 && hasBody(reply.status)) {
    res.setHeader('Content-Length', reply.pieces[0]?.length ?? 0);
  }
  if (req.method !== 'HEAD') for (const piece of reply.pieces) res.write(piece);
  res.end();
}

// h1Server takes the agent's side of HTTP/1.1 links: `h1Server.emit('connection', socket)`.
// Requests without Host are served; an idle link is closed 5 s after an answer.
export const h1Server = http.createServer(
  { requireHostHeader: false, headersTimeout: 0, requestTimeout: 0 }, answer);

// parseMessage splits the entity of a message/http request. The body is the
// rest of the entity, whatever the framing fields inside say.
export function parseMessage(entity) {
  const end = entity.indexOf('\r\n\r\n');
  const [start, ...lines] = entity.latin1Slice(0, end).split('\r\n');
  const [method, target] = start.split(' ');
  const headers = lines.map(line => line.split(/:\s*(.*)/s).slice(0, 2));
  return { method, target, headers, host: field(headers, 'host'), body: entity.subarray(end + 4) };
}

export function field(headers, name) {
  return headers.find(h => h[0].toLowerCase() === name)?.[1];
}

// formatMessage writes a reply as one identity-coded message/http response.
export function formatMessage(method, reply) {
  const body = Buffer.concat(reply.pieces);
  const headers = [...reply.headers];
  if (hasBody(reply.status)) headers.push(['Content-Length', body.length]);
  const reason = http.STATUS_CODES[reply.status] ?? '';
  const head = [`HTTP/1.1 ${reply.status} ${reason}`, ...headers.map(h => `${h[0]}: ${h[1]}`)];
  return Buffer.concat([Buffer.from(head.join('\r\n') + '\r\n\r\n', 'latin1'),
    method === 'HEAD' ? Buffer.alloc(0) : body]);
}

// agentArguments reads RELAY_BASE_URL NAME TOKEN from the command line.
export function agentArguments() {
  const [base, name, token] = process.argv.slice(2);
  if (!token) {
    console.error('usage: node agent-X.mjs RELAY_BASE_URL NAME TOKEN');
    process.exit(2);
  }
  const url = new URL(base);
  const prefix = url.pathname.replace(/\/$/, '');
  return { url, prefix, name, token, port: Number(url.port || 80), host: url.hostname };
}

let announced = false;
export function ready() {
  if (!announced) console.log('ready');
  announced = true;
}

// forever repeats a step; a failure is reported once and followed by 0.2 s of rest.
export async function forever(step) {
  for (let last = ''; ;) {
    try {
      await step();
      last = '';
    } catch (err) {
      if (err.message !== last) console.error(last = err.message);
      await sleep(200);
    }
  }
}

// dial sends an upgrade request. It resolves with the 101 and the socket, with
// bytes that came right behind the 101 put back; any other answer is an error.
export function dial(options) {
  return new Promise((resolve, reject) => {
    const req = http.request({ ...options, agent: false });
    req.on('upgrade', (res, socket, early) => {
      socket.setKeepAlive(true, 20_000);
      socket.on('error', () => {});
      if (early.length) socket.unshift(early);
      resolve({ res, socket });
    });
    req.on('response', res => {
      reject(new Error(`relay answered ${res.statusCode} to the upgrade`));
      req.destroy();
    });
    req.on('error', reject);
    req.end();
  });
}

export const closed = socket =>
  new Promise(done => (socket.closed ? done() : socket.once('close', done)));

// call makes one plain HTTP exchange over kept connections.
const kept = new http.Agent({ keepAlive: true });
export function call(url, { method = 'GET', headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { method, agent: kept,
      headers: { ...headers, ...(method === 'POST' && { 'Content-Length': Buffer.byteLength(body) }) } });
    req.on('response', async res => {
      const parts = [];
      try {
        for await (const part of res) parts.push(part);
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) });
      } catch (err) {
        reject(err);
      }
    });
    req.on('error', reject);
    req.end(body);
  });
}
