// The head of a CSV file, read in the browser: enough to choose a column and to see that it is the right table. What the
// file is worth the server decides; both take names of columns in the same way (shared/predictors/tables.py).

const ENOUGH_BYTES = 256 * 1024;
const ROWS = 3;
const SEPARATORS = [",", ";", "\t"];

// Resolves to { columns, rows }, both empty for what is no table.
export async function readTable(file) {
  const text = (await file.slice(0, ENOUGH_BYTES).text()).replace(/^\uFEFF/, "");
  if (text.includes("\0")) return { columns: [], rows: [] };
  const first = text.split(/\r?\n/, 1)[0];
  const often = (separator) => first.split(separator).length;
  const separator = SEPARATORS.reduce((best, each) => (often(each) > often(best) ? each : best));
  const [head = [], ...rows] = records(text, separator, ROWS + 1);
  const columns = head.map((name, place) => name.trim().normalize("NFC") || `column ${place + 1}`);
  return { columns, rows: rows.filter((row) => row.length === columns.length) };
}

// The first records of RFC 4180: cells in quotes may hold separators and line breaks, and quotes that are doubled.
function records(text, separator, most) {
  const found = [];
  let row = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length && found.length < most; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else quoted = false;
    } else if (char === '"' && cell === "") {
      quoted = true;
    } else if (char === separator) {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      found.push([...row, cell]);
      row = [];
      cell = "";
    } else if (char !== "\r") {
      cell += char;
    }
  }
  if (found.length < most && (cell || row.length)) found.push([...row, cell]);
  return found;
}
