// The text of a query in colours, line by line. It only colours: what the words mean, the server says.
const WORDS = /^(and|or|not)$/i;
const OPERATORS = /^(in|is|null|contains|matches|between|starts|ends|with|then|within)$/i;
const VALUES = /^(true|false|today|yesterday|start_of|week|month|quarter|year|\d+_(days?|weeks?|months?|years?)_ago)$/i;
const PIECES = /('(?:\\[\s\S]|[^'\\])*'?)|([\p{L}_][\p{L}\p{N}_.]*|\d+_\w+)|([+-]?\d[\w.:-]*)|([=!<>]+|[(),])|(\s+)|([\s\S])/gu;
export const OFF = /^\s*--/;

/** The pieces of a text: where each begins and ends, and how it is drawn: "u" a name, "em" a value, "s" and/or/not. */
function pieces(text) {
  const found = [];
  let isBetween = false;
  for (const hit of text.matchAll(PIECES)) {
    const [all, string, word, number] = hit;
    let kind = "";
    if (string || number) kind = "em";
    else if (isBetween && /^and$/i.test(all)) isBetween = false;
    else if (word) kind = WORDS.test(word) ? "s" : OPERATORS.test(word) ? "" : VALUES.test(word) ? "em" : "u";
    if (/^between$/i.test(all)) isBetween = true;
    found.push([hit.index, hit.index + all.length, kind]);
  }
  return found;
}

/** Draw the lines of a text into `code` elements, one a line; what stands in [from, to) of `wrong` is underlined. */
export function drawLines(text, wrong) {
  const lines = text.split("\n");
  const isOff = lines.map((line) => OFF.test(line));
  // a line that is turned off is no part of the query, so no quote in it can open a text
  const read = lines.map((line, at) => (isOff[at] ? " ".repeat(line.length) : line)).join("\n");
  const parts = pieces(read);
  const drawn = [];
  let start = 0;
  let next = 0;
  for (const [at, line] of lines.entries()) {
    const code = document.createElement("code");
    const end = start + line.length;
    if (isOff[at]) code.append(piece("span", line, "cm"));
    else {
      while (next < parts.length && parts[next][1] <= start) next += 1;
      for (let here = next; here < parts.length && parts[here][0] < end; here += 1) {
        const [from, to, kind] = parts[here];
        for (const [a, b, isWrong] of cut(Math.max(from, start), Math.min(to, end), wrong)) {
          const node = kind ? piece(kind, text.slice(a, b)) : document.createTextNode(text.slice(a, b));
          if (isWrong) {
            const mark = piece("span", "", "wrong");
            mark.append(node);
            code.append(mark);
          } else code.append(node);
        }
      }
      if (wrong && wrong[0] >= end && wrong[0] === wrong[1] && at === lines.length - 1) code.append(piece("span", " ", "wrong"));
    }
    drawn.push(code);
    start = end + 1;
  }
  return drawn;
}

function cut(from, to, wrong) {
  if (!wrong || wrong[1] <= from || wrong[0] >= to) return [[from, to, false]];
  const [a, b] = [Math.max(from, wrong[0]), Math.min(to, wrong[1])];
  return [[from, a, false], [a, b, true], [b, to, false]].filter(([x, y]) => y > x);
}

function piece(name, text, css = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (css) element.className = css;
  return element;
}
