// Test relay for PTTH/1.0 with an immediate 101, at /ptth/{name}: the switch is
// answered at once and HTTP/1.1 requests follow, one at a time per link. A first
// request may come in the same segment as the 101.
import { addH1, listen, offers } from './relays.mjs';

listen({
  upgrade({ method, target, fields }) {
    if (!['POST', 'GET', 'OPTIONS'].includes(method)) return null;
    if (!offers(fields.connection, 'upgrade') || !offers(fields.upgrade, 'PTTH/1.0')) return null;
    return /^\/ptth\/([a-z0-9-]+)$/i.exec(target)?.[1];
  },
  admit(links, name, head, socket, rest) {
    const length = Number(head.fields['content-length'] ?? 0);
    if (length > rest.length) return socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n');
    addH1(links, name, socket, rest.subarray(length));
  },
});
