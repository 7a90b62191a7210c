"""German: the words and patterns by which its questions are understood."""

from __future__ import annotations

from .language import Language

_FUNCTION_WORDS = frozenset(
    """der die das den dem des ein eine einer eines einem einen kein keine keiner keines keinem keinen und oder aber
    nicht nie niemals niemand nichts nirgends ohne ist sind war waren wird werden wurde wurden worden sein seine seinen
    seiner seinem hat haben hatte hatten kann können konnte soll sollen muss müssen will wollen darf dürfen er sie es
    ich du wir ihr ihn ihm ihnen ihre ihren ihrem ihrer man sich mich mir dir uns in im ins an am auf aus bei beim mit
    nach von vom vor zu zum zur über unter um für durch gegen zwischen bis seit während als ob dass weil wenn denn da
    dann dort hier so wie was wer wen wem wessen wann wo wohin woher warum wieso weshalb welche welcher welches welchen
    welchem wieviel viele viel lange oft mal jedes jede jeder jedesmal alle allen aller noch schon auch nur sehr mehr
    danach davor dabei daneben vorher nachher zuvor darauf daraufhin inzwischen gleichzeitig zuerst zuletzt erste ersten
    erster erstes zweite zweiten dritte dritten letzte letzten letztes jemand jemandem etwas irgendwo irgendwann bitte
    genau diese dieser dieses diesem diesen jene direkt unmittelbar gleich kurz sobald nachdem bevor ehe mal gibt
    gab doch denn wohl außer nächstes nächste""".split()
)
_VIDEO_WORDS = frozenset(
    """video film aufnahme clip szene szenen stelle stellen moment momente zeitpunkt zeit sekunde sekunden minute
    minuten stunde stunden bild bildschirm zeigt zeigen gezeigt erscheint erscheinen erschien sieht sehen sah zu
    gesehen sichtbar sagt sagen sagte gesagt spricht sprechen sprach gesprochen redet reden geredet erwähnt erwähnen
    erwähnte nennt nennen genannt heißt erzählt hört hören hörte gehört wort wörter satz text liest lesen steht stehen
    geschrieben passiert passieren passierte geschieht kommt kommen kam vor dauert dauerte dauern beginnt
    beginnen fragt fragen fragte gefragt erklärt erklären sprecher stimme ton geräusch art zeig finde""".split()
)
_ABOUT = "(?:definition|bedeutung|erklärung|grund|zweck|idee|begriff)"
_CARRIERS = frozenset(
    "schild tafel titel folie brief zettel plakat karte untertitel abspann logo notiz".split()
)
_LIGHT_VERBS = frozenset("geht gehen ging kommt kommen kam legt stellt macht machen machte tut".split())
_DEGREES = frozenset("ganz ganze ganzen völlig komplett plötzlich farbe bleibt geht".split())
_COLOURS = {
    "rot": "red", "blau": "blue", "grün": "green", "gelb": "yellow", "schwarz": "black", "weiß": "white",
    "grau": "gray", "braun": "brown", "rosa": "pink", "lila": "purple", "dunkel": "black",
}  # fmt: skip

_VIDEO = r"(?:videos?|films?|aufnahme|clip|vorlesung|vortrags?|sitzung|besprechung|interviews?)"
_OPENING = r"^\W*(?:(?:und|aber|also|dann|bitte|genau|zeig mir|sag mir|seit|bis)\b,? )*"
_AUXILIARIES = (
    r"(?:ist|sind|war|waren|wird|werden|wurde|wurden|hat|haben|hatte|kann|gibt|gab|kommt|sagt|spricht|sieht)"
)
_ASKING = rf"(?:wer|wen|wem|was|welche\w*|wo|wohin|woher|warum|wie|wann|{_AUXILIARIES})\b"
_NUMBERS = {
    word: str(n)
    for n, word in enumerate("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(), 2)
} | {"eine": "1", "einer": "1", "fünfzehn": "15", "zwanzig": "20", "dreißig": "30"}  # fmt: skip
_OF_ALL = rf"(?: (?:des|der|von dem) {_VIDEO}\b| vom {_VIDEO}\b|(?=\W*$|,))"

GERMAN = Language(
    code="de",
    function_words=_FUNCTION_WORDS,
    video_words=_VIDEO_WORDS,
    carriers=_CARRIERS,
    light_verbs=_LIGHT_VERBS,
    degrees=_DEGREES,
    colours=_COLOURS,
    politeness=(
        r"^\W*(?:bitte,? )?(?:(?:kannst du|können sie) (?:mir )?(?:bitte )?(?:sagen|zeigen),? |weißt du,? "
        r"|ich (?:möchte|will) wissen,? |sag mir,? (?:bitte,? )?)"
    ),
    kinds=(
        (
            "summary",
            (rf"\b(?:fasse?|zusammenfassung)\b|\bwovon handelt\b|\bworum geht es\b"
            rf"|\bwas passiert in (?:dem|diesem) {_VIDEO}\W*$"),
        ),
        ("duration", r"\bwie lange?\b|\bwie viele? (?:sekunden|minuten|stunden|zeit)\b"),
        ("count", r"\bwie(?: ?viele?| oft)\b|^\W*zähle?\b"),
        (
            "order",
            (r"\bvor oder nach\b|\b(?:kommt|kam|passiert|erscheint|wird \w+) (?:zuerst|zuletzt|früher|später)\b"
            r"|\bin welcher reihenfolge\b"),
        ),
        (
            "when",
            (rf"{_OPENING}(?:ab |bis |seit )?wann\b|\b(?:um wie ?viel uhr|zu welcher zeit)\b"
            rf"|\b(?:an|in) welche\w* (?:stelle|sekunde|minute|moment|zeitpunkt)\b"
            rf"|\bwo in (?:dem|der|diesem) {_VIDEO}\b"
            r"|^\W*(?:finde|zeig(?:e)?|such(?:e)?|nenne?)(?: mir)? (?:den|die|jede[ns]?|alle)? ?"
            r"(?:moment|szene|stelle|zeitpunkt)"),
        ),
        ("yesno", rf"{_OPENING}{_AUXILIARIES}\b"),
    ),
    occurrences=r"\bwie (?:oft|viele male)\b",
    every=r"\bjede(?:s mal|smal|n moment| stelle| szene)\b|\ballen? (?:stellen|szenen|momente)\b|\bimmer wenn\b",
    ordinals={
        "ersten": 1, "erste": 1, "erstes": 1, "zweiten": 2, "zweite": 2, "dritten": 3, "dritte": 3,
        "letzten": -1, "letzte": -1, "letztes": -1,
    },
    ordinal_patterns=(r"\b(?:zum|das|beim) <ordinal> mal\b", r"\b<ordinal>mal\b"),
    compared=r"^\W*\w+ (.*?) vor oder nach (.*?)\W*$",
    order_opening=r"^.*?\b(?:zuerst|zuletzt|früher|später)\b,?",
    separators=r",\s*oder\s+|\s+oder\s+|,\s*|\s+und\s+(?=der |die |das |ein )",
    senses=(
        (
            "screen",
            (r"\b(?:auf dem (?:bildschirm|schild|plakat|zettel)|auf der (?:tafel|folie)|schild|tafel|folie|titel"
            r"|untertitel|abspann|geschrieben|lesen|steht auf)\b"),
        ),
        (
            "speech",
            (r"\b(?:sagt|sagen|sagte|gesagt|erwähn\w+|spricht|sprechen|sprach|gesprochen|redet|reden|erzähl\w+|fragt"
            r"|fragte|erklärt|hört|hören|stimme)\b"),
        ),
        ("sound", r"\b(?:still|stille|kein ton|kein geräusch|ohne ton|lautlos)\b"),
    ),
    texts=r"\b(?:wort|satz|text)\b",
    picture=r"\b(?:bildschirm|bild|alles|es|szene)\b",
    modalities=(
        (
            "screen",
            r"\b(?:auf dem (?:bildschirm|schild|plakat|zettel)|schild|tafel|folie|titel|untertitel|abspann)\b",
        ),
        (
            "speech",
            (r"\b(?:sagt|sagen|sagte|gesagt|erwähn\w+|spricht|sprechen|sprach|gesprochen|redet|reden|erzähl\w+|fragt"
            r"|fragte|erklärt|stimme)\b"),
        ),
        ("sound", r"\b(?:still|stille|ton|geräusch|klingel\w*|bellt|alarm|musik|lied|applaus|läutet|knall)\b"),
        ("picture", r"\b(?:bild|farbe|trägt|betritt|kamera)\b"),
    ),
    looking=r"\b(?:zu sehen|sieht|sehen|gezeigt|zeigt)\b",
    hearing=r"\b(?:hört|hören|gehört)\b",
    written=r"\b(?:schild|tafel|brief|zettel|folie) sagt\b",
    negation=r"\b(?:nicht|nie|niemals|niemand|niemandem|nichts|nirgends|ohne|außer|kein(?:e|er|es|em|en)?)\b",
    idle_negations=r"\b(?:kein ton|kein geräusch|ohne ton|oder nicht|nicht nur|nicht wahr)\b",
    fillers=r"\b(?:insgesamt|überhaupt|worum geht es)\b"
    rf"|\b(?:in|während) (?:dem|der|diesem|dieser) {_VIDEO}\b|\bim {_VIDEO}\b",
    only_beside=r"\b(?:direkt|unmittelbar|gleich|kurz) (?:bevor|nachdem|vor|nach)\b",
    asked=rf"(?:\b(?:welche[rsnm]?|wie)\s+|\b(?={_ABOUT}\s+(?:von|vom|des|der|für|hinter)\b))(\w+)",
    follow_up=r"^\W*(?:und )?was ist mit\b|\b(?:wer|was|wo) (?:sonst|noch)\b",
    pointing=r"\b(?:das|dies|es)\b",
    bare=r"^\W*(?:(?:und|aber|also)\W+)*(?:warum|wieso|wann|wo|wer|wie|was)(?:\W+(?:genau|nicht|dann))?\W*$",
    itself=rf"\b(?:dieser|dieses|diesem|diese|der|das|dem) {_VIDEO}\b",
    lead=r"^\W*(?:(?:bitte|genau|sag mir|zeig mir)\b,?\s*)+",
    numbers=_NUMBERS,
    hours=(r" ?(?:h\b|std\b|stunden?)", r" stunden?"),
    minutes=(r"(?:m| ?min(?:uten?)?)", r" minuten?"),
    seconds=(r" ?s(?:ek(?:unden?)?)?", r" sekunden?"),
    units={"st": "h", "h": "h", "m": "m", "s": "s"},
    joins=r"(?:,? und |,? |)",
    amounts={"einer halben stunde": 1800.0, "einer viertelstunde": 900.0, "halben stunde": 1800.0},
    single=r"(?:sekunde|minute|stunde)\b",
    windows=(
        ("between", r"\bzwischen (?:minute )?<time> und (?:minute )?<time>"),
        ("between", r"\bvon <time> bis <time>"),
        ("between", r"<clock>\s*(?:-|–|bis)\s*<clock>"),
        ("first", r"\bin (?:den|der) ersten <stretch>"),
        ("last", r"\bin (?:den|der) letzten <stretch>"),
        ("after", r"\bab <time>"),
        ("after", r"\b(?:nach|seit) <time>"),
        ("before", r"\b(?:vor|bis) <time>"),
        ("near", r"\b(?:bei|um|gegen|etwa bei)(?: etwa| ungefähr| minute)? <time>"),
        ("minute", r"\b(?:in|bei) minute <number>\b"),
    ),
    shares=(
        (0.0, 0.5, rf"\bin der ersten hälfte{_OF_ALL}"),
        (0.5, 1.0, rf"\bin der zweiten hälfte{_OF_ALL}"),
        (0.0, 0.1, rf"\b(?:am|zu) (?:anfang|beginn){_OF_ALL}"),
        (0.9, 1.0, rf"\b(?:am|gegen) (?:ende|schluss){_OF_ALL}"),
    ),
    openers=r"(?:und|aber|also)",
    closely=r"(?:(?:direkt|unmittelbar|gleich|kurz)\s+|(?=sobald\b))",
    sides=(
        ("before", r"bevor|vor|bis|ehe"),
        ("after", r"nachdem|nach|sobald"),
        ("during", r"während|solange|immer\s+wenn"),
    ),
    leading=rf"^\W*(?:und\s+)?(?:wenn|als)\s+(?P<anchor>[^,]+),\s*(?P<rest>{_ASKING}.+)$",
    between=(
        r"^\W*(?:und\s+)?zwischen\s+(?P<anchor>[^,]+?)\s+und\s+(?P<until>.+?)(?P<rest>\s+(?:passiert|geschieht)\b.*)$",
        r"^(?P<rest>.+?)\s+zwischen\s+(?P<anchor>.+?)\s+und\s+(?P<until>.+?)[\s?.!]*$",
    ),
    last_answer=r"^(?:das|dies|dem|diesem|diesem moment)$",
    beside_last=(
        ("before", r"davor|vorher|zuvor"),
        ("after", r"danach|dann|darauf|daraufhin|anschließend|als nächstes"),
        ("during", r"dabei|währenddessen|gleichzeitig|in diesem moment|dort"),
    ),
    idle_sides=r"^\W*(?:also|und)? ?dann,|\b(?:fragt|fragte|sucht|suchte|riecht) nach\b|\bnach (?:hause|oben|unten)\b"
    r"|\b(?:sitzt|steht|unterschied|spiel) zwischen\b|\b(?:angst|steht|stehen) vor\b|\bkommt vor\b",
)  # fmt: skip
