// Test agent for ReverseHttp, in the manner of the old browser client: the Link
// field is split on exactly ", " and rel is read from its quotes; rel="next" is
// followed after each delivered request, a 204 means the same URL once more.
// It polls on while a request is being answered. A URL the relay has forgotten
// (404, 410) makes it claim again.
import { setTimeout as sleep } from 'node:timers/promises';
import { agentArguments, call, echo, forever, formatMessage, parseMessage, ready } from './peers.mjs';

const { url, prefix, name, token } = agentArguments();
const accessPoint = new URL(`${prefix}/reversehttp`, url);

let pollURL = null;

async function step() {
  if (!pollURL) {
    await claim();
    ready();
  }
  const res = await call(pollURL, { headers: { Accept: 'message/http' } });
  if (res.status === 204) return;
  if (res.status === 404 || res.status === 410) pollURL = null;
  if (res.status !== 200) throw new Error(`relay answered ${res.status} to a poll`);
  const replyURL = pollURL;
  pollURL = links(res).next;
  respond(replyURL, res).catch(err => console.error(`reply: ${err.message}`));
}

async function claim() {
  const res = await call(accessPoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ name, token, lease: '300' }).toString(),
  });
  if (res.status !== 201 && res.status !== 204) throw new Error(`relay answered ${res.status} to the claim`);
  const { first, related } = links(res);
  if (!first || !related || !res.headers.location) throw new Error('claim answered without its three URLs');
  pollURL = first;
}

async function respond(replyURL, res) {
  if (res.headers['content-type'] !== 'message/http') throw new Error('entity is not message/http');
  if (!/:\d+$/.test(res.headers['requesting-client'] ?? '')) throw new Error('no Requesting-Client');
  const request = parseMessage(res.body);
  const reply = echo(request);
  await sleep(reply.wait);
  const posted = await call(replyURL, {
    method: 'POST', headers: { 'Content-Type': 'message/http' },
    body: formatMessage(request.method, reply),
  });
  if (posted.status !== 202) throw new Error(`relay answered ${posted.status} to a reply`);
}

function links(res) {
  const found = {};
  for (const part of (res.headers.link ?? '').split(', ')) {
    const match = /^<(.*)>; rel="(.*)"$/.exec(part);
    if (match) found[match[2]] = match[1];
  }
  return found;
}

forever(step);
