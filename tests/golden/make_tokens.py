#!/usr/bin/env python3
"""Makes the golden files of the tokenizer: the ids that libllama gives for seeded strings.

    make_tokens.py MODELS_DIR [OUT_DIR]

needs llama-cpp-python (0.3.36 made the committed files) and, in MODELS_DIR, the models of MODELS.
Writes strings.txt and, for each model, <model>.ids; line n of an .ids file belongs to line n of
strings.txt. A line of strings.txt is "FLAGS TEXT": FLAGS is 1 (add special tokens) + 2 (parse
special tokens); in TEXT a byte outside 0x20..0x7E and the backslash are written as a backslash
and two hex digits. A line of an .ids file holds the ids, separated by spaces.
"""

import ctypes
import pathlib
import random
import sys

MODELS = ["smollm2-135m", "qwen2.5-coder-1.5b", "gemma3-270m"]
LICENSES = ["GPL-2", "GPL-3", "LGPL-2.1", "Apache-2.0", "MPL-2.0", "Artistic", "GFDL-1.3", "BSD"]
SEED = 20240607

SPECIAL = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<reponame>", "<file_sep>",
    "<filename>", "<gh_stars>", "<issue_start>", "<jupyter_code>", "<empty_output>",
    "<|object_ref_start|>", "<|box_end|>", "<|vision_pad|>", "<|image_pad|>", "<tool_call>",
    "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
    "<|repo_name|>", "<|file_sep|>", "<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<unused7>",
    "<start_of_turn>", "<end_of_turn>", "[multimodal]", "<s>", "</s>", "<table>", "</code>", "<b>",
    "<start_of_image>", "[INST]", "[/INST]", "<|eot_id|>", "<0x0A>", "<0xFF>", "[PAD151665]",
]
NEARLY_SPECIAL = ["<|im_start", "im_end|>", "<|im_start|", "<<|im_end|>>", "<|im_start|>|>",
                  "< |im_end|>", "<|IM_END|>", "<|endoftext|", "<tool_call", "tool_call>", "<s",
                  "<|im_<|im_end|>start|>"]

SENTENCES = """
The quick brown fox jumps over the lazy dog; it wasn't amused, they'll say we've seen it'd been so.
I'm sure you're right: she'd've gone, HE'LL STAY, THEY'RE 'quoted' and O'Neill's dogs' bones.
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich – „schön“, sagte Jürgen.
Portez ce vieux whisky au juge blond qui fume ; l'œuf, où ça ? « déjà vu », naïveté garçon.
El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia. ¿Qué tal, señor? ¡Adiós!
Příliš žluťoučký kůň úpěl ďábelské ódy. Pchnąć w tę łódź jeża lub ośm skrzyń fig.
Съешь же ещё этих мягких французских булок, да выпей чаю. Їжак ґречно під'їхав.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Τάχιστη αλώπηξ βαφής ψημένη γη.
我能吞下玻璃而不伤身体。今天天气很好，我们去公园散步吧！「你好」，他说：“再见”。
いろはにほへと ちりぬるを。私はガラスを食べられます。カタカナとひらがな、漢字も。ｶﾀｶﾅ
나는 유리를 먹을 수 있어요. 그래도 아프지 않아요. 안녕하세요, 세계!
أنا قادر على أكل الزجاج و هذا لا يؤلمني. السَّلَامُ عَلَيْكُمْ ١٢٣٤٥
אני יכול לאכול זכוכית וזה לא מזיק לי. בְּרֵאשִׁית בָּרָא אֱלֹהִים
ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ สวัสดีชาวโลก ๑๒๓๔
मैं काँच खा सकता हूँ और मुझे उससे कोई चोट नहीं पहुंचती। १२३ नमस्ते दुनिया
আমি কাঁচ খেতে পারি, তাতে আমার কোনো ক্ষতি হয় না। நான் கண்ணாடி சாப்பிடுவேன்
Tôi có thể ăn thủy tinh mà không hại gì. Điều đó thật tuyệt vời!
Ես կարող եմ ապակի ուտել և ինձ անհանգիստ չի անի։ მინას ვჭამ და არა მტკივა.
∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β = ¬(¬α ∨ β), 2H₂ + O₂ ⇌ 2H₂O, R = 4.7 kΩ, ⌀ 200 mm, x² ½ Ⅷ ㊷
""".strip().splitlines()

CODE = [
    "for (int i = 0; i < n; ++i) {\n\tsum += a[i] * b[i];\n}\n",
    "def f(x, *args, **kwargs):\n    \"\"\"Doc.\"\"\"\n    return {k: v for k, v in x.items()}\n",
    "#include <vector>\n\nstd::vector<std::pair<int, float>> v{{1, 2.5f}, {3, -4e-7f}};\n",
    "SELECT a.id, COUNT(*) AS n FROM t1 a LEFT JOIN t2 b ON a.id=b.id WHERE b.x IS NOT NULL;\n",
    "if [[ -z \"$1\" ]]; then\n  echo \"usage: $0 <file>\" >&2; exit 2\nfi\n",
    "fn main() {\r\n    let s: &'static str = \"hi\";\r\n    println!(\"{s:?} {}\", s.len());\r\n}\r\n",
    "<div class=\"a b\"><p>Text &amp; more</p><br/></div>\n<!-- comment -->\n",
    "{\"key\": [1, 2.0, -3e+10, null, true], \"nested\": {\"a\": \"b\\\\n\"}}\n",
    "\\frac{\\partial f}{\\partial x} = \\sum_{i=0}^{\\infty} x_i^{2}\n",
    "x = 0xDEADBEEF ^ (y << 3) | ~z & 0b1010_1010; // TODO(me): fix\n",
    "\t\tif(a==b&&c!=d||!e){return;}else{goto out;}\n\n\n\t\t/* end */\n",
    "@@ -1,7 +1,9 @@\n-old line\n+new line\n context\n",
]

EMOJI = ["😀", "👍", "👍🏽", "👩‍👩‍👧‍👦", "👨🏿‍🚀", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "🇫🇷🇯🇵", "❤️", "☺", "1️⃣", "#️⃣", "🫠", "🫨", "🤷🏻‍♀️", "⚡", "✈︎",
         "🀄", "🧑🏼‍🤝‍🧑🏿", "👁️‍🗨️", "\u200d", "\ufe0f", "🏻"]

SPACES = [" ", " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\u00a0", "\u2003",
          "\u3000", "\u2028", "\u0085", "\u200b", "\u180e", "\ufeff", "\x1c", "\u1680", "\u202f"]

BLOCKS = [(0x20, 0x7E), (0xA1, 0x17F), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x587),
          (0x591, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0xE01, 0xE5B), (0x10A0, 0x10FF),
          (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x218B), (0x2190, 0x2BFF),
          (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFB1D, 0xFDFF), (0xFF00, 0xFFEF),
          (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0x30000, 0x323AF),
          (0x11F00, 0x11F59), (0x2EBF0, 0x2EE5D), (0x10000, 0x10FFF), (0xE000, 0xF8FF)]

rng = random.Random(SEED)


def prose(texts):
    text = rng.choice(texts)
    start = rng.randrange(len(text) - 400)
    return text[start:start + rng.choice([5, 12, 30, 60, 120])]


def code():
    text = "".join(rng.choice(CODE) for _ in range(2))
    start = rng.randrange(len(text) // 2)
    return text[start:start + rng.choice([8, 20, 50, 90])]


def number():
    kind = rng.randrange(8)
    n = rng.randrange(10 ** rng.randint(1, 15))
    return [str(n), f"{n:,}", f"{n / 997:.4f}", f"-{n}e{n % 50 - 20}", f"0x{n:x}",
            f"{n % 24:02}:{n % 60:02}:{n % 59:02}.{n % 1000:03}",
            f"{1900 + n % 200}-{1 + n % 12:02}-{1 + n % 28:02}",
            f"v{n % 10}.{n % 37}.{n % 101}-rc{n % 7}"][kind]


def spaces():
    return "".join(rng.choice(SPACES) * rng.choice([1, 1, 1, 2, 5, 17]) for _ in range(rng.randint(1, 5)))


def whitespace_run():
    parts = [rng.choice(["", "a", "word", "9", "{", ".", "é", "中"])]
    for _ in range(rng.randint(1, 4)):
        parts += [spaces(), rng.choice(["", "b", "next", "42", "}", "'s", "ß"])]
    return "".join(parts)


def emoji():
    return "".join(rng.choice(EMOJI) + rng.choice(["", "", " ", "!", "a"]) for _ in range(rng.randint(1, 6)))


def sentence():
    text = rng.choice(SENTENCES)
    start = rng.randrange(len(text))
    return text[start:start + rng.choice([3, 10, 25, 60])]


def block():
    low, high = rng.choice(BLOCKS)
    chars = []
    for _ in range(rng.randint(1, 20)):
        chars.append(chr(rng.randint(low, high)) if rng.random() < 0.85 else rng.choice(" ,.1a\n"))
    return "".join(chars)


def combining():
    marks = [*range(0x300, 0x370), *range(0x591, 0x5BE), *range(0x64B, 0x660), 0x93C, 0x94D, 0x20D0,
             0x20E3, 0xFE20]
    out = []
    for _ in range(rng.randint(1, 8)):
        out.append(rng.choice("aeioucnsZ אبकé1 ."))
        out += [chr(rng.choice(marks)) for _ in range(rng.randint(0, 4))]
    return "".join(out)


def any_code_points():
    out = []
    for _ in range(rng.randint(1, 12)):
        c = rng.randrange(0x110000 if rng.random() < 0.3 else 0x3000)
        out.append(chr(c) if not 0xD800 <= c <= 0xDFFF else "?")
    return "".join(out)


def contraction():
    return "".join(rng.choice(["it", "I", "you", "X", " ", "1", "é"]) + rng.choice(["'", "’", "''"]) +
                   rng.choice(["s", "S", "t", "re", "RE", "vE", "m", "ll", "Ll", "d", "x", "ſ", " s", "K"])
                   for _ in range(rng.randint(1, 4)))


def long_run():
    return rng.choice(["a", " ", "0", "ab", "\n", "é", "中", "=", "-", "\t", "!?", "xY", "7 "]) * rng.randint(30, 120)


def specials():
    out = []
    for _ in range(rng.randint(1, 5)):
        out.append(rng.choice(SPECIAL) if rng.random() < 0.7 else rng.choice(NEARLY_SPECIAL))
        out.append(rng.choice(["", " ", "\n", "user\n", "Hello", " a b ", "system\nBe kind.", "  "]))
    return "".join(out)


def ill_formed():
    kind = rng.randrange(6)
    if kind == 0:
        return bytes(rng.randrange(256) for _ in range(rng.randint(1, 24)))
    if kind == 1:
        return bytes(rng.choice([0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xA0, 0xF0, 0x9F, 0xFF, 0x41, 0x20])
                     for _ in range(rng.randint(1, 16)))
    data = bytearray((sentence() + emoji()).encode())
    if kind == 2:
        return bytes(data[:rng.randrange(1, len(data) + 1)])
    if kind == 3:
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    if kind == 4:
        del data[rng.randrange(len(data))]
        return bytes(data)
    odd = rng.choice([b"\xc0\x80", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xb0\x80\xed\xa0\x80", b"\xf0\x82\x82\xac",
                      b"\xf8\x88\x80\x80\x80", b"\xef\xbf\xbe", b"\xc1\xa1", b"\xe2\x82", b"\xf0\x9f\x98"])
    return bytes(data[:4]) + odd + prose_bytes()


def prose_bytes():
    return rng.choice([b"", b" the end", b"\n", b" 12", b"\xe4\xb8\xad"])


def above_unicode(data):
    """Whether libllama would throw on it: a code point above 0x10FFFF."""
    for i in range(len(data) - 3):
        if 0xF4 <= data[i] <= 0xF7 and all(b & 0xC0 == 0x80 for b in data[i + 1:i + 4]):
            if data[i] > 0xF4 or data[i + 1] >= 0x90:
                return True
    return False


def make_strings():
    texts = [pathlib.Path("/usr/share/common-licenses", n).read_text() for n in LICENSES]
    own = pathlib.Path(__file__).read_text()
    parts = [lambda: prose(texts), code, number, whitespace_run, emoji, sentence, block, combining, contraction]
    mixed = lambda: "".join(rng.choice(parts)() for _ in range(rng.randint(2, 4)))
    plan = [(parts[0], 900), (code, 350), (lambda: prose([own]), 150), (number, 300), (whitespace_run, 500),
            (emoji, 300), (sentence, 800), (block, 800), (combining, 300), (any_code_points, 300),
            (contraction, 200), (long_run, 60), (ill_formed, 500), (mixed, 300), (specials, 350)]
    strings = [(flags, t) for t in (b"", b" ", b"\n", b"\0", b"a", b" a", b"\xff") for flags in range(4)]
    for make, count in plan:
        made = 0
        while made < count:
            text = make()
            text = text.encode() if isinstance(text, str) else text
            if above_unicode(text):
                continue
            flags = made % 4 if make is specials else rng.choice([0, 0, 0, 1, 2])
            strings.append((flags, text))
            made += 1
    return strings


def escape(data):
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b != 0x5C else f"\\{b:02X}" for b in data)


def tokenize_all(path, strings):
    import llama_cpp as ll
    quiet = ll.llama_log_callback(lambda level, text, data: None)
    ll.llama_log_set(quiet, ctypes.c_void_p(0))
    params = ll.llama_model_default_params()
    params.vocab_only = True
    model = ll.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        sys.exit(f"cannot load {path}")
    vocab = ll.llama_model_get_vocab(model)
    for flags, text in strings:
        room = 4 * len(text) + 8
        ids = (ll.llama_token * room)()
        n = ll.llama_tokenize(vocab, text, len(text), ids, room, bool(flags & 1), bool(flags & 2))
        assert n >= 0, (n, text)
        yield list(ids[:n])
    ll.llama_model_free(model)


def main():
    models = pathlib.Path(sys.argv[1])
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "tokens"
    strings = make_strings()
    lines = [f"{flags} {escape(text)}\n" for flags, text in strings]
    (out / "strings.txt").write_text("".join(lines))
    for name in MODELS:
        ids = [" ".join(map(str, line)) + "\n" for line in tokenize_all(models / f"{name}.gguf", strings)]
        (out / f"{name}.ids").write_text("".join(ids))
        print(name, len(ids), "strings", file=sys.stderr)


if __name__ == "__main__":
    main()
