// Figures for people, and small helpers for elements.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (n) => whole.format(n);

export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 1024 && unit < units.length - 1; ++unit) n /= 1024;
  return `${n >= 100 || unit === 0 ? n.toFixed(0) : n.toFixed(1)} ${units[unit]}`;
}

export function seconds(s) {
  if (s < 1) return `${(1000 * s).toFixed(0)} ms`;
  return s < 60 ? `${s.toFixed(1)} s` : `${Math.floor(s / 60)} min ${(s % 60).toFixed(0)} s`;
}

export const rate = (perSecond) => `${perSecond >= 100 ? count(perSecond) : perSecond.toFixed(1)} tok/s`;

export function percent(part, all) {
  const share = all > 0 ? (100 * part) / all : 0;
  return `${share >= 10 || share === 0 ? share.toFixed(0) : share.toFixed(1)} %`;
}

export const byId = (id) => document.getElementById(id);

// element("p", {className: "note"}, "text", child)
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// The same text again would be read aloud again.
export function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

// One line of what a block or token says, its ends visible.
export const excerpt = (text, most = 90) => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most)}…` : line || "(space)";
};
