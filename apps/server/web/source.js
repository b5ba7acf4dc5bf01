// The text to ask about: dropped, opened, pasted or typed; then shown in its blocks.
import { postJson } from "./api.js";
import { byId, count } from "./format.js";

const MOST_BYTES = 8 << 20;
const LONG_PASTE = 2000; // characters; shorter ones belong to the question

export class Source {
  contextTokens = Infinity;
  #box = byId("source");
  #name = "";
  #counting = 0;
  #say;

  // say(text, bad): to the person.
  constructor(say) {
    this.#say = say;
    this.#box.addEventListener("input", () => this.#changed());
    byId("file").addEventListener("change", (event) => {
      this.#open(event.target.files[0]);
      event.target.value = ""; // the same file may be opened again
    });
    byId("edit").addEventListener("click", () => {
      this.reveal(false);
      this.#box.focus();
    });
    this.#acceptDrops();
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  get text() {
    return this.#box.value.trim();
  }

  set(text, name = "") {
    this.#box.value = text;
    this.#name = name;
    this.reveal(false);
    this.#changed();
  }

  // As blocks, or to be changed.
  reveal(blocks) {
    this.#box.hidden = blocks;
    byId("reading").hidden = !blocks;
    byId("edit").hidden = !blocks;
    if (!blocks) byId("legend").hidden = true;
  }

  #changed() {
    clearTimeout(this.#counting);
    byId("text-title").textContent = this.#name || "Text";
    this.#note(this.text ? "…" : "");
    if (this.text) this.#counting = setTimeout(() => this.#count(), 300);
  }

  async #count() {
    const text = this.text;
    const tokens = await postJson("tokenize", { content: text }).then((json) => json.count, () => null);
    if (text !== this.text || tokens === null) return;
    const fits = tokens < this.contextTokens;
    this.#note(`${count(tokens)} tokens` + (fits ? "" : `: too long, the model reads ${count(this.contextTokens)}`), !fits);
  }

  #note(text, bad = false) {
    byId("text-size").textContent = text;
    byId("text-size").classList.toggle("bad", bad);
  }

  async #open(file) {
    if (!file) return;
    if (file.size > MOST_BYTES) return this.#say(`${file.name} has more than 8 MiB.`, true);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const text = decode(bytes);
    if (text === null) return this.#say(`${file.name} is no plain text.`, true);
    this.set(text, file.name);
    this.#say(`${file.name} is there. Ask about it.`);
    byId("question").focus();
  }

  #paste(event) {
    const field = event.target.closest?.("textarea, input");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const [file] = event.clipboardData?.files ?? [];
    if (file && !text) {
      event.preventDefault();
      this.#open(file);
    } else if (!field || (field === byId("question") && text.length > LONG_PASTE)) {
      if (!text.trim()) return;
      event.preventDefault();
      this.set(text, "Pasted text");
      this.#say("The pasted text is there. Ask about it.");
    } else if (field === this.#box && !this.text) {
      this.#name = "Pasted text";
    }
  }

  #acceptDrops() {
    const veil = byId("drop");
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].some((type) => type === "Files" || type === "text/plain");
    addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      veil.hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) veil.hidden = true;
    });
    addEventListener("drop", (event) => {
      veil.hidden = true;
      if (!carries(event)) return;
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (file) return this.#open(file);
      this.set(event.dataTransfer.getData("text/plain"), "Dropped text");
    });
  }
}

// UTF-8, or else what old Windows programs write; null for what is no text.
function decode(bytes) {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const start = String.fromCharCode(...bytes.subarray(0, 5));
    return start.startsWith("%PDF") || start.startsWith("PK") ? null : new TextDecoder("windows-1252").decode(bytes);
  }
}
