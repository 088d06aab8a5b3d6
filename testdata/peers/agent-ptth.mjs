// Test agent for the `ptth` upgrade token: GET /.well-known/ptth/{origin}/ with
// an ALPN offer. The 101 names the protocol that the agent then serves on the
// raw socket: HTTP/2 (one link is enough) or HTTP/1.1 (three links).
// PTTH_ALPN overrides the offer, as it stands on the wire: PTTH_ALPN=http%2F1.1
import http2 from 'node:http2';
import net from 'node:net';
import { agentArguments, answer, closed, dial, forever, h1Server, ready } from './peers.mjs';

const { host, port, prefix, name, token } = agentArguments();
const offer = process.env.PTTH_ALPN || 'h2, http%2F1.1';
const suffix = net.isIP(host.replace(/[[\]]/g, '')) ? 'localhost' : host;
const origin = encodeURIComponent(`http://${name}.${suffix}:${port}`);
const h2Server = http2.createServer(answer);

async function link() {
  const { res, socket } = await dial({
    host, port, method: 'GET', path: `${prefix}/.well-known/ptth/${origin}/`,
    headers: {
      'Upgrade': 'ptth', 'Connection': 'Upgrade',
      'ALPN': offer, 'Authorization': `Bearer ${token}`,
    },
  });
  const chosen = decodeURIComponent(res.headers.alpn ?? '');
  if (res.headers.upgrade !== 'ptth' || !['h2', 'http/1.1'].includes(chosen)) {
    socket.destroy();
    throw new Error(`101 with Upgrade "${res.headers.upgrade}" and ALPN "${res.headers.alpn}"`);
  }
  ready();
  if (chosen === 'http/1.1') grow(3);
  (chosen === 'h2' ? h2Server : h1Server).emit('connection', socket);
  await closed(socket);
}

let links = 0;
function grow(wanted) {
  for (; links < wanted; links++) forever(link);
}

h2Server.on('sessionError', () => {}); // the link's end shows as the socket's close
grow(1);
