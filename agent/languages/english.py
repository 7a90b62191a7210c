"""English: the words and patterns by which its questions are understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .language import Language

if TYPE_CHECKING:
    from ...index.records import Sense
    from ..question import Kind
    from .language import Bounds

_FUNCTION_WORDS = frozenset(
    """a about after again all am an and any anybody anyone anything are as at be because been before being but by
    can cannot could d did do does doing don down during each every few first for from further had has
    have having he her here hers him his how i if in into is it its just last let ll long many me more most much
    must my no nor not now of off often on once only or other our out over own s same shall she should since so some
    somebody someone something somewhere such t than that the their them then there these they this those through
    to too until up upon us ve very was we were what when where whether which while who whom whose why will with
    would you your ever everything everybody everyone second third fourth fifth isn aren wasn weren doesn didn hasn
    haven hadn couldn wouldn shouldn never nobody none nothing nowhere neither without no else next whenever
    previously afterwards afterward thereafter meanwhile between please exactly""".split()
)
_VIDEO_WORDS = frozenset(
    """appear appears appeared video film movie clip footage recording moment moments time times second seconds
    minute minutes show shows shown showing screen onscreen picture image scene display displayed readable visible
    happen happens happened see seen word words text sentence phrase saying says say said spoken speak speaks speaking
    mention mentions mentioned tell tells told talk talks talking narrator speaker voice hear heard hears explain
    explains explained called call named name names read reads occur occurs list start starts begin begins stay
    stays stand stands ask asks asked kind sort type according turn turns become becomes place takes take
    stretch longest sound sounds completely whole use uses used using make makes made get gets got according
    thing things spoke mentions mentioning scenes
    summarize summarise summary""".split()
)
# "The definition of X" is given by whoever says what X is, and so is "what does X mean?".
_ABOUT = "(?:definition|meaning|explanation|reason|purpose|idea|concept|significance)"
_CARRIERS = frozenset(
    "sign board title logo caption captions label slide credits credit letter note calendar page poster card team"
    " subtitle banner notice document sheet slides message".split()
)
_LIGHT_VERBS = frozenset("come comes came coming go goes went going put puts let stand standing".split())
_DEGREES = frozenset(
    "whole entire entirely completely fully totally suddenly colour color go goes went remain remains".split()
)

_VIDEO = r"(?:video|film|movie|clip|footage|recording|lecture|talk|meeting|interview|episode|tape|tutorial|session)"
_OPENING = r"^\W*(?:(?:and|but|so|then|or|also|exactly|about|please|tell me|show me|say|find)\b,? )*"
_AUXILIARIES = r"(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)"
_ASKING = rf"(?:who|whom|whose|what|which|where|why|how|when|{_AUXILIARIES})\b"
_MOMENTS = r"(?:time|moment|scene|part|place|shot|point|instance|occasion|mention|appearance|occurrence)"
_SPEECH = (
    r"says?|said|saying|mention(?:s|ed|ing)?|narrat\w+|speakers?|speaks?|spoke|spoken|speaking|tells?|told|talks?"
    r"|talked|talking|asks?|asked|explains?|explained|announces?|announced|counts? down|voice"
)
_CARRIER = (
    r"(?:sign|board|title|caption|label|slide|letter|note|page|poster|card|banner|notice|message|subtitle)s?"
)

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("when", r"\bhow (?:far|many (?:seconds|minutes)|long) (?:in|into)\b"),
    (
        "summary",
        (
            rf"^\W*(?:summari[sz]e|sum up|recap|outline|describe (?:the|this) (?:whole )?{_VIDEO})\b"
            rf"|^\W*(?:a |the )?(?:\w+ )?summary\b|\b(?:give|write|make|provide|need|want|like|have|get)\b.*\bsummary\b"
            rf"|\bwhat(?:['’]s| is| was) (?:the|this) (?:{_VIDEO}|summary|gist)(?: (?:all )?about)?\W*$"
            rf"|\bwhat happens in (?:the|this) {_VIDEO}\W*$|\b(?:main|key) (?:points|takeaways|ideas|messages)\b"
            r"|^\W*what(?:['’]s| is| was) (?:it|this) (?:all )?about\W*$|\boverview of\b|\btl;?dr\b"
        ),
    ),
    (
        "duration",
        (
            r"\bhow long\b(?! ago)|\bhow much time\b|\bhow many (?:seconds|minutes|hours)\b"
            r"|\bwhat (?:is|was) the (?:length|duration)\b"
        ),
    ),
    (
        "count",
        r"\bhow (?:many|often|frequently)\b|^\W*count\b|^\W*(?:what (?:is|was) )?the (?:total )?number of\b",
    ),
    (
        "order",
        (
            r"\b(?:before or after|after or before)\b"
            r"|\b(?:comes?|came|happens?|happened|appears?|appeared|is (?:said|shown|mentioned|heard|seen)"
            r"|was (?:said|shown|mentioned|heard|seen)|occurs?|occurred) (?:first|earlier|last|later)\b"
            r"|\bin (?:which|what) order\b|^\W*which\b(?=.*\b(?:first|earlier|last|later)\b)(?=.*[:,].* or )"
        ),
    ),
    (
        "when",
        (
            rf"{_OPENING}(?:since |until |till |from |by )?when\b(?![^,]*,\s*{_ASKING})"
            r"|\b(?:at|in) (?:what|which) (?:time|point|second|minute|moment|scene|shot)\b"
            r"|\bwhat time\b|\btime ?stamps?\b"
            rf"|\b(?:find|show me|jump to|go to|skip to|take me to|list|give me) (?:me )?(?:(?:the|every|each|all|any)"
            rf"\s+)*(?:of the )?(?:\w+ )?{_MOMENTS}s?\b"
            rf"|^\W*the (?:\w+ )?{_MOMENTS} (?:where|when|in which|at which)\b"
            rf"|\bwhere (?:in|on) (?:the|this) {_VIDEO}\b"
            r"|^\W*where can (?:i|we|you|one) (?:see|hear|find|watch)\b"
            r"|^\W*where \w+ .*\b(?:mention|mentioned|explained?|introduced?|discuss(?:ed)?|said)\b"
        ),
    ),
    ("yesno", rf"{_OPENING}{_AUXILIARIES}(?:n['’]t)?\b"),
)
_SENSES: tuple[tuple[Sense, str], ...] = (
    (
        "screen",
        (
            r"\b(?:on(?: the)? screen|on-screen|onscreen|sign|title|written|writes?|caption|readable|reads?|board"
            r"|credits?|slides?|label|letters?|logo|text|printed|painted|team list|note|spelled)\b"
        ),
    ),
    ("speech", rf"\b(?:{_SPEECH}|hear)\b"),
    ("sound", r"\b(?:silen(?:t|ce)|no sound|without (?:any |a )?sounds?|quiet|noise|soundless)\b"),
)
_MODALITIES: tuple[tuple[Sense, str], ...] = (
    (
        "screen",
        (
            r"\b(?:on(?: the)? screen|on-screen|onscreen|sign|title|written|caption|readable|board|credits?|slides?"
            r"|label|letters?|logo|printed|spelled|subtitles?|error message"
            r"|types?|typed|typing|be read|terminal|poster)\b"
        ),
    ),
    ("speech", rf"\b(?:{_SPEECH})\b"),
    (
        "sound",
        (
            r"\b(?:silen(?:t|ce)|sounds?|noises?|soundless|audible|alarms?|applau\w+|bark(?:s|ed|ing)?|beeps?|bells?"
            r"|bangs?|music|song|melody|sirens?|whistles?|explosions?|gunshots?|laughter|thunder|horns?"
            r"|(?:phone|bell)s? ring|ring(?:s|ing)"
            r"|knock(?:s|ing)?|claps?|clapping|scream(?:s|ed|ing)?|honk(?:s|ing)?|ringtone|meows?)\b"
        ),
    ),
    (
        "picture",
        (
            r"\b(?:picture|image|camera|colou?r|look(?:s|ed)? like|wear(?:s|ing)?|dressed|hold(?:s|ing)?"
            r"|enter(?:s|ed|ing| the| a)|walk(?:s|ed|ing)?|sit(?:s|ting)?|standing|stands?|hair)\b"
        ),
    ),
)

_TEN = "one two three four five six seven eight nine ten"
_TO_TWENTY = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_NUMBERS = {word: str(n) for n, word in enumerate(f"{_TEN} {_TO_TWENTY}".split(), 1)} | {
    "thirty": "30", "forty": "40", "forty-five": "45", "fifty": "50", "sixty": "60", "ninety": "90",
}  # fmt: skip
_AMOUNTS = {
    "an hour and a half": 5400.0, "a minute and a half": 90.0, "one and a half hours": 5400.0,
    "one and a half minutes": 90.0, "half an hour": 1800.0, "half a minute": 30.0,
    "a quarter of an hour": 900.0, "quarter of an hour": 900.0, "a couple of minutes": 120.0,
    "couple of minutes": 120.0, "an hour": 3600.0, "a minute": 60.0,
}  # fmt: skip
_LENGTH = rf"(?! of (?!(?:the|this) {_VIDEO}))"
_START, _END = r"(?:first|opening|initial)", r"(?:last|final|closing)"
_OF_ALL = rf"(?: (?:of|through) (?:the|this) (?:whole )?{_VIDEO}\b| of it\b|(?=\W*$|,))"
_WINDOWS: tuple[tuple[Bounds, str], ...] = (
    ("between", r"\bbetween <time> and <time>"),
    ("between", r"\bfrom <time> (?:to|until|till|up to) <time>"),
    ("between", r"(?:\bfrom )?<clock>\s*(?:-|–|—|to|until)\s*<clock>"),
    ("first", rf"\b(?:in|within|during|for|of|over) the (?:very )?{_START} <stretch>"),
    ("last", rf"\b(?:in|within|during|for|of|over) the (?:very )?{_END} <stretch>"),
    ("first", rf"\bthe (?:very )?{_START} <time>"),
    ("last", rf"\bthe (?:very )?{_END} <time>"),
    ("near", r"\b(?:at|around|about|near|after)? ?(?:the )?<time> mark\b"),
    ("near", rf"(?:\b(?:around|about|at) )?\b<time> in(?:to (?:the|this) {_VIDEO})?(?=\W*$|,)"),
    ("after", r"\b(?:from|starting at|beginning at) <time>(?: on(?:wards?)?)?\b"),
    ("after", rf"\b(?:after|since) <time>{_LENGTH}"),
    ("after", r"\bpast <clock>"),
    ("before", rf"\b(?:before|until|till) <time>{_LENGTH}"),
    ("before", r"\b(?:by|up to) <clock>"),
    ("near", rf"\b(?:at|around|about|near)(?: about| around| exactly)? <time>{_LENGTH}"),
    ("minute", r"\b(?:in|at|around|during) (?:the )?minute <number>\b"),
)
_SHARES = (
    (0.0, 0.5, rf"\b(?:in|during|within|of|for) the first half{_OF_ALL}"),
    (0.5, 1.0, rf"\b(?:in|during|within|of|for) the (?:second|last|other) half{_OF_ALL}"),
    (0.0, 1 / 3, rf"\b(?:in|during|within) the first third{_OF_ALL}"),
    (2 / 3, 1.0, rf"\b(?:in|during|within) the (?:last|final) third{_OF_ALL}"),
    (0.0, 0.25, rf"\b(?:in|during|within) the first quarter{_OF_ALL}"),
    (0.75, 1.0, rf"\b(?:in|during|within) the (?:last|final) quarter{_OF_ALL}"),
    (0.0, 0.1, rf"\b(?:at|in|near|right at) the (?:very )?(?:beginning|start){_OF_ALL}"),
    (0.9, 1.0, rf"\b(?:at|near|towards?|in) the (?:very )?end{_OF_ALL}"),
    (0.4, 0.6, rf"\b(?:(?:in|around|near) the middle|half ?way){_OF_ALL}"),
)

_THAT_AT_END = r"(?: that| this| it)?(?=\s*(?:[?.!]|$))"
_STANCES = (
    r"(?:sit|sits|sitting|stand|stands|standing|lie|lies|lying|hang|hangs|choose|chooses|decide|walks?)"
)
_PAIRS = (
    r"(?:differences?|relation\w*|match|game|connections?|links?|conversations?|distance|contrast|similarit\w+"
    r"|space|border|agreement|deal|fight|argument|discussion|comparison|distinction|war|talks|in)"
)

ENGLISH = Language(
    code="en",
    function_words=_FUNCTION_WORDS,
    video_words=_VIDEO_WORDS,
    carriers=_CARRIERS,
    light_verbs=_LIGHT_VERBS,
    degrees=_DEGREES,
    politeness=(
        r"^\W*(?:please,? |hey,? |hi,? |ok(?:ay)?,? )*(?:(?:can|could|would|will) you (?:please )?"
        r"(?=tell|show|find|list|summari[sz]e|give|describe|count|sum|recap)|do you (?:know|remember)"
        r"|i(?:['’]d| would) (?:like|love) to know|i (?:want|need) to know|i wonder"
        r"|i (?:do not|don['’]t|can['’]?t|cannot) (?:know|remember|recall|find)"
        r"|does (?:anyone|anybody) know|remind me|any idea)?"
        r"(?:[, ]*(?:please |also )*(?:tell|remind) me)?[, ]*(?:please )?"
    ),
    kinds=_KINDS,
    occurrences=(
        r"\bhow (?:often|frequently|many (?:different |separate )?(?:times|mentions|occurrences|occasions))\b"
        r"|\bnumber of times\b|^\W*count (?:every|each|all|the) (?:the )?(?:times?|mentions?|occurrences?)\b"
    ),
    every=(
        rf"\b(?:every|each)(?: single)? {_MOMENTS}\b"
        rf"|\ball (?:of )?(?:the |those )?(?:\w+ )?{_MOMENTS}s\b|\bwhenever\b"
        r"|\b(?:list|find|show|give|name|get|collect|count)(?: me)? (?:all|every|each)\b"
        r"|^\W*(?:what|which) are all\b"
    ),
    ordinals={
        "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "last": -1, "final": -1,
        "earliest": 1, "latest": -1,
    },
    ordinal_patterns=(
        rf"(?<!in )(?<!during )(?<!of )\b(?:the|an?) (?:very )?<ordinal> (?:{_MOMENTS}|thing|goal|attempt|try)\b",
        r"\bthe (?:very )?<ordinal> \w+ stretch\b",
        r"\b<ordinal> (?:appear|mention|say|said|show|hear|see|turn|speak|enter|talk|name)(?:s|n|d|ed|ing)?\b",
        r"\b(?:appears?|mentioned|shown|seen|heard|named|said) <ordinal>(?=\W*$)",
    ),
    compared=r"^\W*\w+ (.*?) (?:before or after|after or before) (.*?)\W*$",
    order_opening=(
        r"^.*?\b(?:first|earlier|last|later|order (?:do|does|did|are|were|is|was))\b,?"
    ),
    order_ending=r"\s+(?:come|appear|happen|happened|occur|take place)$",
    separators=r",\s*(?:or|and)\s+|\s+or\s+|,\s*|\s+and\s+(?=the |a |an |')",
    senses=_SENSES,
    texts=r"\b(?:word|sentence|phrase|text)\b",
    picture=r"\b(?:screen|picture|image|frame|video|scene|everything|stretch|it)\b",
    modalities=_MODALITIES,
    looking=r"\b(?:sees?|seen|visible|frame|shown|shows?)\b",
    hearing=r"\b(?:hears?|heard|listen\w*)\b",
    written=(
        rf"\b(?:does|do|did) (?:the|this|that|an?|his|her) (?:\w+ ){{0,2}}{_CARRIER}\b(?:\s+\w+){{0,3}}?"
        r"\s+(?:say|tell|state)\b"
    ),
    negation=(
        r"\b(?:not|never|nobody|no one|none|nothing|nowhere|neither|nor|without|cannot|except)\b|n['’]t\b|\bno (?=\w)"
    ),
    idle_negations=(
        rf"{_OPENING}\w+n['’]t\b|^\W*no[,.]|\bor not\b|\bnot only\b|\bno\.? ?\d|\bnothing but\b"
        r"|\bno sound\b|\bwithout (?:any |a )?sounds?\b"
        r"|\bi (?:do not|don['’]t|can['’]?t|cannot|am not)\b|,\s*\w+n['’]t \w+\W*$"
    ),
    fillers=(
        rf"\b{_MOMENTS}s? (?:where|when|in which|at which)\b"
        rf"|\b(?:at|in) (?:what|which) (?:part|point|{_MOMENTS})\b|^\W*find\b|\bas soon as\b"
        r"|\b(?:no one|on camera|in total|in all|altogether|at all|all in all|if any)\b"
        rf"|\b(?:in|of|during|throughout|from) (?:the|this) (?:whole |entire )?{_VIDEO}\b(?! (?:with|about|of)\b)"
    ),
    only_beside=r"\b(?:just|right|shortly|immediately|directly) (?:before|after)\b",
    asked=rf"(?:\b(?:which|what|how)\s+|\b(?={_ABOUT}\s+(?:of|for|behind)\b|mean\W*$))(\w+)",
    follow_up=r"^\W*(?:(?:and|but|so)\b,? )*(?:what|how) about\b|\b(?:who|what|where|when|how|anyone|anything) else\b",
    pointing=r"\b(?:that|this|those|these|it)\b",
    bare=(
        r"^\W*(?:(?:and|but|so|then|or|ok)\W+)*(?:why|when|where|who|how|what|whose|which one|how (?:long|often|many"
        r"|much|so)|by whom|to whom|since when|until when)(?:\W+(?:exactly|not|then|else))?\W*$"
    ),
    itself=rf"\b(?:this|that|the) (?:whole )?{_VIDEO}\b",
    lead=r"^\W*(?:(?:please|exactly|tell me|show me)\b,?\s*|find (?:the )?(?:moment|scene|part|place)\b)+",
    numbers=_NUMBERS,
    hours=(r" ?h(?:(?:ou)?rs?)?", r" hours?"),
    minutes=(r"(?:m|[ -]?min(?:ute)?s?)", r"[ -]minutes?"),
    seconds=(r"[ -]?s(?:ec(?:ond)?s?)?", r"[ -]seconds?"),
    units={"h": "h", "m": "m", "s": "s"},
    joins=r"(?:,? and |,? |)",
    amounts=_AMOUNTS,
    single=r"(?:second|minute|hour)\b",
    windows=_WINDOWS,
    shares=_SHARES,
    openers=r"(?:and|so|but|then)",
    closely=r"(?:(?:just|right|shortly|immediately|directly|straight|soon)\s+|(?=as soon as\b))",
    sides=(
        ("before", r"before|until|till|preceding|prior\s+to|ahead\s+of|by\s+the\s+time|leading\s+up\s+to"),
        (
            "after",
            r"after|following|as\s+soon\s+as|once(?=\s+(?:the|he|she|it|they|we|you|an?|his|her|every\w+)\b)",
        ),
        (
            "during",
            (r"while|whilst|during|as\s+long\s+as|throughout|whenever|in\s+the\s+middle\s+of"
            r"|at\s+the\s+same\s+time\s+as|at\s+the\s+(?:moment|time)\s+(?:when|that)"),
        ),
    ),
    clause=r"(?:when\s+)?",
    leading=rf"^\W*(?:and\s+|so\s+|but\s+)?when\s+(?P<anchor>[^,]+),\s*(?P<rest>{_ASKING}.+)$",
    between=(
        r"^\W*(?:and\s+|so\s+)?between\s+(?P<anchor>[^,]+?)\s+and\s+(?P<until>[^,]+),\s*(?P<rest>.+)$",
        r"^\W*from\s+(?P<anchor>[^,]+?)\s+(?:until|till|up\s+to)\s+(?P<until>[^,]+),\s*(?P<rest>.+)$",
        r"^(?P<rest>.+?)\s+(?:in\s+)?between\s+(?P<anchor>.+?)\s+and\s+(?P<until>.+?)[\s?.!]*$",
        r"^(?P<rest>.+?)\s+from\s+(?P<anchor>[^,]+?)\s+(?:until|till|up\s+to)\s+(?P<until>.+?)[\s?.!]*$",
    ),
    last_answer=r"^(?:that|this|it|then|these|those|that (?:moment|point|scene|part))$",
    beside_last=(
        ("before", rf"previously|(?:before|prior to){_THAT_AT_END}|earlier(?=\W*$)"),
        (
            "after",
            rf"next|then|afterwards?|thereafter|subsequently|after{_THAT_AT_END}|later(?: on)?(?=\W*$)",
        ),
        ("during", r"at (?:that|this|the same) (?:moment|point|time)|meanwhile|in the meantime|there"),
    ),
    idle_sides=(
        r"\b(?:is|are|was|were|still|be|been|over|up|down|out|in) there\b|\bthere (?:is|are|was|were)\b"
        r"|^\W*(?:so|and)? ?then,|\bnext (?:to|week|month|year|day|morning|time|meeting|door|door)\b"
        r"|\b(?:looks?|looked|looking|named|called|takes?|runs?|ran|running) after\b"
        r"|\bhow (?:long|soon) (?:after|before)\b|\b(?:is|are|was|were|be|been) following\b|\bthe following\b"
        rf"|\b(?:{_STANCES}|{_PAIRS}) between\b"
        rf"|\bduring (?:the|this) (?:whole |entire )?{_VIDEO}\b(?! (?:with|about|of)\b)"
    ),
)  # fmt: skip
