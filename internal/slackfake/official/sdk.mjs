// The story on @slack/socket-mode and @slack/web-api: https://docs.slack.dev/tools/node-slack-sdk.
import { LogLevel, SocketModeClient } from '@slack/socket-mode';
import { WebClient } from '@slack/web-api';

import { asked, card, complaint, denied, mistaken, more, reasonOf, reasonView, settings, thanks, untilTold } from './story.mjs';

const clientOptions = { slackApiUrl: settings.url, retryConfig: settings.retryConfig };
const web = new WebClient(settings.botToken, { ...clientOptions, logLevel: LogLevel.WARN });
const socket = new SocketModeClient({
  appToken: settings.appToken,
  clientOptions,
  clientPingTimeout: 1500, // pings every 0.5 s, and waits 1.5 s before it connects again
  logLevel: LogLevel.WARN,
});

socket.on('slash_commands', async ({ body, ack }) => {
  await ack(asked(body.text));
  await web.chat.postMessage({ channel: body.channel_id, ...card(body.text) });
});

socket.on('interactive', async ({ body, ack }) => {
  if (body.type === 'view_submission') return submitted(body, ack);
  await ack();
  if (body.actions[0].action_id === 'more') return respond(body.response_url);
  const place = { channel: body.channel.id, ts: body.message.ts };
  return web.views.open({ trigger_id: body.trigger_id, view: reasonView(place) });
});

async function respond(url) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(more),
  });
  if (!answer.ok) throw new Error(`response_url: ${answer.status}`);
}

async function submitted({ user, view }, ack) {
  const reason = reasonOf(view);
  await ack(complaint(reason));
  if (complaint(reason)) return;
  const place = JSON.parse(view.private_metadata);
  await web.chat.update({ ...place, ...denied(user.id, reason) });
  await web.chat.postEphemeral({ channel: place.channel, user: user.id, text: thanks });
}

socket.on('app_mention', async ({ event, ack }) => {
  await ack();
  const text = await mistaken(web, event.channel);
  await web.chat.postMessage({ channel: event.channel, thread_ts: event.ts, text });
});

await untilTold(() => socket.start(), () => socket.disconnect());
