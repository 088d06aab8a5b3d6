// Test relay for the `ptth` upgrade token, at GET /.well-known/ptth/{origin}/: it
// picks from the agent's ALPN offer, answers 101 with the one it chose and is the
// client of that protocol on the same socket. HTTP/2 is preferred and its preface
// follows the 101 at once; PTTH_ALPN=http/1.1 takes HTTP/1.1 only.
import http2 from 'node:http2';
import { addH1, endToEnd, listen, offers, refuse } from './relays.mjs';

const PREFERENCE = process.env.PTTH_ALPN ? [process.env.PTTH_ALPN] : ['h2', 'http/1.1'];

listen({
  upgrade({ method, target, fields }) {
    const origins = /^\/\.well-known\/ptth\/([^/?]+)\/$/.exec(target)?.[1];
    if (method !== 'GET' || !origins || !chosen(fields)) return null;
    if (!offers(fields.connection, 'upgrade') || !offers(fields.upgrade, 'ptth')) return null;
    return /^https?:\/\/([a-z0-9-]+)\./i.exec(decode(origins))?.[1];
  },
  admit(links, name, head, socket, rest) {
    const protocol = chosen(head.fields);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\n' +
      `ALPN: ${encodeURIComponent(protocol)}\r\n\r\n`);
    if (protocol === 'http/1.1') return addH1(links, name, socket, rest);
    if (rest.length) socket.unshift(rest);
    addH2(links, name, socket);
  },
});

function chosen(fields) {
  const offered = (fields.alpn ?? '').split(',').map(p => decode(p.trim()));
  return PREFERENCE.find(p => offered.includes(p));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

// addH2 makes a socket an HTTP/2 link, which stays available during an exchange.
function addH2(links, name, socket) {
  const session = http2.connect('http://reversed', { createConnection: () => socket });
  const link = {
    forward(target, req, res) {
      links.put(name, link);
      forwardH2(session, target, req, res);
    },
  };
  session.on('error', () => {});
  for (const end of ['goaway', 'close']) session.on(end, () => links.drop(name, link));
  session.once('remoteSettings', () => links.put(name, link));
}

// forwardH2 opens a stream for one caller's exchange.
function forwardH2(session, target, req, res) {
  const fields = {
    ':method': req.method, ':scheme': 'http', ':path': target, ':authority': req.headers.host ?? '',
  };
  for (const [name, value] of endToEnd(req.rawHeaders)) {
    const key = name.toLowerCase();
    if (key === 'host' || key === 'transfer-encoding') continue;
    fields[key] = key in fields ? [fields[key], value].flat() : value;
  }
  const bodiless = !Number(req.headers['content-length']) && !req.headers['transfer-encoding'];
  const stream = session.request(fields, { endStream: bodiless });
  stream.on('response', (headers, flags, raw) => {
    res.writeHead(headers[':status'], endToEnd(raw).filter(f => f[0][0] !== ':').flat());
    stream.pipe(res);
  });
  stream.on('error', () => refuse(res, 502, 'the agent went away'));
  res.on('close', () => res.writableFinished || stream.close(http2.constants.NGHTTP2_CANCEL));
  if (!bodiless) req.pipe(stream);
}
