// Claims a name and echoes what callers send, until Ctrl-C:
//
//   node echo.mjs https://relay.example.com/reversehttp garage secret
//
// /echo gives the request's body back, /empty answers 204, all else says hello.
import { serve } from './reversehttp.js';

const [accessPoint, name, token] = process.argv.slice(2);
if (!token) {
  console.error('usage: node echo.mjs ACCESS_POINT NAME TOKEN');
  process.exit(2);
}

function echo({ method, target, headers, body }) {
  const host = headers.find(([n]) => n.toLowerCase() === 'host')?.[1] ?? '';
  const saw = [['X-Saw', `${method} ${target}`], ['X-Host', host]];
  const path = target.split('?')[0];
  if (path.endsWith('/echo')) {
    return { status: 200, headers: [...saw, ['Content-Type', 'application/octet-stream']], body };
  }
  if (path.endsWith('/empty')) return { status: 204, headers: saw };
  return { status: 200, headers: [...saw, ['Content-Type', 'text/plain']], body: 'hello' };
}

const agent = serve(accessPoint, {
  name, token,
  onClaim: url => console.log(`public URL: ${url}`),
  onError: error => console.error(error.cause?.message ?? error.message),
}, echo);

process.once('SIGINT', async () => {
  await agent.stop();
  process.exit(0);
});
