// What the console's pages do besides being read: times in the viewer's zone, theme, keys, dialogs, live updates, copying.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const announce = (words) => { $("#announcer").textContent = words; };

// --- times --------------------------------------------------------------------------------------------------------

const shownTime = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const shownOldTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localiseTimes(within) {
  for (const element of within.querySelectorAll("time[datetime]:not([title])")) {
    const time = new Date(element.dateTime);
    element.title = element.textContent;
    const format = time.getFullYear() === new Date().getFullYear() ? shownTime : shownOldTime;
    element.textContent = format.format(time);
  }
}

// --- theme --------------------------------------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
const themeNow = () => document.documentElement.dataset.theme || "system";

function nameTheme() {
  for (const element of document.querySelectorAll("[data-theme-name]")) element.textContent = `Theme: ${themeNow()}`;
}

function changeTheme() {
  const next = THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem("goldpan-theme", next); } catch { /* for this page only, then */ }
  nameTheme();
  announce(`Theme: ${next}`);
}

// --- live updates -------------------------------------------------------------------------------------------------

// An element with `data-live` and `hx-get` is asked for anew while somebody looks; what it holds says where
// (`data-live-next`) and how often (`data-live-seconds`). Its answer is a tag to compare, so nothing new costs nothing.
const live = { region: null, tag: null, timer: 0, updated: Date.now(), isPaused: false, state: "" };

function startLive() {
  live.region = $("[data-live]");
  if (!live.region) return;
  live.region.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== live.region) return;
    event.detail.path = $("[data-live-next]", live.region).dataset.liveNext;
    if (live.tag) event.detail.headers["If-None-Match"] = live.tag;
  });
  live.region.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== live.region) return;
    const { status } = event.detail.xhr;
    if (status === 200 || status === 304) {
      live.tag = event.detail.xhr.getResponseHeader("ETag");
      live.updated = Date.now();
      showLive("live");
    } else {
      showLive("reconnecting");
    }
    scheduleLive();
  });
  live.region.addEventListener("htmx:afterSwap", () => {
    localiseTimes(live.region);
    markRow();
    tellNews();
  });
  for (const name of ["focus", "blur"]) window.addEventListener(name, changeAttention);
  document.addEventListener("visibilitychange", changeAttention);
  setInterval(showLiveAge, 1000);
  changeAttention();
}

// What a live part says of itself in one word, `data-live-news`, is read out when it has become another.
let news = $("[data-live-news]")?.dataset.liveNews;

function tellNews() {
  const now = $("[data-live-news]", live.region)?.dataset.liveNews;
  if (now && now !== news) announce(now);
  news = now;
}

const isWatched = () => !live.isPaused && !document.hidden && document.hasFocus();

function changeAttention() {
  clearTimeout(live.timer);
  if (!isWatched()) return showLive("paused");
  if (live.state === "paused") refreshLive();
  else scheduleLive();
  showLive("live");
}

function scheduleLive() {
  clearTimeout(live.timer);
  if (!isWatched()) return;
  const seconds = Number($("[data-live-seconds]", live.region).dataset.liveSeconds);
  live.timer = setTimeout(refreshLive, seconds * 1000);
}

function refreshLive() {
  htmx.trigger(live.region, "refresh");
}

function showLive(state) {
  const isNews = state !== live.state;
  live.state = state;
  const words = { live: "Live", paused: "Paused", reconnecting: "Reconnecting…" }[state];
  const box = $("[data-live-state]");
  box.dataset.liveState = state;
  $("[data-live-words]", box).textContent = words;
  $("[data-act=live]", box).textContent = live.isPaused ? "Go on" : "Pause";
  showLiveAge();
  if (isNews && state === "reconnecting") announce("Reconnecting: what you see may be out of date");
}

function showLiveAge() {
  const seconds = Math.round((Date.now() - live.updated) / 1000);
  const words = seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
  $("[data-live-age]").textContent = `· updated ${words}`;
}

function toggleLive() {
  if (!live.region) return;
  live.isPaused = !live.isPaused;
  changeAttention();
  announce(live.isPaused ? "Live updates paused" : "Live updates go on");
}

// --- rows ---------------------------------------------------------------------------------------------------------

let rowAt = null;

function markRow() {
  for (const row of document.querySelectorAll("tr[data-at]")) delete row.dataset.at;
  const row = rowAt && $(`tr[data-row="${rowAt}"]`);
  if (row) row.dataset.at = "";
  return row;
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  if (!rows.length) return;
  const place = rows.findIndex((row) => row.dataset.row === rowAt);
  const next = rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
  rowAt = next.dataset.row;
  markRow().scrollIntoView({ block: "nearest" });
  $("a", next)?.focus({ preventScroll: true });
}

// --- keys ---------------------------------------------------------------------------------------------------------

let isGoing = false;

const KEYS = {
  j: () => moveRow(1),
  k: () => moveRow(-1),
  r: toggleLive,
  t: changeTheme,
  n: () => $("a[data-go=n]")?.click(),
  "[": () => $("a[rel=prev]")?.click(),
  "]": () => $("a[rel=next]")?.click(),
  "/": () => $("[data-filter]")?.focus(),
  c: () => $("#act-cancel")?.click(),
  "?": () => $("#help").showModal(),
};

function onKey(event) {
  if (event.key === "Escape") return closeMenus();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  if (isGoing) {
    isGoing = false;
    $(`a[data-go="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "g") {
    isGoing = true;
    setTimeout(() => { isGoing = false; }, 1500);
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu === but) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) $("summary", menu).focus();
  }
}

// --- questions ----------------------------------------------------------------------------------------------------

// A link with `data-ask` asks in a dialog what the page behind it asks; without scripts that page does.
let askedBy = "";

async function ask(link) {
  const dialog = $("#ask");
  askedBy = link.id;
  let question = null;
  try {
    const answer = await fetch(link.href);
    if (answer.ok) question = $("#question", new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the page itself will say what is wrong */ }
  if (!question) return location.assign(link.href);
  dialog.replaceChildren(question);
  if (!dialog.open) dialog.showModal();
}

// The link may have been written anew meanwhile: then the dialog has nobody to give the focus back to.
$("#ask")?.addEventListener("close", () => document.getElementById(askedBy)?.focus());

// --- fields that are wrong ----------------------------------------------------------------------------------------

// The words beside a field come and go while somebody types; the field itself follows them.
function markWrongFields() {
  for (const words of document.querySelectorAll(".field-error")) {
    const field = $(`[aria-describedby~="${words.id}"]`);
    if (words.textContent.trim()) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }
}

document.addEventListener("htmx:afterSettle", markWrongFields);

// --- clicks and forms ---------------------------------------------------------------------------------------------

const ACTS = { theme: changeTheme, live: toggleLive, help: () => $("#help").showModal() };

async function copyText(button) {
  const words = button.lastChild;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    words.textContent = "Copied";
    announce("Copied");
  } catch {
    words.textContent = "Select it";
  }
  setTimeout(() => { words.textContent = "Copy"; }, 2000);
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  const button = event.target.closest("button");
  const link = event.target.closest("a[data-ask]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    ask(link);
  }
  if (event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    event.target.closest("dialog").close();
  }
  if (button?.dataset.act) ACTS[button.dataset.act]();
  if (button?.dataset.copy) copyText(button);
});
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && "autoSubmit" in form.dataset && form.reportValidity()) form.requestSubmit();
});
// The browser drops the answer to a form that is sent again, and it may have been the only one that shows a key.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if ("isSent" in form.dataset) return event.preventDefault();
  form.dataset.isSent = "";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-is-sent]")) delete form.dataset.isSent;
});
document.addEventListener("keydown", onKey);
localiseTimes(document);
nameTheme();
startLive();
$(".side nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // a narrow window shows a part of the menu
