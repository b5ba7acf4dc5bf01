// What DD-Select learned of a text: for each kind of boundary how well it separates, as bars.
import { byId, count, element } from "./format.js";

const NAMES = {
  none: "no boundary", space: "space", closing: "bracket, quote", comma: "comma", clause: "; and :",
  sentence: "sentence", newline: "new line", dedent: "less indented", paragraph: "paragraph", turn: "turn of the chat",
};

export function showBoundaries(importance) {
  const table = byId("boundaries");
  table.hidden = importance.length === 0;
  const most = Math.max(1e-9, ...importance.map((one) => one.weight + one.standard_error));
  const share = (weight) => `${Math.min(100, Math.max(0, (100 * weight) / most))}%`;
  table.tBodies[0].replaceChildren(...[...importance].reverse().map((one) => {
    const seen = one.count > 0;
    const bar = element("i"), error = element("u");
    bar.style.width = share(one.weight);
    error.style.left = share(one.weight - one.standard_error);
    error.style.right = `calc(100% - ${share(one.weight + one.standard_error)})`;
    const track = element("div", { className: "track", title: `${one.weight.toFixed(3)} ± ${one.standard_error.toFixed(3)}` });
    if (seen) track.append(bar, error);
    const says = seen ? `${one.weight.toFixed(2)}, plus or minus ${one.standard_error.toFixed(2)}` : "not seen";
    return element("tr", { className: seen ? "" : "unseen" },
      element("th", { scope: "row" }, NAMES[one.class] ?? one.class),
      element("td", {}, element("span", { className: "hidden" }, says), track),
      element("td", { className: "n" }, seen ? count(one.count) : "–"));
  }));
}
