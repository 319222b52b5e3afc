"""Whether a sentence asks not to be called again: by phrases, for a provider may hear no intents.

A phrase has to mean it on its own. "Don't call me before nine" is no wish to be left alone, so what
follows decides where the verb alone does not.
"""

from __future__ import annotations

import re
import unicodedata

#: The languages whose phrases are known, by their codes.
LANGUAGES = ("de", "en", "es", "fr", "it", "pt")

#: For who reads what is listened for.
EXAMPLE = "do not call me again"

#: Of a sentence: a longer one is no sentence.
_LONGEST = 10_000

#: Where nothing follows that makes it a wish about now alone.
_END = r"(?=\s*(?:[.!?,;]|$))"

_PHRASES = {
    "en": (
        r"(?:do not|don't|dont|never)\s+(?:ever\s+)?(?:call|phone|ring|contact)\s+"
        r"(?:me|us|here|this number|my number)\s+(?:ever\s+|please\s+)?(?:again|any ?more|ever)\b",
        r"(?:do not|don't|dont|never)\s+(?:ever\s+)?(?:call|phone|ring|contact)\s+"
        r"(?:me|us|here|this number|my number)(?:\s+please)?" + _END,
        r"(?:do not|don't|dont|never)\s+(?:ever\s+)?(?:call|phone|ring)\s+(?:again|any ?more)\b",
        r"(?:stop|quit)\s+(?:calling|phoning|ringing|contacting)\b",
        r"(?:take|remove|delete|strike)\s+(?:my|our|this)\s+(?:phone\s+)?number\b",
        r"(?:take|remove|delete|strike)\s+(?:me|us)\s+(?:off|from)\s+.{0,30}"
        r"(?:list|database|records?|system|files?)\b",
        r"(?:put|add)\s+(?:me|us|(?:my|our|this)\s+number)\s+(?:on|to)\s+.{0,30}do[ -]not[ -]call",
        r"lose\s+(?:my|our|this)\s+number\b",
        r"leave\s+(?:me|us)\s+alone\b",
        r"opt\s+(?:me\s+|us\s+)?out\b",
    ),
    "es": (
        r"no\s+(?:me|nos)\s+(?:llamen?|llames|vuelvan?\s+a\s+llamar|contacten?)"
        r"(?:\s+(?:m[aá]s|nunca|jam[aá]s|otra\s+vez|de\s+nuevo)\b|" + _END + ")",
        r"no\s+(?:vuelvan?|vuelvas)\s+a\s+llamar(?:me|nos)?\b",
        r"no\s+(?:llamen?|llames)\s+(?:m[aá]s|nunca)\b",
        r"(?:dejen?|deja|paren?)\s+de\s+llamar",
        r"(?:qu[ií]ten?|borren?|saquen?|elimin(?:e|en))(?:me|nos)?\s+(?:mi\s+n[uú]mero\s+)?"
        r"(?:de\s+(?:la|su)\s+lista)",
    ),
    "fr": (
        r"ne\s+(?:m'|me\s+|nous\s+)(?:r?appel(?:ez|le|er)|contact(?:ez|er)|"
        r"t[eé]l[eé]phon(?:ez|er))\s+(?:plus|jamais)\b",
        r"ne\s+plus\s+(?:m'|me\s+|nous\s+)?(?:r?appeler|contacter)\b",
        r"(?:arr[eê]te[zr]?|cesse[zr]?)\s+de\s+(?:m'|me\s+|nous\s+)?(?:r?appeler|t[eé]l[eé]phoner)",
        r"(?:retirez|enlevez|supprimez|rayez|effacez)[ -](?:moi|nous|mon\s+num[eé]ro|"
        r"notre\s+num[eé]ro)\b",
    ),
    "de": (
        r"ruf(?:en|t|e)?\s+(?:sie\s+)?(?:bitte\s+)?(?:mich|uns|hier)\s+(?:bitte\s+)?"
        r"(?:nicht\s+(?:mehr|wieder|noch\s+einmal)|nie\s+(?:mehr|wieder))\b",
        r"(?:nicht\s+mehr|nie\s+(?:mehr|wieder))\s+(?:angerufen|an(?:zu)?rufen)\b",
        r"h[oö]r(?:en|t|e)?\s+(?:sie\s+)?(?:bitte\s+)?auf,?\s+(?:mich|uns|hier)\s+anzurufen\b",
        r"(?:streich|nehm|l[oö]sch)(?:en|t|e)?\s+(?:sie\s+)?(?:bitte\s+)?"
        r"(?:mich|uns|(?:meine|unsere)\s+nummer)\b",
        r"lass(?:en|t)?\s+(?:sie\s+)?(?:mich|uns)\s+(?:bitte\s+)?in\s+ruhe\b",
    ),
    "pt": (
        r"n[aã]o\s+(?:me|nos)\s+(?:liguem?|ligues|telefonem?|chamem?|contactem?|contatem?|"
        r"voltem?\s+a\s+ligar)(?:\s+(?:mais|nunca|de\s+novo|novamente)\b|" + _END + ")",
        r"n[aã]o\s+(?:voltem?|voltes)\s+a\s+ligar\b",
        r"n[aã]o\s+(?:liguem?|ligues|telefonem?)\s+mais\b",
        r"(?:parem?|deixem?)\s+de\s+(?:me\s+|nos\s+)?(?:ligar|telefonar)",
        r"(?:tirem?|removam?|retirem?|apaguem?)\s+(?:o\s+)?(?:meu|nosso)\s+n[uú]mero\b",
    ),
    "it": (
        r"non\s+(?:mi|ci)\s+(?:chiam(?:i|ate|are)|telefon(?:i|ate)|contatt(?:i|ate))\s+"
        r"(?:pi[uù]|mai\s+pi[uù])(?!\w)",
        r"smett(?:a|ete|ila|etela)\s+di\s+(?:chiamar|telefonar)",
        r"(?:tolga|togliete|cancelli|cancellate|rimuova)\s+(?:il\s+(?:mio|nostro)\s+numero|mi)\b",
    ),
}

#: One look behind for all of them: with one for each, a sentence takes ten times as long.
_ASKS = re.compile(
    r"(?<!\w)(?:" + "|".join(phrase for phrases in _PHRASES.values() for phrase in phrases) + ")"
)


def asks_not_to_be_called(sentence: str) -> bool:
    """Whether somebody who says this asks never to be called again, in whatever language."""
    text = unicodedata.normalize("NFC", sentence[:_LONGEST]).casefold().replace("\u2019", "'")
    return _ASKS.search(text) is not None
