// Test agent for PTTH/1.0, immediate 101: POST /ptth/NAME on three connections
// at once, then an ordinary HTTP/1.1 server on each of them. The 101 is compared
// as literally as old agents do.
import { agentArguments, closed, dial, forever, h1Server, ready } from './peers.mjs';

const { host, port, prefix, name, token } = agentArguments();

async function link() {
  const { res, socket } = await dial({
    host, port, method: 'POST', path: `${prefix}/ptth/${name}`,
    headers: {
      'Upgrade': 'PTTH/1.0', 'Connection': 'Upgrade',
      'Authorization': `Bearer ${token}`, 'Content-Length': 0,
    },
  });
  const { upgrade, connection } = res.headers;
  if (upgrade !== 'PTTH/1.0' || connection?.toLowerCase() !== 'upgrade') {
    socket.destroy();
    throw new Error(`101 with Upgrade "${upgrade}" and Connection "${connection}"`);
  }
  ready();
  h1Server.emit('connection', socket);
  await closed(socket);
}

for (let i = 0; i < 3; i++) forever(link);
