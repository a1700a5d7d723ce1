// What is being uploaded, from the file to the finished photo, across all pages of this tab.
//
// An item: { key, name, tags, state, words, share, image, status, retry }. state: waiting, sending, working, done or
// failed. image: { id, job } once it is stored; status: what the API says of it. The list is kept by the tab, the files
// that are not sent yet by the browser (queue-storage.js).

import { faultOf } from "./files.js";
import { makeFollower, reasonOf } from "./follow-job.js";
import * as queueStorage from "./queue-storage.js";
import { makeSender } from "./send.js";

const KEPT_AS = "vitrine.uploads";
// A folder of photos; more at a time would only wait.
export const MOST = 1000;

const items = new Map();
const files = new Map();
const unkept = new Set();
let listener = () => {};
let saving = 0;

const sender = makeSender({ fileOf, change, onStored });
const follower = makeFollower({ unfinished, told });

export function all() {
  return [...items.values()];
}

// Takes up what an earlier page of this tab has begun. onChange(item): called with each item that is new or has changed.
export function start(onChange) {
  listener = onChange;
  for (const item of JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "[]")) {
    items.set(item.key, item);
    // An earlier page may have sent it and been left before the answer came.
    item.again = !item.image;
    listener(item);
    if (!item.image && item.state !== "failed") sender.send(item);
  }
  follower.follow();
}

export async function add(chosen, { tags = "", maxBytes }) {
  const added = [...chosen].slice(0, MOST).map((file) => {
    const key = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    const item = { key, name: file.name, tags, state: "waiting", words: "Waiting to be sent", share: 0 };
    items.set(key, item);
    files.set(key, file);
    unkept.add(key);
    change(item, "waiting", item.words);
    return item;
  });
  for (const item of added) {
    const file = files.get(item.key);
    const fault = await faultOf(file, maxBytes);
    if (fault) {
      unkept.delete(item.key);
      change(item, "failed", fault);
      continue;
    }
    sender.send(item);
    queueStorage.keep(item.key, file).then((kept) => {
      if (kept) unkept.delete(item.key);
      if (item.image) queueStorage.forget(item.key);
    });
  }
}

export function fileInHand(item) {
  return files.get(item.key) ?? null;
}

export async function retry(item) {
  item.retry = false;
  if (!item.image) {
    sender.send(item);
    return;
  }
  const response = await fetch(`${item.image.job}/retry`, { method: "POST" }).catch(() => null);
  // 409: somebody was quicker, and it is under way or done.
  if (!response || !(response.ok || response.status === 409)) {
    item.retry = true;
    change(item, "failed", "It could not be started again. Try again in a moment.");
    return;
  }
  item.status = { ...item.status, palette: "queued" };
  change(item, "working", "Being worked on");
  follower.follow();
}

// Takes items off the list; what is already in the gallery stays there.
export function forget(gone) {
  for (const item of gone) {
    items.delete(item.key);
    files.delete(item.key);
    unkept.delete(item.key);
    queueStorage.forget(item.key);
  }
  save();
}

async function fileOf(item) {
  return files.get(item.key) ?? (await queueStorage.take(item.key));
}

function change(item, state, words) {
  item.state = state;
  item.words = words;
  listener(item);
  saving ||= setTimeout(save, 200);
}

function save() {
  clearTimeout(saving);
  saving = 0;
  sessionStorage.setItem(KEPT_AS, JSON.stringify(all()));
}

function onStored(item, { image, duplicate }) {
  files.delete(item.key);
  unkept.delete(item.key);
  queueStorage.forget(item.key);
  item.image = { id: image.id, job: image.links.job };
  item.share = 1;
  item.known = duplicate && !item.again;
  if (!duplicate) document.dispatchEvent(new CustomEvent("vitrine:stored"));
  told(item, image);
  follower.follow();
}

function unfinished() {
  return all().filter((item) => item.image && item.state === "working");
}

async function told(item, image) {
  if (!image) {
    change(item, "failed", "This photo was deleted.");
    return;
  }
  item.status = image.status;
  const states = Object.values(image.status);
  const known = item.known ? "It was in the gallery already" : null;
  if (states.some((state) => state === "queued" || state === "running")) {
    change(item, "working", known ?? "Being worked on");
  } else if (states.every((state) => state === "succeeded")) {
    change(item, "done", known ?? "Done");
  } else {
    // What failed, failed because of the photo; what was given up or cancelled may well work the next time.
    item.retry = !states.includes("failed");
    change(item, "failed", await reasonOf(image));
  }
}

addEventListener("pagehide", save);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  // The page was put away while others went on: the list is as they left it.
  items.clear();
  start(listener);
});

// Going to another page of this site loses nothing that is kept; anything else may.
let within = false;
globalThis.navigation?.addEventListener("navigate", (event) => {
  within = new URL(event.destination.url).origin === location.origin;
});
addEventListener("beforeunload", (event) => {
  const unsent = all().filter((item) => !item.image && item.state !== "failed");
  const lost = unsent.filter((item) => unkept.has(item.key) || !within);
  within = false;
  if (lost.length) event.preventDefault();
});
