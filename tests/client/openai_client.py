"""What OpenAI's Python client does with dynsplit serve; openai_client.sh starts it.

usage: openai_client.py BASE_URL KEY MODEL
"""

import sys
import unittest

import openai

BASE_URL, KEY, MODEL = sys.argv[1:4]
GREETING = [{"role": "user", "content": "Say hello."}]


class OpenAiClientTest(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
        self.addCleanup(self.client.close)

    def chat(self, **fields):
        fields = {"max_tokens": 8, "temperature": 0, **fields}
        return self.client.chat.completions.create(model=MODEL, messages=GREETING, **fields)

    def test_models(self):
        self.assertEqual([model.id for model in self.client.models.list()], [MODEL])
        self.assertEqual(self.client.models.retrieve(MODEL).id, MODEL)

    def test_chat(self):
        answer = self.chat()
        self.assertEqual(answer.choices[0].message.role, "assistant")
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "length")
        self.assertEqual(answer.usage.completion_tokens, 8)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + 8)

    def test_stream_is_the_whole(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, self.chat().choices[0].message.content)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-2].choices[0].finish_reason, "length")
        self.assertEqual(chunks[-1].usage.completion_tokens, 8)

    def test_cached_tokens(self):
        self.chat()
        usage = self.chat().usage
        self.assertEqual(usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens)

    def test_chat_logprobs(self):
        content = self.chat(logprobs=True, top_logprobs=3, max_tokens=2).choices[0].logprobs.content
        self.assertEqual(len(content), 2)
        for token in content:
            self.assertEqual(len(token.top_logprobs), 3)
            self.assertEqual(token.logprob, token.top_logprobs[0].logprob)  # greedy

    def test_choices_and_seed(self):
        one, two = (self.chat(n=2, seed=7, temperature=1) for _ in range(2))
        texts = [choice.message.content for choice in one.choices]
        self.assertEqual(texts, [choice.message.content for choice in two.choices])

    def test_stop(self):
        whole = self.chat().choices[0].message.content
        stopped = self.chat(stop=[whole[3:5]]).choices[0]
        self.assertEqual(stopped.message.content, whole[:whole.index(whole[3:5])])
        self.assertEqual(stopped.finish_reason, "stop")

    def test_completions(self):
        answer = self.client.completions.create(model=MODEL, prompt=["The sky is", "One, two,"],
                                                max_tokens=3, temperature=0, echo=True, logprobs=2)
        self.assertEqual(len(answer.choices), 2)
        self.assertTrue(answer.choices[0].text.startswith("The sky is"))
        logprobs = answer.choices[0].logprobs
        self.assertEqual("".join(logprobs.tokens), answer.choices[0].text)
        self.assertIsNone(logprobs.token_logprobs[0])
        self.assertTrue(all(value <= 0 for value in logprobs.token_logprobs[1:]))

    def test_method(self):
        answer = self.chat(extra_body={"dynsplit": {"method": "full"}})
        self.assertEqual(answer.usage.completion_tokens, 8)

    def test_choices_in_a_stream(self):
        chunks = list(self.chat(stream=True, extra_body={"dynsplit": {"choices": True}}))
        told = [c.model_extra["dynsplit"] for c in chunks if "dynsplit" in c.model_extra]
        self.assertIn("Say hello.", told[0]["prompt"])
        self.assertEqual(sum(len(t.get("tokens", [])) for t in told), 8)
        self.assertGreater(told[-1]["stats"]["attended_tokens"], 0)

    def test_errors(self):
        with self.assertRaises(openai.NotFoundError) as raised:
            self.client.chat.completions.create(model="gpt-5", messages=GREETING)
        self.assertEqual(raised.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.chat(temperature=-1)
        self.assertEqual(raised.exception.param, "temperature")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.completions.create(model=MODEL, prompt="word " * 9000)
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=BASE_URL, api_key="wrong", max_retries=0).models.list()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
