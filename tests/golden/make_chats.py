#!/usr/bin/env python3
"""Makes chats.txt: what Jinja gives for the chat templates in chats/ and a few conversations.

    make_chats.py

needs jinja2 3.1.6, set up as Hugging Face's transformers does. The templates are as published with
the models that give them their names. A line of chats.txt is "TEMPLATE CONVERSATION TEXT", with a
backslash and two hex digits for a byte of TEXT outside 0x20..0x7E and for the backslash; TEXT is
"refused" where the template raises an exception, or leaves out the system message. The begin token
at the start is taken off, and what a template takes from the clock.
"""

import pathlib
import re

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from make_tokens import escape

HERE = pathlib.Path(__file__).parent

# Those of tests/vocabularies/chats_test.cc.
CONVERSATIONS = {
    "plain": [("user", " Hi\n"), ("assistant", " Hello. "), ("user", "Bye")],
    "system": [("system", "Be brief."), ("user", " Hi\n"), ("assistant", " Hello. "), ("user", "Bye")],
    "thinking": [("user", "2+2?"), ("assistant", "<think>\nEasy.\n</think>\n\n4"), ("user", "Sure?")],
    "no_think": [("system", "Be brief. /no_think"), ("user", "Hi"), ("assistant", "\nHello."), ("user", "Bye")],
    "later_system": [("user", "Hi"), ("assistant", "Hello."), ("system", "Now in French."), ("user", "Bye")],
}
END = {"zephyr": "</s>", "olmo-2": "<|endoftext|>", "deepseek-v2": "<｜end▁of▁sentence｜>", "phi-3-small": "<|endoftext|>",
       "phi-3.5-mini": "<|endoftext|>", "mistral-nemo": "</s>", "mistral-large-2411": "</s>"}
# Granite's default system message names the day.
CLOCK = re.compile(r"<\|start_of_role\|>system<\|end_of_role\|>Knowledge Cutoff Date: [^<]*<\|end_of_text\|>\n")


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def main():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.globals |= {"raise_exception": raise_exception, "strftime_now": lambda form: "today"}
    lines = []
    for path in sorted((HERE / "chats").glob("*.jinja")):
        template = environment.from_string(path.read_text())
        for name, turns in CONVERSATIONS.items():
            messages = [{"role": role, "content": content} for role, content in turns]
            try:
                text = template.render(messages=messages, add_generation_prompt=True, bos_token="",
                                       eos_token=END.get(path.stem, ""))
            except jinja2.exceptions.TemplateError:
                text = "refused"
            if any(role == "system" and content[:9] not in text for role, content in turns):
                text = "refused"
            lines.append(f"{path.stem} {name} {escape(CLOCK.sub('', text).encode())}\n")
    (HERE / "chats.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
