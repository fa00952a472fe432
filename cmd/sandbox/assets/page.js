"use strict";
// Everything on the page is written by the server. This script puts changed
// parts in their place, sends what people do, and knows the local time.

const $ = (id) => document.getElementById(id);

// The theme is set before anything is shown.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
if (localStorage.theme) root.dataset.theme = localStorage.theme;

// Each tab remembers who it is.
if (!location.search && sessionStorage.me) location.replace(sessionStorage.me + location.hash);

document.addEventListener("DOMContentLoaded", () => {
  const { as, in: room } = document.body.dataset;
  sessionStorage.me = `/?as=${as}&in=${room}`;
  const send = (path, fields, tell) => post(path, { as, in: room, ...fields }, tell);

  theme();
  localise(document.body);
  if (room === "home") send("/home");
  showForm();
  if (room !== "home") toEnd();
  receive(`/events?as=${as}&in=${room}`);
  clicks(send);
  forms(send);
  composer(send);
  document.addEventListener("visibilitychange", () => news(0));
  setInterval(count, 1000);
});

function theme() {
  const show = () => $("theme").setAttribute("aria-pressed", isDark());
  $("theme").onclick = () => {
    localStorage.theme = root.dataset.theme = isDark() ? "light" : "dark";
    show();
  };
  dark.addEventListener("change", show);
  show();
}

// post sends what somebody does, and lets tell say what is wrong with it.
async function post(path, fields, tell = say) {
  try {
    const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields), signal: AbortSignal.timeout(15000) });
    tell(answer.ok ? "" : await answer.text());
    return answer.ok;
  } catch {
    tell("The sandbox does not answer. Does it still run? A browser has no more than five of its tabs open at once.");
    return false;
  }
}

let silence;

function say(text) {
  $("toast").textContent = text;
  clearTimeout(silence);
  if (text) silence = setTimeout(() => say(""), 10000);
}

// toEnd shows what was said last. The Home tab is read from its top.
function toEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
}

// Receiving.

function receive(from) {
  const source = new EventSource(from);
  source.onmessage = (e) => {
    const { id, html } = JSON.parse(e.data);
    const part = document.createElement("template");
    part.innerHTML = html;
    localise(part.content);
    const box = $("messages");
    const atEnd = document.body.dataset.in !== "home" && box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    const before = box.querySelectorAll(".message").length;
    if (id === "modal" && !sameForm(part.content)) $("modal").replaceChildren(); // nothing of another form stays
    children($(id), part.content);
    if (atEnd) toEnd();
    if (id === "messages") news(box.querySelectorAll(".message").length - before);
    if (id === "modal") showForm();
  };
  source.onerror = () => say("The sandbox does not answer. Trying again …");
  source.onopen = () => say("");
}

// news counts in the title what was said while nobody looked at this tab.
const title = document.title;
let unseen = 0;

function news(more) {
  unseen = document.hidden ? unseen + Math.max(0, more) : 0;
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

// children makes what is in one element like what is in another and keeps what
// is the same, so that focus, scrolling and typed text stay. Elements with an
// id are the same when it is.
function children(have, want) {
  let at = have.firstChild;
  for (const next of [...want.childNodes]) {
    let same = next.id ? [...have.children].find((e) => e.id === next.id) : at;
    if (same && (same.nodeName !== next.nodeName || (same.id || "") !== (next.id || ""))) same = null;
    if (!same) {
      have.insertBefore(next, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else have.insertBefore(same, at);
    if (same.nodeType === Node.ELEMENT_NODE) liken(same, next);
    else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
  }
  while (at) {
    const rest = at.nextSibling;
    const focused = at.contains(document.activeElement);
    at.remove();
    if (focused) have.closest("article, [tabindex]")?.focus({ preventScroll: true });
    at = rest;
  }
}

function liken(have, want) {
  const mine = (name) => have.nodeName === "DETAILS" && name === "open"; // whoever reads opens and closes threads
  for (const { name } of [...have.attributes]) if (!want.hasAttribute(name) && !mine(name)) have.removeAttribute(name);
  for (const { name, value } of want.attributes) if (have.getAttribute(name) !== value) have.setAttribute(name, value);
  children(have, want);
}

// Acting.

function clicks(send) {
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("button, a[data-action]");
    closeMenus(e.target);
    if (!button) return;
    const { action, value, choice, shortcut, trouble, fill } = button.dataset;
    if (fill) {
      $("say").value = fill;
      $("say").focus();
    } else if (trouble) {
      busy(button, () => send("/trouble", { what: trouble }));
    } else if (shortcut) {
      const { ts } = button.closest("[data-ts]").dataset;
      closeMenus();
      busy(button, () => send("/shortcut", { ts, shortcut }));
    } else if (action) {
      const { ts = "", view = "" } = button.closest("[data-ts], [data-view]").dataset; // the card may change while somebody thinks
      if (choice) closeMenus();
      if (await confirmed(button)) busy(button, () => send("/click", { ts, view, action, value: value || "", choice: choice || "" }));
    }
  });
  document.addEventListener("keydown", (e) => {
    const open = e.key === "Escape" && e.target.closest(menus);
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

// What a menu offers is brought into sight when it opens.
document.addEventListener("toggle", (e) => {
  if (e.target.matches(menus)) e.target.querySelector("ul").scrollIntoView({ block: "nearest" });
}, true);

// Menus close when somebody presses Escape in them, or clicks elsewhere.
const menus = "details[open]:is(.bk-menu, .more)";

function closeMenus(but) {
  for (const menu of document.querySelectorAll(menus)) {
    if (but && menu.contains(but)) continue;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus({ preventScroll: true });
    menu.open = false;
  }
}

async function busy(button, work) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  await work();
  button.removeAttribute("aria-busy");
}

// confirmed asks, if the button wants that.
function confirmed(button) {
  const { confirmTitle, confirmText, confirmYes, confirmNo, confirmStyle } = button.dataset;
  if (!confirmTitle) return true;
  const dialog = $("confirm");
  $("confirm-title").textContent = confirmTitle;
  $("confirm-text").textContent = confirmText;
  $("confirm-yes").textContent = confirmYes;
  $("confirm-yes").className = confirmStyle || "primary";
  $("confirm-no").textContent = confirmNo;
  dialog.returnValue = "no";
  show(dialog);
  return new Promise((tell) => dialog.addEventListener("close", () => tell(dialog.returnValue === "yes"), { once: true }));
}

// show opens a dialog. When it closes, the browser gives the focus back to where
// it was; where that is gone by then, the message around it takes it.
function show(dialog) {
  const around = document.activeElement.closest("article");
  dialog.addEventListener("close", () => {
    const at = document.activeElement;
    if (at === document.body || dialog.contains(at)) (around?.isConnected ? around : $("say")).focus({ preventScroll: true });
  }, { once: true });
  dialog.showModal();
}

// sameForm reports whether the form that comes is the one that is there.
function sameForm(next) {
  const id = (e) => e.querySelector("[name=view]")?.value;
  return id(next) === id($("modal"));
}

// showForm opens the dialog when the bot has opened a form, and closes it when
// there is none any more. A field with something wrong takes the focus.
const fields = ".fields input, .fields textarea, .fields select";

function showForm() {
  const dialog = $("form");
  const wanted = $("modal").childElementCount > 0;
  if (wanted && !dialog.open) {
    $("form-error").textContent = "";
    show(dialog);
    dialog.querySelector(fields)?.focus();
  } else if (!wanted && dialog.open) {
    dialog.close();
  } else if (wanted) {
    dialog.querySelector("[aria-invalid]")?.focus();
  }
}

function forms(send) {
  const close = () => send("/close", { view: $("modal").elements.view.value });
  $("form").addEventListener("cancel", (e) => {
    e.preventDefault();
    close();
  });
  $("form").addEventListener("click", (e) => e.target.closest("[data-close]") && close());
  $("modal").addEventListener("submit", (e) => {
    e.preventDefault();
    const tell = (text) => ($("form-error").textContent = text);
    busy($("modal"), async () => {
      await send("/submit", Object.fromEntries(new FormData(e.target)), tell);
      $("modal").querySelector(fields)?.focus();
    });
  });
}
