"use strict";
// The list of hits: of its rows only those on the screen, some around them and the selected one exist.

const $ = (id) => document.getElementById(id);
const on = (id, events, action) => events.split(" ").forEach((event) => $(id).addEventListener(event, action));

const ROW = 56; // pixels, as in style.css

const list = { hits: [], selected: 0 }; // the selected row has the keyboard
const rows = () => [...$("rows").children];

function showHits(hits) {
  const item = list.hits[list.selected];
  const hadFocus = $("rows").contains(document.activeElement);
  list.hits = hits;
  list.selected = Math.max(0, hits.indexOf(item));
  $("rows").style.height = `${hits.length * ROW}px`;
  // A row that is replaced while the mouse is pressed on it would miss the click.
  for (const row of rows()) row.at in hits ? fillRow(row, row.at) : row.remove();
  drawRows();
  if (hadFocus) focusRow();
}

function drawRows() {
  const { scrollTop, clientHeight } = $("list");
  const wanted = new Set([list.selected]);
  // Twelve more above and below, for fast scrolling.
  for (let at = Math.floor(scrollTop / ROW) - 12; (at - 12) * ROW < scrollTop + clientHeight; at++) wanted.add(at);
  const unused = rows().filter((row) => !wanted.delete(row.at));
  for (const at of wanted) {
    if (!(at in list.hits)) continue;
    const row = unused.pop() ?? newRow();
    fillRow(row, at);
    // Screen readers read them in the order of the document.
    $("rows").insertBefore(row, rows().find((other) => other.at > at) ?? null);
  }
  for (const row of unused) row.remove();
  highlight("row-hits", rows().flatMap((row) => row.found));
}

const focusRow = () => rows().find((row) => row.at === list.selected)?.open.focus({ preventScroll: true });

function newRow() {
  const row = $("row").content.firstElementChild.cloneNode(true);
  [row.start, row.open] = row.children;
  return row;
}

function fillRow(row, at) {
  const item = list.hits[at];
  row.at = at;
  row.style.top = `${at * ROW}px`;
  row.ariaSetSize = list.hits.length;
  row.ariaPosInSet = at + 1;
  const facts = { text: excerptOf(item), ...factsOf(item) };
  for (const part of row.open.children) part.textContent = facts[part.className];
  row.found = [...row.querySelectorAll("[dir]")].flatMap(rangesOfWords);
  markRow(row);
}

function factsOf(item) {
  return {
    voice: names.voice[items.voice[item]],
    model: names.model[items.model[item]],
    date: formatDate(items.date[item]),
    length: items.note[item] ? "no file" : formatLength(items.seconds[item]),
  };
}

// What may change while a row stays.
function markRow(row) {
  const item = list.hits[row.at];
  const isPlaying = item === player.item && !$("audio").paused;
  row.open.tabIndex = row.at === list.selected ? 0 : -1;
  row.open.ariaCurrent = item === details.item;
  row.start.ariaLabel = isPlaying ? "Pause" : "Play";
  row.classList.toggle("current", item === player.item);
  row.classList.toggle("playing", isPlaying);
  row.classList.toggle("absent", items.note[item] !== "");
}

// Select a row, bring it to the screen and give it the keyboard.
function selectRow(at, takesFocus = true) {
  if (!list.hits.length) return;
  list.selected = Math.min(Math.max(at, 0), list.hits.length - 1);
  const [box, top] = [$("list"), list.selected * ROW];
  box.scrollTop = Math.max(Math.min(box.scrollTop, top), top + ROW - box.clientHeight);
  drawRows();
  if (takesFocus) focusRow();
  showDetails(list.hits[list.selected]);
}

// The browser paints ranges of a text, so that no text ever becomes markup.
function rangeIn(element, start, end) {
  const range = new Range();
  range.setStart(element.firstChild, start);
  range.setEnd(element.firstChild, end);
  return range;
}

const highlight = (name, ranges) => CSS.highlights?.set(name, new Highlight(...ranges));

const { format: formatNumber } = new Intl.NumberFormat("en");
const pluralize = (number, noun) => `${formatNumber(number)} ${noun}${number === 1 ? "" : "s"}`;

// Swedes write 2026-01-31 23:59.
const DATES = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short" });
const formatDate = (date) => DATES.format(date * 1000);

const pad = (number) => String(Math.floor(number)).padStart(2, "0");
const formatLength = (seconds) => `${seconds < 3600 ? "" : `${pad(seconds / 3600)}:`}${pad((seconds / 60) % 60)}:${pad(seconds % 60)}`;
