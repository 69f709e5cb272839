"use strict";
// The items of the backup, newest first, and the search. A page on the disk can't fetch files, but it can add scripts:
// those in page/data and page/timings call HISTORY.

const MAX_ITEMS = 250000; // loaded at a time; Firefox draws nothing that is taller than 300,000 rows

const items = { id: [], note: [], shard: [], year: [], month: [], folded: [] }; // and the columns of shards
let names = {}; // of voices, models and sources, which items have as numbers
let shards = []; // oldest first: number of items, first date, last date, whether there are timings
const wordStarts = new Map(); // id → when each word begins, in hundredths of a second

const HISTORY = {
  index(index) {
    ({ names, shards } = index);
    start();
  },

  // The oldest item is the first of a shard. The newest shard is loaded first, so that items are only added.
  shard(number, columns) {
    if (number !== loading.numbers.at(-loading.left)) return; // of another period
    for (const name of Object.keys(columns)) (items[name] ??= []).push(...columns[name].reverse());
    while (items.shard.length < items.id.length) {
      const item = items.shard.push(number) - 1;
      const date = new Date(items.date[item] * 1000);
      items.year.push(date.getFullYear());
      items.month.push(date.getMonth());
      items.folded.push(fold(items.text[item]));
    }
    loading.left--;
  },

  timings(entries) {
    for (const [id, starts] of entries) wordStarts.set(id, starts);
  },
};

// The numbers of the shards, the newest first, in parts that can be loaded.
function partsOf(shards) {
  const parts = [[]];
  let count = 0;
  for (let number = shards.length - 1; number >= 0; number--) {
    (parts[Math.floor(count / MAX_ITEMS)] ??= []).push(number);
    count += shards[number][0];
  }
  return parts;
}

function loadScript(folder, number) {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.async = false; // read together, run in order
    script.src = `page/${folder}/${String(number).padStart(4, "0")}.js`;
    script.onload = script.onerror = ({ type }) => resolve(type === "load");
    document.head.append(script);
  });
}

// A file name may have any character.
const urlOf = (path) => path.split("/").map(encodeURIComponent).join("/");

const search = {}; // words, hits, characters and seconds of the hits, how many items were searched, the order
const facets = ["voice", "model", "source", "year", "month"].map((name) => ({ name, chosen: null }));
const ORDERS = {
  "Newest first": undefined, // as loaded
  "Oldest first": (a, b) => b - a,
  "Longest first": (a, b) => items.seconds[b] - items.seconds[a] || a - b,
};

function labelOf({ name }, value) {
  if (name === "month") return new Date(2000, value).toLocaleString("en", { month: "long" });
  return name in names ? names[name][value] || "(none)" : value;
}

// Without case and accents; vowel signs of other scripts stay.
function fold(text) {
  // A text without characters above U+00FF takes one byte for each, and normalize would make that two.
  if (/[^\0-\xff]/.test(text)) return foldWide(text);
  // Firefox joins the parts of a text when they are first looked through: now, not during a search.
  return text.toLowerCase().replace(/[\x80-\xff]/g, foldCharacter).replaceAll("\0", " ");
}
function foldWide(text) {
  const letters = text.normalize("NFKD").replace(/[\p{Script=Inherited}\u0591-\u05c7]/gu, "");
  return letters.toLowerCase().replaceAll("ς", "σ").replaceAll("ß", "ss");
}
const folds = {};
const foldCharacter = (character) => (folds[character] ??= foldWide(character));

function startSearch(query) {
  // Which voices and models have a word in their names is known before any item is looked at.
  const having = (list, word) => list.map((name) => fold(name).includes(word));
  search.words = query.split(/\s+/).filter(fold).map((word) => {
    const folded = fold(word);
    return { word, folded, voices: having(names.voice, folded), models: having(names.model, folded) };
  });
  Object.assign(search, { hits: [], characters: 0, seconds: 0, searched: 0 });
  for (const facet of facets) facet.counts = [];
}

// Search what was loaded since. What one filter alone leaves out counts for the other choices of that filter.
function continueSearch() {
  const active = facets.filter((facet) => facet.chosen !== null);
  for (; search.searched < items.id.length; search.searched++) {
    const item = search.searched;
    const failed = active.length ? active.filter((facet) => items[facet.name][item] !== facet.chosen) : active;
    if (failed.length > 1 || !hasWords(item)) continue;
    for (const { name, counts } of failed.length ? failed : facets) {
      const value = items[name][item];
      counts[value] = (counts[value] ?? 0) + 1;
    }
    if (failed.length) continue;
    search.hits.push(item);
    search.characters += items.characters[item];
    search.seconds += items.seconds[item];
  }
}

function hasWords(item) {
  for (const { word, folded, voices, models } of search.words) {
    const isNamed = voices[items.voice[item]] || models[items.model[item]];
    if (!isNamed && !items.folded[item].includes(folded) && !items.id[item].includes(word)) return false;
  }
  return true;
}

// Where the words are in the text of an element. Folding may change the length of a part that is not ASCII.
function rangesOfWords(element) {
  const origins = [];
  let all = "";
  let position = 0;
  for (const [part] of search.words.length ? element.textContent.matchAll(/[\0-\x7f]+|./gsu) : []) {
    const folded = fold(part);
    for (let at = 0; at < folded.length; at++) origins.push(position + (folded.length === part.length ? at : 0));
    all += folded;
    position += part.length;
  }
  origins.push(position);
  const ranges = [];
  for (const { folded } of search.words) {
    for (let at = -1; (at = all.indexOf(folded, at + 1)) >= 0 && ranges.length < 1000; ) {
      ranges.push(rangeIn(element, origins[at], origins[at + folded.length]));
    }
  }
  return ranges;
}

// The beginning of a text, or of a long one the part with the first word that was found.
const EXCERPT = 300;
function excerptOf(item) {
  const [text, all] = [items.text[item], items.folded[item]];
  const places = search.words.map(({ folded }) => all.indexOf(folded)).filter((place) => place >= 0);
  const from = Math.floor((Math.min(...places) / all.length) * text.length) - 40;
  return places.length && from > 40 ? `… ${text.slice(from, from + EXCERPT)}` : text.slice(0, EXCERPT);
}
