// What is being uploaded, kept by the browser, so that neither another page nor a closed tab or a crash loses it.
//
// Two stores of IndexedDB, both by the key of the upload: "uploads" has the list, "files" what is not sent yet. An upload
// belongs to one page of one tab ({ page, tab }, see ownership.js): that page alone sends it and writes its state.

import { storageName } from "../layout/addresses.js";

const VERSION = 2;
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;
// Every file is copied to disk. Beyond this they stay in memory, and leaving the page is confirmed instead.
const MAX_BYTES = 2 * 2 ** 30;

let opened = null;
const sizes = new Map();

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(storageName("vitrine"), VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      for (const name of database.objectStoreNames) database.deleteObjectStore(name);
      database.createObjectStore("uploads", { keyPath: "key" });
      database.createObjectStore("files");
    };
    request.onsuccess = () => {
      // A page of a later Vitrine need not wait until this one is closed.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// act(uploads, files): makes requests of the two stores. Resolves to what it returns, once they are done.
async function transact(mode, act) {
  const transaction = (await open()).transaction(["uploads", "files"], mode);
  const completed = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
  const result = act(transaction.objectStore("uploads"), transaction.objectStore("files"));
  await completed;
  return result;
}

// The owners of all that is kept: { page, tab } each. What is too old is deleted, and files of which nothing is known.
export async function owners() {
  const found = new Map();
  await transact("readwrite", (uploads, files) => {
    uploads.getAll().onsuccess = ({ target: { result: kept } }) => {
      const current = kept.filter(({ at }) => Date.now() - at < MAX_AGE_MS);
      for (const { owner } of current) found.set(owner.page, owner);
      const keys = new Set(current.map(({ key }) => key));
      for (const { key } of kept) if (!keys.has(key)) uploads.delete(key);
      files.getAllKeys().onsuccess = ({ target }) => {
        for (const key of target.result) if (!keys.has(key)) files.delete(key);
      };
    };
  });
  return [...found.values()];
}

// Makes what belongs to one page another's, and resolves to it.
export async function claim(page, owner) {
  const claimed = [];
  await transact("readwrite", (uploads) => {
    uploads.getAll().onsuccess = ({ target: { result: kept } }) => {
      for (const upload of kept.filter((upload) => upload.owner.page === page)) {
        uploads.put({ ...upload, owner });
        claimed.push(upload);
      }
    };
  });
  return claimed;
}

// Writes the state of uploads, but of those that another page has taken over. The file of what is stored goes with it, not
// before: a page that is left in between would have neither.
export function save(items, owner) {
  return transact("readwrite", (uploads, files) => {
    for (const item of items) {
      uploads.get(item.key).onsuccess = ({ target: { result: kept } }) => {
        if (kept && kept.owner.page !== owner.page) return;
        uploads.put({ at: Date.now(), ...item, owner });
        if (item.image) files.delete(item.key);
      };
    }
  });
}

// Resolves to whether the file is kept: the disk may be full, or the browser may not want to.
export async function saveFile(key, file) {
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (bytes + file.size > MAX_BYTES) return false;
  sizes.set(key, file.size);
  return transact("readwrite", (_, files) => files.put(file, key)).then(
    () => true,
    () => false,
  );
}

// Resolves to the file, to null if it is not kept, and to undefined if another page has taken the upload over.
export async function loadFile(key, owner) {
  const { upload, file } = await transact("readonly", (uploads, files) => ({
    upload: uploads.get(key),
    file: files.get(key),
  }));
  if (upload.result && upload.result.owner.page !== owner.page) return undefined;
  return file.result ?? null;
}

// Its file takes no more room.
export function forgetSize(key) {
  sizes.delete(key);
}

export function remove(keys) {
  for (const key of keys) sizes.delete(key);
  return transact("readwrite", (uploads, files) => {
    for (const key of keys) {
      uploads.delete(key);
      files.delete(key);
    }
  });
}
