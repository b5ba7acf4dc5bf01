#!/usr/bin/env python3
"""Load on a server that speaks OpenAI's API: many clients that stream answers at the same time.

    bench/server/load.py http://127.0.0.1:8080/v1 --clients 32 --seconds 600 [--shared 4096]

Needs the Python standard library alone, and asks for nothing that is dynsplit's own, so that other
servers can be measured with the very same requests. Each client asks one question after the other:
prompts and answers of mixed lengths, drawn from --seed, behind a text of --shared words that all
have in common, or none. Prints throughput, time to first token and between tokens as percentiles,
how even the clients were served, errors, and with --pid the server's memory at the beginning and at
the end. --json writes the same to a file. Exit status 1 where a request failed.
"""

import argparse
import http.client
import json
import random
import statistics
import sys
import threading
import time
import urllib.parse

WORDS = ("the river carries small stones down to the sea while old maps show other towns "
         "engines need oil and clocks need time but nobody asked what the garden wants").split()
PERCENTILES = (50, 90, 99)


def text_of(words, rng):
    """So many words: on average a little more than one token each."""
    return " ".join(rng.choice(WORDS) for _ in range(words))


class Answer:
    """When the pieces of one streamed answer came."""

    def __init__(self):
        self.start = time.monotonic()
        self.times = []  # of each event that has text
        self.tokens = 0
        self.cached = 0
        self.error = None

    @property
    def first(self):
        return self.times[0] - self.start

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.times, self.times[1:])]


def ask(base, key, body, timeout):
    """Streams one answer; what goes wrong is told in it, never thrown."""
    answer = Answer()
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    try:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        connection.request("POST", url.path + "/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        if response.status != 200:
            answer.error = f"status {response.status}: {response.read(300)!r}"
            return answer
        read_events(response, answer)
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        answer.error = f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return answer


def read_events(response, answer):
    done = False
    for line in response:
        if not line.startswith(b"data: "):
            continue
        if line.strip() == b"data: [DONE]":
            done = True
            break
        event = json.loads(line[6:])
        if "error" in event:
            answer.error = str(event["error"])
            return
        for choice in event["choices"]:
            if choice["delta"].get("content"):
                answer.times.append(time.monotonic())
        if event.get("usage"):
            answer.tokens = event["usage"]["completion_tokens"]
            details = event["usage"].get("prompt_tokens_details") or {}
            answer.cached = details.get("cached_tokens") or 0
    if not done:
        answer.error = "the stream ended without [DONE]"
    elif not answer.times:
        answer.error = "no text came"


class Client(threading.Thread):
    """Asks until the time is up."""

    def __init__(self, options, number, shared):
        super().__init__(daemon=True)
        self.options, self.number, self.shared = options, number, shared
        self.answers = []

    def run(self):
        options = self.options
        rng = random.Random(options.seed * 1000 + self.number)
        until = time.monotonic() + options.seconds
        while time.monotonic() < until and len(self.answers) < options.requests:
            prompt = text_of(rng.choice(options.prompt_words), rng)
            body = {
                "messages": [{"role": "user", "content": self.shared + prompt}],
                "max_tokens": rng.choice(options.answer_tokens),
                "temperature": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
                "ignore_eos": True,
            }
            if options.model:
                body["model"] = options.model
            self.answers.append(ask(options.base, options.key, body, options.timeout))


def memory_of(pid):
    """Resident memory of a process in MB; None without one."""
    if not pid:
        return None
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return None


def percentiles(values):
    if not values:
        return {}
    ordered = sorted(values)
    return {f"p{p}": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in PERCENTILES}


def report(clients, seconds, memory):
    answers = [answer for client in clients for answer in client.answers]
    good = [answer for answer in answers if answer.error is None]
    served = [sum(answer.tokens for answer in client.answers) for client in clients]
    return {
        "clients": len(clients),
        "seconds": round(seconds, 1),
        "answers": len(good),
        "errors": len(answers) - len(good),
        "first_errors": [answer.error for answer in answers if answer.error][:5],
        "tokens_per_second": round(sum(answer.tokens for answer in good) / seconds, 2),
        "cached_tokens": sum(answer.cached for answer in good),
        "first_token_s": percentiles([answer.first for answer in good]),
        "next_token_s": percentiles([gap for answer in good for gap in answer.gaps]),
        # 1 where all clients got the same number of tokens, 1/n where one got all (Jain's index).
        "fairness": round(sum(served) ** 2 / (len(served) * sum(s * s for s in served) or 1), 3),
        "least_served": min(served),
        "median_served": statistics.median(served),
        "memory_mb": memory,
    }


def show(result):
    for key, value in result.items():
        if isinstance(value, dict):
            value = "  ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in value.items())
        print(f"{key:18} {value}")


def numbers(text):
    return [int(part) for part in text.split(",")]


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("base", help="http://127.0.0.1:8080/v1")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=1 << 30, help="of each client, at most")
    parser.add_argument("--shared", type=int, default=0, help="words that all prompts begin with")
    parser.add_argument("--prompt-words", type=numbers, default=[20, 100, 400])
    parser.add_argument("--answer-tokens", type=numbers, default=[16, 64, 128])
    parser.add_argument("--model", help="where the server wants a name")
    parser.add_argument("--key", help="an API key")
    parser.add_argument("--pid", type=int, help="the server's, for its memory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600, help="seconds without a byte")
    parser.add_argument("--json", help="file for the result")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    shared = text_of(options.shared, random.Random(options.seed)) + "\n" if options.shared else ""
    clients = [Client(options, number, shared) for number in range(options.clients)]
    before, start = memory_of(options.pid), time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - start
    memory = before and [round(before), round(memory_of(options.pid))]
    result = report(clients, seconds, memory)
    show(result)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2)
    return 1 if result["errors"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
