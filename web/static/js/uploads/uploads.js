// What is being uploaded, from the file to the finished photo, across all pages of this tab.
//
// An item: { key, name, tags, state, words, progress, image, status, retry }. state: waiting, sending, working, done or
// failed. image: { id, job } once it is stored; status: what the API says of it. The list is in sessionStorage, the files that
// are not sent yet are in IndexedDB (queue-storage.js).

import { root, storageName } from "../layout/addresses.js";
import { checkFile } from "./files.js";
import { makeFollower, reasonOf } from "./follow-job.js";
import * as queueStorage from "./queue-storage.js";
import { makeSender } from "./send.js";

const STORAGE_KEY = storageName("vitrine.uploads");
// A folder of photos; more would only wait in the queue.
export const MAX_FILES = 1000;

const items = new Map();
const files = new Map();
const unsaved = new Set();
let listener = () => {};
let saving = 0;

const sender = makeSender({ fileOf, change, onStored });
const follower = makeFollower({ unfinished, onUpdate: update });

export function all() {
  return [...items.values()];
}

// Resumes what an earlier page of this tab has started. onChange(item): called with each item that is new or has changed.
export function start(onChange) {
  listener = onChange;
  for (const item of JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "[]")) {
    items.set(item.key, item);
    // An earlier page may have sent it and been left before the answer came.
    item.resent = !item.image;
    listener(item);
    if (!item.image && item.state !== "failed") sender.send(item);
  }
  follower.follow();
}

export async function add(chosen, { tags = "", maxBytes }) {
  const added = [...chosen].slice(0, MAX_FILES).map((file) => {
    const key = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    const item = { key, name: file.name, tags, state: "waiting", words: "Waiting to be sent", progress: 0 };
    items.set(key, item);
    files.set(key, file);
    unsaved.add(key);
    change(item, "waiting", item.words);
    return item;
  });
  for (const item of added) {
    const file = files.get(item.key);
    const problem = await checkFile(file, maxBytes);
    if (problem) {
      unsaved.delete(item.key);
      change(item, "failed", problem);
      continue;
    }
    sender.send(item);
    queueStorage.save(item.key, file).then((saved) => {
      if (saved) unsaved.delete(item.key);
      if (item.image) queueStorage.remove(item.key);
    });
  }
}

export function localFile(item) {
  return files.get(item.key) ?? null;
}

export async function retry(item) {
  item.retry = false;
  if (!item.image) {
    sender.send(item);
    return;
  }
  const response = await fetch(`${item.image.job}/retry`, { method: "POST" }).catch(() => null);
  // 409: it was retried elsewhere, and is running or finished.
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
export function remove(removed) {
  for (const item of removed) {
    items.delete(item.key);
    files.delete(item.key);
    unsaved.delete(item.key);
    queueStorage.remove(item.key);
  }
  save();
}

async function fileOf(item) {
  return files.get(item.key) ?? (await queueStorage.load(item.key));
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
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(all()));
}

function onStored(item, { image, duplicate, merged }) {
  files.delete(item.key);
  unsaved.delete(item.key);
  queueStorage.remove(item.key);
  item.image = { id: image.id, job: image.links.job };
  item.progress = 1;
  item.duplicate = duplicate && !item.resent;
  item.merged = merged.includes("tags");
  if (!duplicate) document.dispatchEvent(new CustomEvent("vitrine:stored"));
  update(item, image);
  follower.follow();
}

function unfinished() {
  return all().filter((item) => item.image && item.state === "working");
}

async function update(item, image) {
  if (!image) {
    change(item, "failed", "This photo was deleted.");
    return;
  }
  item.status = image.status;
  const states = Object.values(image.status);
  const note = item.duplicate ? `It was in the gallery already${item.merged ? ", and has these tags too now" : ""}` : null;
  if (states.some((state) => state === "queued" || state === "running")) {
    change(item, "working", note ?? "Being worked on");
  } else if (states.every((state) => state === "succeeded")) {
    change(item, "done", note ?? "Done");
  } else {
    // What failed, failed because of the photo; what was given up or cancelled may work the next time.
    item.retry = !states.includes("failed");
    change(item, "failed", await reasonOf(image));
  }
}

addEventListener("pagehide", save);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  // The page comes from the cache of the browser: other pages may have changed the list since.
  items.clear();
  start(listener);
});

// Going to another page of this site loses nothing that is saved; leaving the site may.
let sameSite = false;
globalThis.navigation?.addEventListener("navigate", (event) => {
  const { origin, pathname } = new URL(event.destination.url);
  sameSite = origin === location.origin && pathname.startsWith(root);
});
addEventListener("beforeunload", (event) => {
  const unsent = all().filter((item) => !item.image && item.state !== "failed");
  const lost = unsent.filter((item) => unsaved.has(item.key) || !sameSite);
  sameSite = false;
  if (lost.length) event.preventDefault();
});
