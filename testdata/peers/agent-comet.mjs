// Test agent for the COMET fallback: POSTs to /comet/NAME, two in parallel.
// Each answer carries at most one event; the reply to it is the entity of the
// next POST. COMET_TEXT=1 selects message/http entities instead of JSON.
import { isUtf8 } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentArguments, call, echo, field, forever, formatMessage, parseMessage, ready } from './peers.mjs';

const { url, name, token } = agentArguments();
const queue = new URL(`${url.pathname.replace(/\/$/, '')}/comet/${name}`, url);
const text = process.env.COMET_TEXT === '1';

// poller returns a step for forever: it keeps its reply until a POST got through.
function poller() {
  let reply = { headers: {}, body: '' };
  return async () => {
    ready();
    const res = await call(queue, {
      method: 'POST', body: reply.body,
      headers: { ...reply.headers, ...(text && { Accept: 'message/http' }), Authorization: `Bearer ${token}` },
    });
    reply = { headers: {}, body: '' };
    if (res.status !== 200 && res.status !== 204) throw new Error(`relay answered ${res.status} to a poll`);
    if (res.body.length) reply = await (text ? answerMessage(res) : answerEvent(res));
  };
}

async function answerMessage(res) {
  const request = parseMessage(res.body);
  const reply = echo(request);
  await sleep(reply.wait);
  return {
    headers: { 'Content-Type': 'message/http', 'Message-Id': res.headers['message-id'] },
    body: formatMessage(request.method, reply),
  };
}

async function answerEvent(res) {
  const event = JSON.parse(res.body.toString('utf8'));
  if (event['message-id'] === undefined) return { headers: {}, body: '' }; // {} = no event
  if (!/^(PTTH|HTTP\/1)/.test(event['http-version'])) throw new Error('event with a strange http-version');
  const encoding = event['body-encoding'] === 'base64' ? 'base64' : 'utf8';
  const reply = echo({
    method: event.method, target: event['request-uri'],
    host: field(event.headers, 'host'), body: Buffer.from(event.body, encoding),
  });
  await sleep(reply.wait);
  const body = event.method === 'HEAD' ? Buffer.alloc(0) : Buffer.concat(reply.pieces);
  return {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      'message-id': event['message-id'], 'http-version': 'PTTH/0.9',
      'status': reply.status, 'reason': 'Echoed', 'headers': reply.headers,
      ...(isUtf8(body) ? { body: body.toString('utf8') }
        : { 'body': body.toString('base64'), 'body-encoding': 'base64' }),
    }),
  };
}

for (let i = 0; i < 2; i++) forever(poller());
