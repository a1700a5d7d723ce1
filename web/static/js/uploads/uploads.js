// What is being uploaded, from the file to the finished photo, across all pages of this tab, and after it was closed.
//
// An item: { key, name, tags, state, words, progress, image, status, retry }. state: waiting, sending, working, done, failed,
// or gone to another page. image: { id, job } once it is stored; status: what the API says of it.

import { root } from "../layout/addresses.js";
import { checkFile } from "./files.js";
import { makeFollower, reasonOf } from "./follow-job.js";
import * as ownership from "./ownership.js";
import { makeSender } from "./send.js";
import * as storage from "./storage.js";

const { owner } = ownership;
// A folder of photos; more would only wait in the queue.
export const MAX_FILES = 1000;
// How often a page looks whether another tab was closed before its uploads were done.
const TAKE_OVER_MS = 10_000;

const items = new Map();
const files = new Map();
const unsaved = new Set();
const changed = new Set();
let listener = () => {};
let saving = 0;
let takingOver = 0;

const sender = makeSender({ fileOf, change, onStored });
const follower = makeFollower({ unfinished, onUpdate: update });

export function all() {
  return [...items.values()];
}

// Resumes what earlier pages have started. onChange(item): called with each item that is new or has changed.
export function start(onChange) {
  listener = onChange;
  ownership.listen(letGo);
  resume();
}

async function resume() {
  clearTimeout(takingOver);
  const others = (await storage.owners().catch(() => [])).filter(({ page }) => page !== owner.page || !items.size);
  const taken = await Promise.all(others.map((other) => takeOver(other)));
  if (!taken.every(Boolean)) takingOver = setTimeout(resume, TAKE_OVER_MS);
}

// Resolves to false while the other page is open.
async function takeOver({ page, tab }) {
  const isOwnTab = tab === owner.tab;
  if (!isOwnTab && !(await ownership.isClosed(page))) return false;
  ownership.tellTaken(page);
  for (const item of await storage.claim(page, owner)) {
    // What another tab has shown to the end is of no more use.
    if (!isOwnTab && isFinal(item)) {
      storage.remove([item.key]);
      continue;
    }
    items.set(item.key, item);
    // An earlier page may have sent it and been left before the answer came.
    item.resent = !item.image;
    listener(item);
    if (!item.image && item.state !== "failed") sender.send(item);
  }
  follower.follow();
  return true;
}

function isFinal({ state, retry }) {
  return state === "done" || (state === "failed" && !retry);
}

// Another page goes on with what this page had.
function letGo() {
  const gone = all();
  for (const known of [items, files, unsaved, changed]) known.clear();
  for (const item of gone) listener({ ...item, state: "gone" });
}

export async function add(chosen, { tags = "", maxBytes }) {
  const added = [...chosen].slice(0, MAX_FILES).map((file) => {
    const key = ownership.newId();
    const item = { key, name: file.name, tags, state: "waiting", words: "Waiting to be sent", progress: 0 };
    items.set(key, item);
    files.set(key, file);
    unsaved.add(key);
    change(item, "waiting", item.words);
    return item;
  });
  save();
  for (const item of added) {
    const file = files.get(item.key);
    const problem = await checkFile(file, maxBytes);
    if (problem) {
      unsaved.delete(item.key);
      change(item, "failed", problem);
      continue;
    }
    sender.send(item);
    storage.saveFile(item.key, file).then((saved) => {
      if (saved) unsaved.delete(item.key);
      // Sent while it was saved.
      if (item.image) storage.save([item], owner).catch(() => {});
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

export function retryAll() {
  for (const item of all()) if (item.state === "failed" && item.retry) retry(item);
}

// Deletes a photo that cannot be read from the gallery, and takes it off the list.
export async function deletePhoto(item) {
  const response = await fetch(`${root}api/v1/images/${item.image.id}`, { method: "DELETE" }).catch(() => null);
  if (response?.ok || response?.status === 404) {
    remove([item]);
    listener({ ...item, state: "gone" });
  } else change(item, "failed", "It could not be deleted. Try again in a moment.");
}

// Takes items off the list; what is already in the gallery stays there.
export function remove(removed) {
  const keys = removed.map(({ key }) => key);
  for (const known of [items, files, unsaved]) for (const key of keys) known.delete(key);
  storage.remove(keys).catch(() => {});
}

async function fileOf(item) {
  if (items.get(item.key) !== item) return undefined;
  return files.get(item.key) ?? storage.loadFile(item.key, owner).catch(() => null);
}

function change(item, state, words) {
  // How much is sent changes many times a second, and counts on the screen alone.
  if (item.state !== state || state !== "sending") changed.add(item.key);
  item.state = state;
  item.words = words;
  listener(item);
  saving ||= setTimeout(save, 200);
}

function save() {
  clearTimeout(saving);
  saving = 0;
  const unwritten = [...changed].map((key) => items.get(key)).filter(Boolean);
  changed.clear();
  if (unwritten.length) storage.save(unwritten, owner).catch(() => {});
}

function onStored(item, { image, duplicate, merged }) {
  files.delete(item.key);
  unsaved.delete(item.key);
  storage.forgetSize(item.key);
  item.image = { id: image.id, job: image.links.job };
  item.progress = 1;
  item.duplicate = duplicate && !item.resent;
  item.merged = merged.includes("tags");
  if (!duplicate) document.dispatchEvent(new CustomEvent("vitrine:stored"));
  update(item, image);
  save();
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
document.addEventListener("visibilitychange", () => document.hidden || !takingOver || resume());
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
