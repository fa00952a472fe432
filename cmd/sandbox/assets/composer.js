"use strict";
// The composer: a message box that completes the bot's commands and devices.

function composer(send) {
  const words = JSON.parse($("words").textContent);
  const box = $("say");
  const list = $("offers");
  const hint = $("hint").innerHTML;
  let offers = [];
  let chosen = 0;

  box.addEventListener("input", () => show(complete(words, box.value)));
  box.addEventListener("blur", () => show([]));
  box.addEventListener("keydown", (e) => {
    if (offers.length === 0 || e.isComposing) return;
    if (e.key === "ArrowDown") choose((chosen + 1) % offers.length);
    else if (e.key === "ArrowUp") choose((chosen + offers.length - 1) % offers.length);
    else if (e.key === "Tab" && !e.shiftKey) take(offers[chosen]);
    else if (e.key === "Escape") show([]);
    else return;
    e.preventDefault();
  });
  list.addEventListener("pointerdown", (e) => {
    e.preventDefault(); // the box keeps the focus
    const item = e.target.closest("[role=option]");
    if (item) take(offers[[...list.children].indexOf(item)]);
  });
  $("composer").addEventListener("submit", async (e) => {
    e.preventDefault();
    if (offers.length > 0) return take(offers[chosen]);
    const text = box.value;
    box.value = "";
    show([]);
    toEnd(); // where what is said now will stand
    if (!(await send("/say", { text })) && !box.value) box.value = text;
  });

  function take(offer) {
    box.value = offer.value;
    show(complete(words, box.value));
  }

  function choose(n) {
    chosen = n;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === n));
    box.setAttribute("aria-activedescendant", `offer-${n}`);
    list.children[n].scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    offers = found;
    list.replaceChildren(...found.map(({ title, about }, i) => item(i, title, about)));
    list.hidden = found.length === 0;
    box.setAttribute("aria-expanded", found.length > 0);
    box.removeAttribute("aria-activedescendant");
    if (found.length > 0) choose(0);
    const word = words.commands.find((w) => `${box.value} `.startsWith(`${w.typed} `));
    if (word) $("hint").textContent = `${word.typed} ${word.args} · ${word.summary}`;
    else $("hint").innerHTML = hint;
  }
}

function item(i, title, about) {
  const li = document.createElement("li");
  li.id = `offer-${i}`;
  li.setAttribute("role", "option");
  const small = document.createElement("small");
  small.textContent = about;
  li.append(`${title} `, small);
  return li;
}

// complete offers what could stand at the end of what was typed.
function complete(words, typed) {
  if (!typed.startsWith("/")) return [];
  const word = words.commands.find((w) => typed.startsWith(`${w.typed} `));
  if (!word) {
    return words.commands
      .filter((w) => w.typed.startsWith(typed) && w.typed !== typed)
      .map((w) => ({ value: `${w.typed} `, title: `${w.typed} ${w.args}`, about: w.summary }));
  }
  const rest = typed.slice(word.typed.length + 1);
  if (!word.devices || /\s/.test(rest)) return [];
  const named = rest.split(",");
  const part = named.pop().toLowerCase();
  const before = word.typed + " " + named.map((n) => `${n},`).join("");
  return words.devices
    .filter((d) => d.name.includes(part) && !named.includes(d.name))
    .map((d) => ({ value: `${before}${d.name} `, title: d.name, about: d.about }));
}
