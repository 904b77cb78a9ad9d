"""Make `samples.json`: sentences with the tokens and scores of the COCO evaluation code.

    python tests/metrics/make_samples.py

The script needs pycocoevalcap and Java; the tests that read the file need neither.
"""

import contextlib
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer import ptbtokenizer

PIECES_TEXT = """a A I the The dog Dog
U.S. U.S u.k. Mr. Mr mrs. No. no. fig. art. etc. Inc. Ph.D. St. vs. vs
co. ltd A.B. J. K. W.W.II a.k.a. e.g., i.e. a.m. p.m. T.V. 5 10 1/2 3-1/2 3,000 3.5 .5 -5 +5
$5 £5 €3.20 5¢ 50% 20th 10am 10:30 12/25/2010 555-1212 (800) 555 1212 +1 800.555.1212
mid-1980s '90s '80 1990's #1 #tag @me a@b.com www.x.com/y?z=1 http://a.b/c. x.org file.txt a_b
c++ C# f# isn't can't cannot gonna gimme 'tis 'twas they're he'll I'd we've o'clock
rock'n'roll 'n' y'all O'Neil L'eau d'Or cont'd James' dogs' 's n't li'l o'o don’t it’s ev'ry
nor'easter c'mon e'er s'mores nat'l Cap'n c'est Dunkin' somethin' ol' 'till 'cause 'em y'know
wanna gotta lemme Jan. Tue. Calif. Mass. mass. Dept. Gov. Sgt. Natl. bldg. arts. x.jpg mp3
(555)1234567 C.D.s D.C. EU-U.S. x_x ( ) [ ] { } < > << >> <b> </b> <br/> " ' `` '' ` “ ” ‘ ’ «
» - -- --- ---- – — … ... .... . . . , ; : ! ? !! ?! :) :-( ;D =P ^_^ (-_-) <3 😀 é café naïve
Straße İstanbul ΣΑΣ 中文 日本語 العربية ١٢٣ हिन्दी ½ 1½ ² m² x₂ ° © ™ ¥ ₤ & &amp; &lt; &gt;
&quot;a&quot; &nbsp; A&B AT&T S&P-500 and/or he/she a/b/c x-ray co-ed pro- anti-war T-shirt
snow-board soft\u00adhyphen nb\u00a0sp \u2009 \u200b _ __ * ** / \\ | ~ + = == % ^"""
PIECES = PIECES_TEXT.replace("\n", " ").split(" ")
WORDS = """
a the man woman dog cat child children boy girl rides riding ride rode horse horses bike
bicycle street road snow beach sand on in at near with of and two three red blue large big
small little running runs run walks walking through across sits sitting stands standing
jumping jumps plays playing ball frisbee grass field park looking at up it is are was its tail
car bus train tracks stop sign
""".split()  # noqa: SIM905
CAPTIONS = [
    "A man is riding a horse.",
    "Two dogs play in the snow, near a fence.",
    "The woman's red bike is parked (again) at the U.S. embassy.",
    "He can't ride a 20-inch bike at 10:30 p.m.!",
    "",
]


def hard_line(generator: random.Random) -> str:
    """Generate a line of random `PIECES`, most of them separated by spaces."""
    line = ""
    for _ in range(generator.randint(1, 9)):
        piece = generator.choice(PIECES).replace("\n", " ")
        line += (
            piece
            + (generator.choice(PIECES) if generator.random() < 0.15 else "")
            + (generator.choice(".,;:!?'\")") if generator.random() < 0.2 else "")
        )
        line += " " if generator.random() < 0.85 else generator.choice(["", "  "])
    return line.replace("\n", " ")


def sentence(generator: random.Random, base: list[str]) -> str:
    """Generate a variation of a sentence, like another caption of the same image."""
    words = [generator.choice(WORDS) if generator.random() < 0.3 else word for word in base]
    return " ".join(
        word for word in words if generator.random() > 0.1
    ).capitalize() + generator.choice([".", "", "!"])


def java_tokens(lines: list[str]) -> list[list[str]]:
    """Return the tokens that the Java program prints for each line."""
    folder = Path(ptbtokenizer.__file__).parent
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        command = [
            "java",
            "-cp",
            ptbtokenizer.STANFORD_CORENLP_3_4_1_JAR,
            "edu.stanford.nlp.process.PTBTokenizer",
            "-preserveLines",
            "-lowerCase",
            file.name,
        ]
        printed = subprocess.run(
            command, cwd=folder, capture_output=True, check=True
        ).stdout.decode()
    return [
        [word for word in line.rstrip().split(" ") if word not in ptbtokenizer.PUNCTUATIONS]
        for line in printed.split("\n")[: len(lines)]
    ]


def corpus(generator: random.Random) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Generate one hypothesis and one to seven references for each of 60 images."""
    hypotheses, references = {}, {}
    for number in range(60):
        base = [generator.choice(WORDS) for _ in range(generator.randint(3, 14))]
        hypotheses[str(number)] = [sentence(generator, base)]
        references[str(number)] = [
            sentence(generator, base) for _ in range(generator.randint(1, 7))
        ]
    hypotheses["0"], references["1"] = [""], [hypotheses["1"][0]]
    return hypotheses, references


def main() -> None:
    """Write `samples.json`."""
    generator = random.Random(0)
    lines = [*CAPTIONS, *(hard_line(generator) for _ in range(1500)), "The last line"]
    hypotheses, references = corpus(generator)
    tokenizer = ptbtokenizer.PTBTokenizer()
    res, gts = (
        {name: [{"caption": text} for text in texts] for name, texts in side.items()}
        for side in (hypotheses, references)
    )
    res, gts = tokenizer.tokenize(res), tokenizer.tokenize(gts)
    with contextlib.redirect_stdout(io.StringIO()):
        (bleu, bleus), *rest = [
            scorer.compute_score(gts, res) for scorer in (Bleu(4), Rouge(), Cider(), Meteor())
        ]
    names = ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider", "meteor"]
    values, tables = [*bleu, *(value for value, _ in rest)], [*bleus, *(table for _, table in rest)]
    scores = {
        name: {"corpus": float(value), "sentences": [float(number) for number in table]}
        for name, value, table in zip(names, values, tables, strict=True)
    }
    content = {
        "tokens": list(zip(lines, java_tokens(lines), strict=True)),
        "hypotheses": {name: texts[0] for name, texts in hypotheses.items()},
        "references": references,
        "scores": scores,
    }
    (Path(__file__).parent / "samples.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
