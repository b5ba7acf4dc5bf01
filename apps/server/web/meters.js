// Speed and memory, as they are now: speed from the answers, memory from /metrics.
import { getText } from "./api.js";
import { byId, bytes, rate } from "./format.js";

const BUSY_MS = 1000, IDLE_MS = 5000;

export class Meters {
  #chat;

  constructor(chat) {
    this.#chat = chat;
    this.#poll();
  }

  showSpeed(answer) {
    if (answer.readingSpeed) byId("meter-read").textContent = rate(answer.readingSpeed);
    if (answer.writingSpeed) byId("meter-write").textContent = rate(answer.writingSpeed);
  }

  async #poll() {
    if (!document.hidden) {
      const text = await getText("metrics").catch(() => "");
      const figure = (name) => Number(text.match(new RegExp(`^${name} (\\S+)`, "m"))?.[1] ?? NaN);
      this.#show("meter-kv", figure("dynsplit_kv_bytes"));
      this.#show("meter-rss", figure("process_resident_memory_bytes"));
    }
    setTimeout(() => this.#poll(), this.#chat.busy ? BUSY_MS : IDLE_MS);
  }

  #show(id, value) {
    if (Number.isFinite(value)) byId(id).textContent = bytes(value);
  }
}
