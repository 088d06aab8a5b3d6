// Shared by the Node test relays: the port where agents and callers arrive, the
// links that wait per claim, and forwarding over an HTTP/1.1 link.
import http from 'node:http';
import net from 'node:net';

const RESERVED = ['ptth', 'comet', 'reversehttp', '.well-known'];
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect'];

// listen opens the port of the command line (PORT [TOKEN]). upgrade(head) looks
// at the first head of each connection: it returns the claim's name if that head
// is an upgrade request of this relay's dialect. admit(links, name, head, socket,
// rest) then answers it and adds a link; everything else is a caller.
export function listen({ upgrade, admit }) {
  const [port, token] = process.argv.slice(2);
  const links = new Links();
  const edge = http.createServer({ requireHostHeader: false }, (req, res) => {
    const { name, target } = claimOf(req, links);
    if (RESERVED.includes(name)) return refuse(res, 404, 'this relay has no such endpoint');
    forward(links, name, target, req, res);
  });
  const server = net.createServer(async socket => {
    socket.on('error', () => {});
    socket.setNoDelay(true);
    const { head, bytes, rest } = await readHead(socket);
    const name = head && upgrade(head)?.toLowerCase();
    if (!name) {
      socket.unshift(bytes);
      edge.emit('connection', socket);
      return socket.resume();
    }
    if (token && head.fields.authorization !== `Bearer ${token}`) {
      return socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n' +
        'Content-Length: 0\r\nConnection: close\r\n\r\n');
    }
    socket.setKeepAlive(true, 20_000);
    admit(links, name, head, socket, rest);
  });
  server.listen(Number(port ?? 0), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
}

// forward waits for a link (5 s) and gives the caller's exchange to it.
async function forward(links, name, target, req, res) {
  const link = await links.take(name);
  if (!link) return refuse(res, 504, `nothing is connected for ${name}`);
  if (res.destroyed) return links.put(name, link); // the caller has left meanwhile
  link.forward(target, req, res);
}

export function refuse(res, status, text) {
  if (res.headersSent) return res.destroy();
  res.writeHead(status, { 'Content-Type': 'text/plain', 'Connection': 'close' });
  res.end(text + '\n');
}

// claimOf finds the claim by the first label of Host, else by the first segment.
function claimOf(req, links) {
  const label = (req.headers.host ?? '').split('.')[0].toLowerCase();
  if (links.idle.has(label)) return { name: label, target: req.url };
  const [, segment, rest] = /^\/([^/?]*)(.*)$/s.exec(req.url) ?? [null, '', ''];
  return { name: segment.toLowerCase(), target: rest.startsWith('/') ? rest : '/' + rest };
}

// readHead takes one head off a socket and leaves the socket paused. A body sent
// with it is part of rest. An unfinished head comes back as bytes alone.
function readHead(socket) {
  return new Promise(resolve => {
    let bytes = Buffer.alloc(0);
    const stop = result => {
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.pause();
      resolve(result);
    };
    const onEnd = () => stop({ bytes });
    const onData = part => {
      bytes = Buffer.concat([bytes, part]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length < 65536) return;
      if (end < 0) return stop({ bytes });
      const [start, ...lines] = bytes.latin1Slice(0, end).split('\r\n');
      const [method, target] = start.split(' ');
      const fields = {};
      for (const line of lines) {
        const [, name, value] = /^([^:]*):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
        if (name) fields[name.toLowerCase()] = value;
      }
      stop({ head: { method, target, fields }, bytes, rest: bytes.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.on('end', onEnd);
  });
}

// offers tells whether a comma list holds a token: name in any case, version exact.
export function offers(list, token) {
  const [name, version] = token.split('/');
  return (list ?? '').split(',').some(item => {
    const [n, v] = item.trim().split('/');
    return n.toLowerCase() === name.toLowerCase() && v === version;
  });
}

// Links keeps what waits for a request, per claim, oldest first. A link is any
// object with forward(target, req, res).
export class Links {
  idle = new Map();
  waiting = new Map();

  put(name, link) {
    const waiter = list(this.waiting, name).shift();
    if (waiter) waiter(link);
    else list(this.idle, name).push(link);
  }

  drop(name, link) {
    this.idle.set(name, list(this.idle, name).filter(l => l !== link));
  }

  // take waits up to 5 s for a link; null means none came.
  take(name) {
    const link = list(this.idle, name).shift();
    if (link) return Promise.resolve(link);
    return new Promise(resolve => {
      const waiter = found => {
        clearTimeout(timer);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.waiting.set(name, list(this.waiting, name).filter(w => w !== waiter));
        resolve(null);
      }, 5000);
      list(this.waiting, name).push(waiter);
    });
  }
}

function list(map, name) {
  if (!map.has(name)) map.set(name, []);
  return map.get(name);
}

// addH1 makes a socket an HTTP/1.1 link: an http.Agent that has this one
// connection, put back among the idle ones after each exchange. Bytes that come
// unasked on a fresh link end it.
export function addH1(links, name, socket, rest) {
  if (rest.length) return socket.destroy();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const unasked = () => socket.destroy();
  const link = {
    forward(target, req, res) {
      socket.off('data', unasked);
      forwardH1(agent, target, req, res);
    },
  };
  agent.createConnection = () => socket;
  agent.on('free', () => setImmediate(() => socket.destroyed || links.put(name, link)));
  socket.on('data', unasked);
  socket.on('close', () => links.drop(name, link));
  socket.resume();
  links.put(name, link);
}

// forwardH1 carries one caller's exchange over an HTTP/1.1 link. Host is the
// caller's, or as PTTH_HOST says: "empty" (the draft) or "missing".
function forwardH1(agent, target, req, res) {
  const out = http.request({ agent, method: req.method, path: target, headers: requestFields(req) });
  out.on('response', reply => {
    res.writeHead(reply.statusCode, reply.statusMessage, endToEnd(reply.rawHeaders).flat());
    reply.pipe(res);
    reply.on('error', () => res.destroy());
  });
  out.on('error', () => refuse(res, 502, 'the agent went away'));
  res.on('close', () => res.writableFinished || out.destroy());
  req.pipe(out);
}

function requestFields(req) {
  let fields = endToEnd(req.rawHeaders);
  const host = process.env.PTTH_HOST;
  if (host) fields = fields.filter(f => f[0].toLowerCase() !== 'host');
  if (host === 'empty') fields.unshift(['Host', '']);
  const framed = fields.some(f => /^(content-length|transfer-encoding)$/i.test(f[0]));
  if (!framed && /^P(OST|UT|ATCH)$/.test(req.method)) fields.push(['Content-Length', '0']);
  return fields;
}

// endToEnd pairs up raw fields and leaves the hop-by-hop ones out. Framing
// fields stay: Node frames the next hop by them.
export function endToEnd(raw) {
  const pairs = [];
  for (let i = 0; i < raw.length; i += 2) pairs.push([raw[i], raw[i + 1]]);
  return pairs.filter(f => !HOP_BY_HOP.includes(f[0].toLowerCase()));
}
