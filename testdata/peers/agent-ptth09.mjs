// Test agent for PTTH/0.9: the upgrade request has neither Connection nor Host,
// so it is written by hand. The 101 may carry Content-Type, Date and
// Content-Length: 0; only the token and the blank line matter.
import net from 'node:net';
import { agentArguments, closed, forever, h1Server, ready } from './peers.mjs';

const { host, port, prefix, name, token } = agentArguments();

const REQUEST = `POST ${prefix}/ptth/${name} HTTP/1.1\r\n` +
  'Upgrade: PTTH/0.9\r\n' +
  `Authorization: Bearer ${token}\r\n` +
  'Content-Length: 0\r\n\r\n';

async function link() {
  const socket = net.connect(port, host);
  socket.setKeepAlive(true, 20_000);
  try {
    const { head, rest } = await exchange(socket);
    const token = /^upgrade:[ \t]*(.*?)[ \t]*$/im.exec(head)?.[1];
    if (!/^HTTP\/1\.1 101[ \r\n]/.test(head) || token !== 'PTTH/0.9') {
      throw new Error(`relay answered "${head.split('\r\n')[0]}" with Upgrade "${token}"`);
    }
    ready();
    if (rest.length) socket.unshift(rest);
    h1Server.emit('connection', socket);
    socket.resume();
    await closed(socket);
  } finally {
    socket.destroy();
  }
}

// exchange sends the request and waits for the head of the answer.
function exchange(socket) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const onData = part => {
      got = Buffer.concat([got, part]);
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.pause();
      resolve({ head: got.latin1Slice(0, end + 2), rest: got.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('relay closed the connection')));
    socket.write(REQUEST);
  });
}

for (let i = 0; i < 2; i++) forever(link);
