// The story on @slack/bolt: https://docs.slack.dev/tools/bolt-js.
import { App, LogLevel } from '@slack/bolt';

import { asked, card, complaint, denied, mistaken, more, reasonOf, reasonView, settings, thanks, untilTold } from './story.mjs';

const app = new App({
  socketMode: true,
  appToken: settings.appToken,
  token: settings.botToken,
  clientOptions: { slackApiUrl: settings.url, retryConfig: settings.retryConfig },
  logLevel: LogLevel.WARN,
});

app.command('/defender', async ({ command, ack, client }) => {
  await ack(asked(command.text));
  await client.chat.postMessage({ channel: command.channel_id, ...card(command.text) });
});

app.action('more', async ({ ack, respond }) => {
  await ack();
  await respond(more);
});

app.action('deny', async ({ ack, body, client }) => {
  await ack();
  const place = { channel: body.channel.id, ts: body.message.ts };
  await client.views.open({ trigger_id: body.trigger_id, view: reasonView(place) });
});

app.view('why', async ({ ack, view, body, client }) => {
  const reason = reasonOf(view);
  await ack(complaint(reason));
  if (complaint(reason)) return;
  const place = JSON.parse(view.private_metadata);
  await client.chat.update({ ...place, ...denied(body.user.id, reason) });
  await client.chat.postEphemeral({ channel: place.channel, user: body.user.id, text: thanks });
});

app.event('app_mention', async ({ event, client }) => {
  const text = await mistaken(client, event.channel);
  await client.chat.postMessage({ channel: event.channel, thread_ts: event.ts, text });
});

await untilTold(() => app.start(), () => app.stop());
