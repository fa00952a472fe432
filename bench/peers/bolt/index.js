// The least that can be made of Bolt and node-redis: it keeps a command with one SET and
// acknowledges it. It checks nothing and does nothing afterwards.
//
// Sources: https://docs.slack.dev/tools/bolt-js/concepts/commands and
// https://redis.io/docs/latest/develop/clients/nodejs/.
import bolt from '@slack/bolt';
import { createClient } from 'redis';

const { SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_API_URL, REDIS_URL } = process.env;

const redis = await createClient({ url: REDIS_URL })
  .on('error', (error) => console.error('redis:', error))
  .connect();

const app = new bolt.App({
  socketMode: true,
  appToken: SLACK_APP_TOKEN,
  token: SLACK_BOT_TOKEN,
  clientOptions: { slackApiUrl: SLACK_API_URL },
  logLevel: bolt.LogLevel.WARN,
});

app.command('/defender', async ({ command, ack }) => {
  await redis.set(`request:${command.trigger_id}`, JSON.stringify(command));
  await ack(`Recorded as ${command.trigger_id}. I am looking up the device.`);
});

process.on('SIGTERM', async () => {
  await app.stop();
  await redis.close();
});

await app.start();
