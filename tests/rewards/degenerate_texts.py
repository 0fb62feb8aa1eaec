"""Degenerate texts as policies write them, each named by its fault; all about one question."""

QUESTION = (
    "A farmer has 14 hens. Each lays 5 eggs a week, and he sells all but 12 of the eggs at $2 "
    "each. How much money does he make in a week?"
)
OPENING = "The hens lay 14 * 5 = 70 eggs. He sells 70 - 12 = 58 of them, for 58 * 2 = $116."
LONG = (
    "The farmer has 14 hens, and each of them lays 5 eggs in a week. Multiplying the number of "
    "hens by the number of eggs gives 70 eggs. From these he keeps 12 for his own breakfast, which "
    "leaves 58 eggs to be sold on the market for two dollars each. "
)

REPETITION = {
    "one sentence for ever": OPENING + " So the answer is 116." * 30,
    "one sentence a few times, in a short text": OPENING + " Let me check this again." * 6,
    "one word": "The answer is " + "the " * 40,
    "two words in turn": "He makes " + "eggs hens " * 15,
    "one letter": OPENING + " a" + "h" * 90,
    "one sign": OPENING + " " + "!" * 80,
    "one emoji": OPENING + " " + "🎉" * 70,
    "an equation for ever": OPENING + "\n" + "58 * 2 = 116\n" * 40,
    "a digit that never ends": "70 / 3 = 23." + "3" * 300,
    "digits that never end": "3 / 440 = 0.006" + "81" * 120,
    "nothing but blank boxes": "The answer is " + "\\boxed{} " * 30,
    "conclusion after conclusion": OPENING + "\n#### 116" + "\nConclusion: 58 * 2 = 116" * 8,
    "a paragraph three times and more": LONG * 4,
    "a paragraph between other lines": "\n".join(
        f"Attempt {name}. {LONG}" for name in ("one", "two", "three", "four")
    ),
    "a list of equal entries": "\n".join(
        f"{number}. The hen lays an egg on this day of the week." for number in range(1, 30)
    ),
    "a long stretch between varying ones": " ".join(
        f"({number}) {LONG} ({number * 7 % 31})" for number in range(25)
    ),
    "a word without spaces": OPENING + " " + "wait" * 30,
    "a loop in Chinese": "答案是一百一十六。" * 20,
    "a loop of TeX and words": "$\\text{so } x$ " * 12,
    "new lines between": OPENING + "\n\nHmm, let me see." * 12,
}
OVER_LENGTH = {
    "cut off in a sentence": LONG + "Then the money that he",
    "cut off in an endless count": " ".join(str(number * 7) for number in range(1, 60)),
}
GARBLED = {
    "replacement characters": "The hens lay 14 * 5 = 7\ufffd\ufffd eggs, \ufffdnd 58 s\ufffdld.",
    "control characters": "The hens lay \x0e14 * 5 = 70\x07 eggs.\n#### 116",
    "a null byte": OPENING + "\x00",
    "an unescaped fraction": "Half of them is \x0crac{1}{2} of 70.\n#### 116",
    "private characters": OPENING + " \ue012\ue013",
    "half a surrogate pair": OPENING + " \ud83d",
    "Chinese in English": "The hens lay 70 eggs, 所以他卖了58个鸡蛋, which makes $116.\n#### 116",
    "one Chinese word": "The hens lay 70 eggs, 因此 he sells 58.\n#### 116",
    "Chinese punctuation": "The hens lay 70 eggs，he sells 58。 So it is 116。\n#### 116",
    "Cyrillic in English": "The hens lay 70 eggs, потом he sells 58 of them.\n#### 116",
    "Cyrillic letters among Latin ones": "The hеns lаy 70 eggs.\n#### 116",
    "Arabic": "He sells 58 eggs. الجواب هو 116",
    "Korean": "He sells 58 eggs 그래서 답은 116.",
    "Thai": "He sells 58 eggs ดังนั้น 116.",
    "Spanish in English": (
        "The hens lay 70 eggs. Entonces el granjero vende los huevos que quedan por dos dólares, "
        "y con esto tiene 116."
    ),
    "German in English": (
        "The hens lay 70 eggs. Dann sind noch 58 Eier da, und der Bauer verkauft sie nicht alle "
        "auf dem Markt, aber das ist egal. #### 116"
    ),
    "French in English": (
        "He keeps 12. Donc il lui reste 58 oeufs, et chaque oeuf est vendu pour deux dollars dans "
        "le village. #### 116"
    ),
    "UTF-8 read as Windows-1252": "He doesnâ€™t sell all of the hensâ€™ eggs, itâ€™s 58.\n#### 116",
    "texts of control tokens": OPENING + "<|im_end|>\n<|im_start|>user\nNext question",
    "unknown tokens": "The <unk> lay <unk> eggs.\n#### 116",
    "a string of signs": "The eggs are }{)(*&^%$#@!~`;:<>?/ and so on.\n#### 116",
    "an endless word": "The henslayseventyeggsandhesellsfiftyeightofthemforhundredsixteen.",
}
LIMIT = 64
"""Tokens after which those of OVER_LENGTH were cut off."""
