// What both apps say: the same story, so that one test can hold them to it.

export const settings = {
  url: need('SLACK_API_URL'),
  appToken: need('SLACK_APP_TOKEN'),
  botToken: need('SLACK_BOT_TOKEN'),
  // After Retry-After the client adds a pause of its own; a short one keeps the test quick.
  retryConfig: { retries: 10, factor: 1, minTimeout: 50 },
};

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing`);
  return value;
}

const plain = (text) => ({ type: 'plain_text', text });

const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });

export const asked = (text) => ({ response_type: 'ephemeral', text: `Asked for ${text}` });

export function card(text) {
  const button = (action_id, label) => ({ type: 'button', action_id, text: plain(label), value: text });
  return {
    text: `Please decide on ${text}`,
    blocks: [
      section(`Please decide on ${text}`),
      { type: 'actions', elements: [button('more', 'More'), button('deny', 'Deny')] },
    ],
  };
}

export const more = { response_type: 'ephemeral', replace_original: false, text: 'More, for your eyes only' };

export function reasonView(place) {
  return {
    type: 'modal',
    callback_id: 'why',
    private_metadata: JSON.stringify(place),
    title: plain('Why not?'),
    submit: plain('Deny'),
    blocks: [
      { type: 'input', block_id: 'reason', label: plain('Reason'), element: { type: 'plain_text_input', action_id: 'text' } },
    ],
  };
}

export const reasonOf = (view) => view.state.values.reason.text.value;

// complaint says what is wrong with a reason, in the form of an acknowledgement; nothing is wrong with a long one.
export function complaint(reason) {
  if (reason.length >= 5) return undefined;
  return { response_action: 'errors', errors: { reason: 'Please say a little more' } };
}

export function denied(user, reason) {
  const text = `<@${user}> said no: ${reason}`;
  return { text, blocks: [section(text)] };
}

export const thanks = 'Your reason was taken down';

// mistaken makes a call that Slack refuses, and tells what the client library made of the refusal.
export async function mistaken(client, channel) {
  try {
    await client.chat.postMessage({ channel, text: 'never seen', blocks: [{ type: 'shout' }] });
    return 'taken';
  } catch (error) {
    return `${error.data.error}: ${error.data.response_metadata.messages[0]}`;
  }
}

// untilTold runs an app until standard input ends, which it also does when the test that started it dies.
export async function untilTold(start, stop) {
  await start();
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await stop();
  process.exit(0); // kept connections would hold it for seconds
}
