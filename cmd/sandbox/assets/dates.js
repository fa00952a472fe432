"use strict";
// Moments in the reader's own time zone, and how far away they are.

// now is the time of the sandbox, which may run faster than ours.
function now() {
  const { millis, rate } = $("now").dataset;
  if (now.millis !== millis) Object.assign(now, { millis, since: performance.now() });
  return Number(millis) + (performance.now() - now.since) * Number(rate);
}

// localise writes every moment below an element as Slack's client would.
function localise(element) {
  for (const time of element.querySelectorAll("time[data-unix]")) {
    const at = new Date(time.dataset.unix * 1000);
    time.textContent = slackDate(time.dataset.format, at);
    time.title = at.toLocaleString();
    countDown(time);
  }
  const clock = element.querySelector("#now");
  if (clock) clock.textContent = clockTime(Number(clock.dataset.millis));
}

function count() {
  $("now").textContent = clockTime(now());
  document.querySelectorAll("time[data-unix]").forEach(countDown);
}

// clockTime has seconds and no AM: there is little room for it.
const clockTime = (at) => new Date(at).toLocaleTimeString("en-GB");

// countDown says beside a moment that is to come when that will be, where the
// page wants that: Slack's own dates do not. The style sheet shows it, so that
// no screen reader is told every second.
function countDown(time) {
  const left = $("now") ? Math.round(time.dataset.unix - now() / 1000) : 0;
  if (left <= 0 || !time.hasAttribute("data-count")) {
    delete time.dataset.left;
    return;
  }
  const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  const two = (n) => String(n).padStart(2, "0");
  time.dataset.left = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// slackDate fills Slack's tokens:
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
function slackDate(format, at) {
  const day = (d) => new Date(d).setHours(0, 0, 0, 0);
  const days = Math.round((day(at) - day($("now") ? now() : Date.now())) / 86400000);
  const pretty = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
  const date = (options) => at.toLocaleDateString("en", options);
  const tokens = {
    date_num: () => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`,
    date_slash: () => tokens.date_num().replaceAll("-", "/"),
    date: () => date({ dateStyle: "long" }),
    date_short: () => date({ dateStyle: "medium" }),
    date_long: () => date({ dateStyle: "full" }),
    date_pretty: () => pretty || tokens.date(),
    date_short_pretty: () => pretty || tokens.date_short(),
    date_long_pretty: () => pretty || tokens.date_long(),
    time: () => at.toLocaleTimeString([], { timeStyle: "short" }),
    time_secs: () => clockTime(at),
    ago: () => `${tokens.date_short_pretty()} at ${tokens.time()}`,
  };
  return format.replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(tokens, name) ? tokens[name]() : all));
}
