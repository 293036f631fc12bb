// What the documentation does beyond being read: search, copy buttons, and the list of pages on a wide screen.
"use strict";

const MOST_FOUND = 12;
const NARROW = matchMedia("(max-width: 52rem)");

// --- the list of pages: open beside the text, closed above it ---

const pages = document.querySelector(".pages");
const showPages = () => { pages.open = !NARROW.matches; };
showPages();
NARROW.addEventListener("change", showPages);
const here = document.querySelector(".pages [aria-current]");
if (here && !NARROW.matches) here.closest("nav").scrollTop = here.offsetTop - 200;

// --- copy buttons ---

if (navigator.clipboard) {
    for (const block of document.querySelectorAll("main .codehilite")) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Copy";
        button.addEventListener("click", async () => {
            try {
                await navigator.clipboard.writeText(block.querySelector("code").innerText);
                button.textContent = "Copied";
            } catch {
                button.textContent = "Not allowed";
            }
            setTimeout(() => { button.textContent = "Copy"; }, 2000);
        });
        block.classList.add("copyable");
        block.append(button);
    }
}

// --- search ---

const form = document.querySelector(".search");
const field = form.elements.words;
const list = form.querySelector(".found");
const status = form.querySelector(".status");
let sections = null;

const load = async () => {
    sections ??= fetch(form.dataset.index).then((answer) => answer.text())
        .then((lines) => lines.trim().split("\n").map((line) => {
            const [page, title, address, text] = JSON.parse(line);
            return { page, title, address, text };
        }));
    return sections;
};

// A section counts for its title first, then for the title of its page, then for its text; every word must be there.
const weigh = (section, words) => {
    let weight = 0;
    for (const word of words) {
        const places = [[section.title, 8], [section.page, 4], [section.text, 1]];
        const best = places.find(([text]) => text.toLowerCase().includes(word));
        if (!best) return 0;
        weight += best[1];
    }
    return weight;
};

const entry = (section) => {
    const link = document.createElement("a");
    link.href = new URL(section.address, new URL(form.dataset.root, location.href)).href;
    link.textContent = section.title;
    const rest = document.createElement("small");
    rest.textContent = section.title === section.page ? section.text.slice(0, 90) : section.page;
    link.append(rest);
    const item = document.createElement("li");
    item.append(link);
    return item;
};

const search = async () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = words.length ? await load() : [];
    if (words.join() !== field.value.toLowerCase().split(/\s+/).filter(Boolean).join()) return;
    const found = all.map((section) => [weigh(section, words), section]).filter(([weight]) => weight)
        .sort((one, other) => other[0] - one[0]).slice(0, MOST_FOUND);
    list.replaceChildren(...found.map(([, section]) => entry(section)));
    list.hidden = !found.length;
    status.textContent = words.length ? `${found.length || "No"} places found` : "";
};

const close = () => { list.hidden = true; status.textContent = ""; };

form.hidden = false;
form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
});
field.addEventListener("input", search);
form.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
        close();
        field.focus();
    } else if (step && links.length) {
        event.preventDefault();
        (links[links.indexOf(document.activeElement) + step] ?? field).focus();
    }
});
document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea")) {
        event.preventDefault();
        field.focus();
    }
});
