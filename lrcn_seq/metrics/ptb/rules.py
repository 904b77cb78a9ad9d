"""The token rules of the tokenizer of the COCO evaluation code, as patterns.

The tokenizer is Stanford's PTBTokenizer of 2014 with the options of the COCO code. The longest
match wins, and the first rule in a tie. Each non-ASCII character of the text is replaced by the
representative of its class (see `characters`). Rules that differ only in tokens discarded by the
COCO code (periods, quotes) are omitted.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule of the tokenizer.

    Attributes:
        pattern: pattern of the token.
        then: lookahead, which counts toward the length of the match.
        left: number of matched characters left for the next token.
        change: name of the change of the token text.
    """

    pattern: str
    then: str = ""
    left: int = 0
    change: str = ""


def alternatives(text: str) -> str:
    """Join patterns of words by `|`.

    Letters match both cases, except for those in brackets: in `[M]iss`, the M must be a capital.
    """
    return "|".join(text.split())


# Abbreviations that always keep their period, unless another character follows directly.
PLAIN = alternatives(
    "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Ala Ariz "
    "[A]z [A]rk Calif Colo Conn Ct Dak [D]el Fla Ga [I]ll Ind Kans? Ky [L]a [M]ass Md Mich "
    "Minn [M]iss Mo Mont Neb Nev Okla [O]re [P]a Penn Tenn [T]ex Va Vt [W]ash Wisc? Wyo Inc "
    "Cos? Corp Pp?t[ye]s? Ltd Plc Rt Bancorp Bhd Assn Univ Intl Sys tel est ext sq Jr Sr Bros "
    "(Ed|Ph)\\.D Blvd Rd Esq etc al seq Bldg"
)
# Abbreviations that form a token with a following period, or, before a space, without one.
TITLES = alternatives(
    "Mr Mrs Ms [M]iss Drs? Profs? Sens? Reps? Attys? Lt Col Gen Messrs Govs? Adm Rev Maj Sgt "
    "Cpl Pvt Capt Ste? Ave Pres Lieut Hon Brig Co?mdr Pfc Spc Supts? Det Mt Ft Adj Adv Asst "
    "Assoc Ens Insp Mlle Mme Msgr Sfc vs Alex Wm Jos Cie a\\.k\\.a cf TREAS Ph Invt Elec Natl "
    "M[ft]g Dept"
)
# Abbreviations that keep their period only before a number.
NUMBERED = alternatives("ca figs? prop nos? art bldg pp op")
# Before these words, a letter with a period ends a sentence and loses the period.
OPENERS = alternatives(
    "[A]bout [A]ccording [A]dditionally [A]fter [A]n [A] [A]s [A]t [B]ut [E]arlier [H]e [H]er "
    "[H]ere [H]owever [I]f [I]n [I]t [L]ast [M]any [M]ore [M]r\\. [M]s\\. [N]ow [O]nce [O]ne "
    "[O]ther [O]ur [S]he [S]ince [S]o [S]ome [S]uch [T]hat [T]he [T]heir [T]hen [T]here "
    "[T]hese [T]hey [T]his [W]e [W]hen [W]hile [W]hat [Y]et [Y]ou"
)

MACROS = {
    "TAG": (
        "<([!?][A-Za-z-][^>\r\n]*"
        "|[A-Za-z][A-Za-z0-9_:.-]*([ ]+([A-Za-z][A-Za-z0-9_:.-]*"
        "|[A-Za-z][A-Za-z0-9_:.-]*[ ]*=[ ]*('[^'\r\n]*'|\"[^\"\r\n]*\")))*[ ]*/?"
        "|/[A-Za-z][A-Za-z0-9_:.-]*)[ ]*>"
    ),
    "LETTER": "[a-zA-Zªİıſ\u212a]",
    "ALNUM": "[a-zA-Zªİıſ\u212a0-9٠]",
    "DIGIT": "[0-9٠]",
    "SPACE": "[ \t\u00a0\u2000]",
    "BREAK": "([\r\n\u2028\x0c\u0085]|\r\n)",
    "SPLET": "&[aeiouAEIOU](acute|grave|uml);",
    "SIGN": "([a-zA-Zªİıſ\u212a\u00ad˂]|{SPLET})",
    "WORD": "{SIGN}({SIGN}|{DIGIT})*([.!?]{SIGN}({SIGN}|{DIGIT})*)*",
    "APOS": "(['’]|&apos;)",
    "APOS2": "([`'’‘]|&apos;)",
    "REDAUX": "{APOS}([msdMSD]|re|ve|ll)",
    "SREDAUX": "n{APOS2}t",
    "NATION": "(Canada|Sino|Korean|EU|Japan|non)-U\\.S|U\\.S\\.-(U\\.K|U\\.S\\.S\\.R)",
    "ACRONYM": "[A-Za-z](\\.[A-Za-z])+|{NATION}",
    "INITIALS": "[A-Za-z]|{ACRONYM}",
    "ABBREVIATION": f"({TITLES}|{{INITIALS}})",
    "NUM": "({DIGIT}+|{DIGIT}*([.:,\u00ad٫]{DIGIT}+)+)",
    "HYPHEN": "[-_֊]",
    "ELIDED": "([dDoOlL]{APOS2}{ALNUM})?",
    "THING": "{ELIDED}{ALNUM}+({HYPHEN}{ELIDED}{ALNUM}+)*",
    "JOINED": "[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(-([A-Za-z0-9\u00ad]+|({ACRONYM})\\.))+",
    "THINGA": "[A-Z]+(([+&]|&amp;)[A-Z]+)+",
    "PAUSE": "[,;:、]",
    "END": '[^ \t\n\x0c\r"<>|.!?(){},-]',
    "PATH": '(/[^ \t\n\x0c\r"<>|()]+{END})?',
    "ENDING": (
        "(bat|bmp|c|class|cgi|cpp|dll|doc|docx|exe|gif|gz|h|htm|html|jar|java|jpeg|jpg|mov|mp3|pdf"
        "|php|pl|png|ppt|ps|py|sql|tar|txt|wav|x|xml|zip)"
    ),
    "PHONE": (
        "(\\([0-9]{2,3}\\)[ \u00a0]?|(\\+\\+?)?([0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
        "[0-9]{3,4}[- \u00a0]?[0-9]{3,5}"
        "|((\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}"
    ),
}

RULES = (
    Rule("c\\+\\+|(c|f)#"),
    Rule("cannot|'twas", left=3),
    Rule("'tis|gonna|gotta|lemme|gimme|wanna", left=2),
    Rule("{TAG}", change="space"),
    Rule("&(MD|mdash|ndash);|–", change="dash"),
    Rule("&amp;", change="ampersand"),
    Rule("&(HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);"),
    Rule("{WORD}", then="{REDAUX}", change="soft"),
    Rule("[A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*", then="{SREDAUX}", change="soft"),
    Rule("{WORD}", change="soft"),
    Rule(
        "{APOS}n{APOS}?|[lLdDjJ]{APOS}|Dunkin{APOS}|somethin{APOS}|ol{APOS}|{APOS}em"
        "|[A-HJ-XZn]{APOS2}{LETTER}{LETTER}+|{APOS}[2-9]0s|{APOS}till?"
        "|{LETTER}+[aeiouyAEIOUY]{APOS2}[aeiouA-Z]{LETTER}*|{APOS}cause|cont'd\\.?|nor'easter"
        "|c'mon|e'er|s'mores|ev'ry|li'l|nat'l|o{APOS2}o"
    ),
    Rule("y{APOS}", then="{LETTER}"),
    Rule('https?://[^ \t\n\x0c\r"<>|(){}]+{END}'),
    Rule(
        '(www\\.([^ \t\n\x0c\r"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4}'
        "|([^ \t\n\x0c\r\"`'<>|.!?(){},-_$]+\\.)+(com|net|org|edu)){PATH}"
    ),
    Rule(
        '(&lt;|<)?[a-zA-Z0-9][^ \t\n\x0c\r"<>|()\u00a0{}]*'
        '@([^ \t\n\x0c\r"<>|(){}.\u00a0]+\\.)*[^ \t\n\x0c\r"<>|(){}.\u00a0]+(&gt;|>)?'
    ),
    Rule("@[a-zA-Z_][a-zA-Z_0-9]*|#{SIGN}+"),
    Rule("{REDAUX}|{SREDAUX}", then="[^A-Za-z]", change="quotes"),
    Rule("{DIGIT}{1,2}[-/]{DIGIT}{1,2}[-/]{DIGIT}{2,4}"),
    Rule("[-+]?{NUM}", change="soft"),
    Rule("⁺?(²+|₀+)"),
    Rule("({DIGIT}{1,4}[- \u00a0])?{DIGIT}{1,4}(\\\\?/|⁄){DIGIT}{1,4}", change="space"),
    Rule("¼", change="fraction"),
    Rule(
        "-(RRB|LRB|RCB|LCB|RSB|LSB)-|C\\.D\\.s|pro-|anti-|S(&|&amp;)P-500|S(&|&amp;)Ls"
        "|Cap{APOS}n|c{APOS}est",
        change="ampersand",
    ),
    Rule("[a-zA-Z0-9]+(-[A-Za-z]+){0,2}(\\\\?/[A-Za-z0-9]+(-[A-Za-z]+){0,2}){1,2}"),
    Rule("[A-Z]*\\$|#"),
    Rule("¤", change="currency"),
    Rule(
        "[A-Za-z]\\.",
        then=f"({{SPACE}}|{{BREAK}})+({OPENERS}|{{TAG}})({{SPACE}}|{{BREAK}})",
        left=1,
    ),
    Rule(f"({NUMBERED})\\.", then="({SPACE}|{BREAK})?{DIGIT}"),
    Rule("(pt[ey]|co)\\.", then="{SPACE}(ltd|lim)"),
    Rule(f"({PLAIN})\\.", then=".."),
    Rule(f"({PLAIN})\\."),
    Rule("{ABBREVIATION}\\."),
    Rule("{ABBREVIATION}", then="{SPACE}"),
    Rule("{INITIALS}", then="{SPACE}|{BREAK}"),
    Rule("{APOS}[0-9][0-9]", then="{SPACE}|{BREAK}"),
    Rule("({SIGN}|{DIGIT})+(\\.({SIGN}|{DIGIT})+)*\\.{ENDING}", then="{SPACE}|{BREAK}|[.?!,]"),
    Rule("{WORD}\\.", then="{PAUSE}", change="soft"),
    Rule("{PHONE}", change="phone"),
    Rule('"|&quot;', change="quotes"),
    Rule("\x7f", change="nothing"),
    Rule("<|&lt;", change="less"),
    Rule(">|&gt;", change="greater"),
    Rule("[<>]?[:;=][-o*']?[()DPdpO\\\\{@|\\[\\]]", then="[^A-Za-z0-9]", change="brackets"),
    Rule(
        "[\\^x=~<>]\\.\\[\\^x=[^<]*<>\\]|[-\\^x=~<>']_[-\\^x=~<>']"
        "|\\([-\\^x=~<>'][_.]?[-\\^x=~<>']\\)|\\([\\^x=~<>']-[\\^x=~<>'`]\\)",
        change="brackets",
    ),
    Rule("{|}|\\[|\\]|\\(|\\)", change="brackets"),
    Rule("-+", change="hyphens"),
    Rule("\\.{3,5}|(\\.[ \u00a0]){2,4}\\.|[\u0085…]", change="dots"),
    Rule("@+|#+|_+"),
    Rule("\\*+|(\\\\\\*){1,3}"),
    Rule("{PAUSE}"),
    Rule("[?!]+"),
    Rule("[.=/]"),
    Rule("{JOINED}\\.", then="{PAUSE}", change="soft"),
    Rule("{JOINED}", change="soft"),
    Rule("{THING}\\.", then="{PAUSE}"),
    Rule("{THING}"),
    Rule("{THINGA}\\.", then="{PAUSE}", change="ampersand"),
    Rule("{THINGA}", change="ampersand"),
    Rule("'", then="[A-Za-z][^ \t\n\r\u00a0]", change="quotes"),
    Rule("{REDAUX}", change="quotes"),
    Rule("{APOS}|''|[`‘’«]{1,2}", change="quotes"),
    Rule("<<|>>"),
    Rule("[+%&⁄⁺~\\^|\\\\]"),
    Rule("\u200b|{SPACE}+|&nbsp;|{BREAK}", change="nothing"),
    Rule(".", change="nothing"),
)
