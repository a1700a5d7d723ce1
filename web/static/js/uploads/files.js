// Files that are chosen or dropped: read from folders, and checked before they are sent.

// What the server would refuse anyway (web/photos/guard/sniff.py), refused at once. It checks what is not listed here.
const PHOTOS = [/^\xff\xd8\xff/, /^\x89PNG\r\n\x1a\n/, /^GIF8[79]a/, /^RIFF....WEBP/s];
const OTHERS = [
  [/^....ftyp(avif|avis)/s, "an AVIF picture"],
  [/^....ftyp(hei|hev|mif1|msf1)/s, "a HEIC picture"],
  [/^....ftyp/s, "a video"],
  [/^(II[*+]\0|MM\0[*+])/, "a TIFF picture"],
  [/^BM.{0,12}\0/s, "a BMP picture"],
  [/^%PDF-/, "a PDF"],
  [/^PK[\x03\x05]/, "a ZIP archive"],
  [/^\s*(<\?xml[^]*)?<svg/i, "an SVG drawing"],
  [/^\s*<(!doctype )?html/i, "an HTML page"],
  [/^[\x20-\x7e\s]+$/, "a text file"],
];
const HEAD_BYTES = 256;
// What a folder holds beside photos is left out without a word for each.
const LIKE_A_PHOTO = /\.(jpe?g|jfif|png|webp|gif)$/i;

// What is wrong with the file, as a sentence; null if it can be sent.
export async function checkFile(file, maxBytes) {
  if (file.size === 0) return "This file is empty. Choose another.";
  if (file.size > maxBytes) {
    const size = (file.size / 2 ** 20).toFixed(1);
    return `This file has ${size} MiB. Vitrine takes up to ${maxBytes / 2 ** 20} MiB: scale it down, or save it as JPEG.`;
  }
  let head;
  try {
    head = String.fromCharCode(...new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  } catch {
    return "This file cannot be read any more. Choose it again.";
  }
  if (PHOTOS.some((magic) => magic.test(head))) return null;
  const kind = OTHERS.find(([magic]) => magic.test(head))?.[1];
  return kind ? `This file is ${kind}. Vitrine reads JPEG, PNG, WebP and GIF.` : null;
}

// The photos in a chosen folder, and how many other files it has.
export function photosIn(files) {
  const photos = [...files].filter((file) => LIKE_A_PHOTO.test(file.name) && !file.name.startsWith("."));
  return { photos, others: files.length - photos.length };
}

// The files of a drop, with those in dropped folders, and how many other files the folders have.
export async function droppedFiles(transfer) {
  // Read at once: the dropped items are gone when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const loose = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return { photos: loose, others: 0 };
  const found = { photos: [], others: 0 };
  for (const entry of entries) {
    if (entry.isFile) found.photos.push(await fileOf(entry));
    else {
      const inside = photosIn(await filesIn(entry));
      found.photos.push(...inside.photos);
      found.others += inside.others;
    }
  }
  return found;
}

async function filesIn(folder) {
  const reader = folder.createReader();
  const files = [];
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const entry of entries) {
      if (entry.isFile) files.push(await fileOf(entry));
      else files.push(...(await filesIn(entry)));
    }
  }
}

function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
