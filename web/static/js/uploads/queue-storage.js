// Files that have not been sent yet, kept by the browser so that going to another page does not lose them.

import { storageName } from "../layout/addresses.js";

const STORE = "files";
const MAX_AGE_MS = 24 * 3600 * 1000;
// Every file is copied to disk. Beyond this they stay in memory, and leaving the page is confirmed instead.
const MAX_BYTES = 512 * 2 ** 20;

let opened = null;
let bytes = 0;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(storageName("vitrine"), 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).then((database) => sweep(database).then(() => database));
  return opened;
}

async function run(mode, act) {
  return settled((await open()).transaction(STORE, mode), act);
}

function settled(transaction, act) {
  return new Promise((resolve, reject) => {
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// Deletes what closed tabs have left.
function sweep(database) {
  return settled(database.transaction(STORE, "readwrite"), (store) => {
    const request = store.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if (Date.now() - cursor.value.at > MAX_AGE_MS) cursor.delete();
      cursor.continue();
    };
    return request;
  });
}

// Resolves to whether the file is stored: the disk may be full, or the browser may not want to.
export async function save(key, file) {
  if (bytes + file.size > MAX_BYTES) return false;
  bytes += file.size;
  return run("readwrite", (store) => store.put({ file, at: Date.now() }, key)).then(
    () => true,
    () => false,
  );
}

export async function load(key) {
  return run("readonly", (store) => store.get(key)).then(
    (stored) => stored?.file ?? null,
    () => null,
  );
}

export async function remove(key) {
  await run("readwrite", (store) => store.delete(key)).catch(() => {});
}
