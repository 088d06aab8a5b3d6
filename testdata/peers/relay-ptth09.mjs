// Test relay for PTTH/0.9, at /ptth/{name}: no Connection field is asked for or
// sent, and the 101 carries the Content-Type, Date and Content-Length: 0 of the
// published trace. HTTP/1.1 requests follow, one at a time per link.
import { addH1, listen, offers } from './relays.mjs';

listen({
  upgrade({ method, target, fields }) {
    if (method !== 'POST' || !offers(fields.upgrade, 'PTTH/0.9')) return null;
    return /^\/ptth\/([a-z0-9-]+)$/i.exec(target)?.[1];
  },
  admit(links, name, head, socket, rest) {
    const length = Number(head.fields['content-length'] ?? 0);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nContent-Type: text/html\r\n' +
      `Date: ${new Date().toUTCString()}\r\nUpgrade: PTTH/0.9\r\nContent-Length: 0\r\n\r\n`);
    addH1(links, name, socket, rest.subarray(length));
  },
});
