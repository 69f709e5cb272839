"use strict";
// What connects the others: loading, fields, the selected clip, links to clips, keys.

const details = { item: null };
const loading = { numbers: [], left: 0, wanted: "", failure: "" }; // shards; the id of a link

function start() {
  const parts = partsOf(shards);
  const periodOf = (numbers) => `From ${formatDate(shards[numbers.at(-1)][1]).slice(0, 10)}`;
  if (parts.length > 1) addSelect("Period", parts.map(periodOf), (value) => loadItems(parts[value]));
  for (const facet of facets) {
    facet.select = addSelect(`Filter by ${facet.name}`, [], (value) => {
      facet.chosen = value === "" ? null : Number(value);
      runSearch();
    });
  }
  addSelect("Order", Object.keys(ORDERS), (value) => {
    search.compare = Object.values(ORDERS)[value];
    runSearch();
  });
  on("query", "input", runSearch);
  on("list", "scroll", drawRows);
  on("list", "click", clickRow);
  on("play", "click", () => toggle(details.item));
  on("copy", "click", copyText);
  on("close", "click", closeDetails);
  on("open-help", "click", () => $("help").showModal());
  addEventListener("resize", drawRows);
  addEventListener("hashchange", () => openItem(idOfLink()));
  addEventListener("keydown", handleKey);
  startPlayer();
  loadItems(parts[0], idOfLink(), recall());
}

const countOf = (numbers) => numbers.reduce((sum, number) => sum + shards[number][0], 0);

async function loadItems(numbers, wanted = "", remembered = {}) {
  Object.assign(loading, { numbers, left: numbers.length, wanted, failure: "" });
  Object.assign(player, { item: null, words: [] });
  for (const column of Object.values(items)) column.length = 0;
  details.item = null;
  $("details").hidden = true;
  runSearch();
  const load = (number) => loadScript("data", number);
  const scripts = numbers.slice(0, 1).map(load); // the first rows are shown before the others are read
  let shown = -Infinity;
  for (const at of numbers.keys()) {
    if (at === 1) scripts.push(...numbers.slice(1).map(load));
    if (!(await scripts[at])) Object.assign(loading, { left: loading.left - 1, failure: `Part ${numbers[at]} is missing: write the page again` });
    if (loading.numbers !== numbers) return;
    if (loading.left && performance.now() < shown + 200) continue;
    continueSearch();
    refresh();
    if (details.item === null && list.hits.length) showDetails(list.hits[0]);
    if (loading.wanted) openItem(loading.wanted);
    if (player.item === null) restore(remembered);
    shown = performance.now();
  }
}

// The player goes on where it was when the page was left.
function restore({ id, time }) {
  const item = items.id.indexOf(id);
  if (item < 0 || items.note[item]) return;
  load(item);
  $("audio").currentTime = time;
}

function addSelect(label, texts, action) {
  const select = document.createElement("select");
  select.ariaLabel = label;
  select.append(...texts.map((text, value) => new Option(text, value)));
  select.addEventListener("change", () => action(select.value));
  return $("filters").appendChild(select);
}

function runSearch() {
  startSearch($("query").value);
  continueSearch();
  $("list").scrollTop = 0;
  refresh();
}

function refresh() {
  showHits(search.compare ? [...search.hits].sort(search.compare) : search.hits);
  facets.forEach(showChoices);
  markText();
  const { hits, characters, seconds } = search;
  const count = countOf(loading.numbers);
  const others = countOf([...shards.keys()]) - count;
  const text = [
    `${formatNumber(hits.length)} of ${pluralize(count, "clip")}`,
    pluralize(characters, "character"),
    formatLength(seconds),
    loading.left && `searched ${formatNumber(search.searched)} of ${formatNumber(count)} so far`,
    others && `${formatNumber(others)} more in other periods`,
    loading.failure,
  ];
  $("count").ariaBusy = loading.left > 0; // not to be read aloud yet
  $("count").textContent = text.filter(Boolean).join(" · ");
}

// The choices of a filter, and how many hits each has. A list that is open stays as it is.
function showChoices(facet) {
  const { name, select, chosen, counts } = facet;
  if (loading.left && select === document.activeElement) return;
  if (chosen !== null) counts[chosen] ??= 0;
  const options = Object.keys(counts).map((value) => new Option(`${labelOf(facet, value)} (${formatNumber(counts[value])})`, value));
  if (name in names) options.sort((a, b) => a.text.localeCompare(b.text));
  select.replaceChildren(new Option(`All ${name}s`, ""), ...options);
  select.value = chosen ?? "";
  select.classList.toggle("chosen", chosen !== null);
}

function clickRow({ target }) {
  const row = target.closest(".row");
  if (!row) return;
  selectRow(row.at);
  if (target.closest(".start")) toggle(details.item);
  else showReading(true);
}

// On a narrow screen the clip covers the list.
const showReading = (isReading) => document.body.classList.toggle("reading", isReading);

function closeDetails() {
  showReading(false);
  selectRow(list.selected);
}

function showDetails(item) {
  details.item = item;
  $("details").hidden = false;
  const [id, path, note] = [items.id[item], items.path[item], items.note[item]];
  const { voice, date, model, length } = factsOf(item);
  const facts = [date, model, names.source[items.source[item]], pluralize(items.characters[item], "character"), length];
  $("voice").textContent = voice;
  $("facts").textContent = facts.filter(Boolean).join(" · ");
  $("note").textContent = note;
  for (const name of ["play", "download"]) $(name).hidden = note !== "";
  $("download").href = urlOf(path);
  $("show").href = urlOf(path.replace(/[^/]*$/, "")) || ".";
  $("show").textContent = path;
  $("link").href = `#${encodeURIComponent(id)}`;
  $("text").textContent = items.text[item];
  $("text").scrollTop = 0;
  markText();
  showPlaying();
  findWords();
}

const markText = () => highlight("text-hits", rangesOfWords($("text")));

async function copyText() {
  await navigator.clipboard.writeText(items.text[details.item]);
  $("copy").textContent = "Copied";
  setTimeout(() => ($("copy").textContent = "Copy text"), 2000);
}

// Unlike decodeURIComponent, this takes whatever a link has.
const idOfLink = () => new URLSearchParams(`id=${location.hash.slice(1)}`).get("id");

// Show a clip as soon as it is loaded.
function openItem(id) {
  const item = items.id.indexOf(id);
  loading.wanted = item < 0 ? id : "";
  if (item < 0) return;
  if (!list.hits.includes(item)) reset();
  selectRow(list.hits.indexOf(item));
  showReading(true);
}

function reset() {
  $("query").value = "";
  for (const facet of facets) facet.chosen = null;
  runSearch();
}

const KEYS = {
  "/": () => $("query").select(),
  "?": () => $("help").showModal(),
  j: () => selectRow(list.selected + 1),
  k: () => selectRow(list.selected - 1),
  Enter: () => toggle(list.hits[list.selected]),
  " ": () => toggle(player.item ?? list.hits[list.selected]),
  ArrowLeft: () => ($("audio").currentTime -= 5),
  ArrowRight: () => ($("audio").currentTime += 5),
  n: playNext,
  Escape: closeDetails,
};
KEYS.ArrowDown = KEYS.j;
KEYS.ArrowUp = KEYS.k;
const QUERY_KEYS = { Escape: reset, Enter: closeDetails, ArrowDown: closeDetails };

function handleKey(event) {
  const { key, target } = event;
  const isOwn = target.closest("select, audio, dialog") || (target === $("text") && key.length > 1); // it scrolls
  const isPress = ["Enter", " "].includes(key) && target.closest("a, button:not(.open)");
  const action = (target === $("query") ? QUERY_KEYS : KEYS)[key];
  if (!action || isOwn || isPress || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
}
