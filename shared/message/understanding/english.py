"""English replies. The bare stop words are those of 47 CFR 64.1200(a)(10), which always mean stop."""

from __future__ import annotations

from shared.message.understanding.language import Words

_SENT = r"(?:texts?|texting|txts?|txting|messages?|messaging|msgs?|sms|emails?|emailing|reminders?|letters?)"
_SENT_NOW = (
    r"(?:texting|txting|messaging|msging|emailing|sending|contacting|writing|calling|bothering|spamming"
)
_SENDING = rf"{_SENT_NOW}|harassing|notifying|reminding|pestering)"
_FILL = (
    r"(?: (?:all|any|the|these|those|your|my|me|more|further|this|of|to|please|with|from|getting"
    r"|receiving))*"
)
_VISIT = r"(?:appt|appts|apt|appointment|appointments|appoitment|apointment|visit|booking|checkup|slot)"
_WHEN = r"(?: (?:my|the|this|that|our|todays|tomorrows|mondays|tuesdays|wednesdays|thursdays|fridays|next))*"
_NOT_ALWAYS = r"(?! (?:at|on|after|before|during|while|in|until|so|about|when)\b)"

ENGLISH = Words(
    code="en",
    phrases={
        "stop": """
            stop, stop all, stopall, end, cancel, quit, unsubscribe, revoke, opt out, optout, stop it, stop
            now, stop this, stop already, stop everything, make it stop, stop pls, i want to stop, i would
            like to stop, id like to stop, i want this to stop, i quit, no more, remove, remove me, delete
            me, take me off, leave me alone, go away, get lost, fuck off, piss off, lose my number, not
            interested stop, stop stop, end all, cancel all, unsubscribe all, unsubscribe me, opt me out,
            no texts, no messages, dont text, no stop, unsub, unsuscribe, unsubcribe, unsubscibe,
            unsubsribe, stpo, sotp, stop2end, stop2quit, stop2stop
        """,
        "start": """
            start, unstop, opt in, optin, resume, subscribe, start again, restart, resubscribe, opt me in,
            opt me back in, text me again, sign me up again, start messages
        """,
        "help": """
            help, info, more info
        """,
        "who": """
            who is this, whos this, who are you, who r u, who dis, who is it, who is texting me, who is
            texting, who is messaging me, who is writing, who sent this, who is that, whos that, what is
            this, whats this, what is this number, who is this from, whose number is this, who is this
            number, do i know you, whats this about, what is this about, how did you get my number, where
            did you get my number
        """,
        "yes": """
            yes, y, yep, yeah, yea, yup, ya, ok, okay, k, sure, of course, absolutely, yes i do, yes i am,
            yes i will, yes i can, yes it is, that works, sounds good, correct, definitely, certainly,
            right, i do, yes yes, yess, sure thing, fine, alright, i agree
        """,
        "no": """
            no, n, nope, nah, no i dont, no i am not, no im not, no i did not, no i didnt, no way, not
            really, negative, no no, no it is not, no its not, i do not, i dont
        """,
        "confirm": """
            confirm, confirmed, i confirm, yes confirm, yes confirmed, yes i confirm, c, confirming, see
            you, see you then, see you there, i will come, ill come, i am coming, im coming, we will be
            there, well be there, count me in, yes i will come, yes ill come, yes i am coming, yes im
            coming, yes i can make it, yes ill be there, yes i will be there, yes see you then, ok see you,
            ok see you then, i can make it, i can come, on my way
        """,
        "cancel": """
            cancel it, cancel that, cancel this, i cant, i cannot, i cant come, cant come, cant go, i
            cannot go, i cant go, cant make it, i am not coming, im not coming, not coming, wont make it, i
            wont come, cannot attend, i need to cancel, i have to cancel, i want to cancel, must cancel, id
            like to cancel, i would like to cancel, please cancel mine, need to cancel, i cancel
        """,
        "reschedule": """
            reschedule, change, change it, move it, another time, another day, different day, later,
            different time, other time, i need to change it, not then, new time, postpone, rebook
        """,
        "wrong-person": """
            wrong number, wrong person, wrong, you have the wrong number, you have the wrong person, not
            me, this is not me, thats not me, im not her, im not him, that is not me
        """,
        "thanks": """
            thanks, thank you, thx, ty, thank u, many thanks, thanks a lot, thank you so much, thank you
            very much, much appreciated, great thanks, cheers, perfect, great, thanks so much
        """,
    },
    patterns={
        "stop": (
            rf"stop{_FILL} {_SENT}",
            rf"(?:stop|quit|cease) {_SENDING}",
            rf"(?:end|cancel|halt|discontinue|terminate){_FILL} {_SENT}",
            r"(?:cancel|end) (?:my |the |this )?subscription",
            r"unsubscri\w+",
            r"opt(?:ing)? (?:me )?out",
            r"(?:take|get|remove|delete|drop|scratch) (?:me|us|my number|my name|this number|my phone)"
            r"(?: \w+){0,2} (?:off|from|out|list|lists|system|database)",
            r"(?:remove|delete|erase) (?:my|this) (?:phone )?number",
            rf"no more(?: of)?(?: these| those| your| such)? (?:{_SENT}|of this|of these)",
            rf"(?:dont|do not|never|pls dont|stop)(?: you)?(?: ever)? (?:text|txt|message|contact|email"
            rf"|sms|write|write to"
            rf"|bother|spam) (?:me|us|this number)\b{_NOT_ALWAYS}",
            rf"(?:dont|do not|never)(?: ever)? send (?:me |us )?(?:any |more |these |those |your "
            rf"|anymore )*"
            rf"(?:{_SENT}|anything|any more|anymore)\b{_NOT_ALWAYS}",
            rf"(?:dont|do not|no longer|never)(?: want| wish| like| need)(?: to (?:receive|get|have|see))?"
            rf"(?: any| more| these| those| your| such| further| to| be| of| anymore)* (?:{_SENT}"
            rf"|contacted|texted|messaged)",
            r"(?:dont|do not) want (?:this|these|them|it) (?:anymore|any more|any longer)",
            r"leave me alone",
            r"(?:please|pls|just) stop$",
            r"get (?:me )?off (?:of )?(?:this|the|your) list",
            r"lose (?:my|this) number",
            r"(?:i )?revoke (?:my )?consent",
            r"(?:withdraw|take back) my consent",
        ),
        "wrong-person": (
            r"wrong (?:number|person|phone|patient|guy|lady)(?! of)",
            r"(?:no one|nobody|noone) (?:here )?(?:by|with|named|called) (?:that|the|this)? ?\w+",
            r"not (?:my|the right) (?:number|person|appointment|appt)",
            r"(?:dont|do not) know (?:any|an|a|who) (?:one )?\w+(?: is)?(?: at this number)?$",
            r"there is no \w+ (?:here|at this number)",
            r"(?:doesnt|does not|no longer|dont|do not) lives? here(?: anymore| any more)?",
            r"this (?:is not|isnt) (?:her|his|their|the patients) (?:number|phone)",
        ),
        "reschedule": (
            r"(?:reschedule|re schedule|rescheduled|rebook|postpone|push back)",
            rf"(?:change|move|switch|delay|shift)(?: \w+){{0,1}}{_WHEN} {_VISIT}",
            r"(?:change|move|switch) (?:the |my )?(?:time|date|day)",
            r"(?:can|could) (?:i|we)(?: \w+){1,6} instead",
            r"(?:another|a different|some other|a new|an earlier|a later|an other) (?:time|day|date"
            r"|week|slot|appointment|appt)",
            r"can (?:i|we) (?:come|do it|make it|have it|go) (?:on|next|at|later|another|earlier"
            r"|tomorrow|some)",
        ),
        "cancel": (
            rf"(?:cancel|call off|drop|delete){_WHEN} {_VISIT}",
            rf"cancel(?:ling|ing)?{_WHEN} (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday"
            rf"|today|tomorrow)",
            r"(?:cant|cannot|can not|wont|will not|not able to|unable to|couldnt|could not)"
            r"(?: be able to)? (?:make it|come|be there|attend|get there|keep (?:my|the|it)|make (?:my"
            r"|the|that|this))",
            r"(?:wont|will not) be (?:able|coming|there|attending)",
            r"not coming(?: today| tomorrow| in| anymore| to (?:my|the) \w+)?$",
            r"not (?:going to|gonna) (?:make it|come|be there|attend)",
            r"(?:i am|im|we are|were) not coming",
        ),
        "confirm": (
            r"(?:i|we) ?(?:will|ll) be there",
            r"(?:ill|ill definitely|well) be there",
            rf"confirm{_WHEN} {_VISIT}",
            r"see you (?:on |at |then |there |soon|tomorrow|today|monday|tuesday|wednesday|thursday"
            r"|friday|saturday|sunday)",
        ),
        "start": (
            r"(?:start|resume|begin|restart)(?: \w+){0,2} (?:texts?|texting|messages?|messaging|sms"
            r"|again|reminders?)",
            r"(?:sign|opt) me (?:back )?(?:up|in)(?: again)?",
            r"subscribe me",
        ),
        "who": (
            r"^(?:\w+ ){0,2}who (?:is|are) (?:this|you|it)$",
            r"^(?:\w+ ){0,1}who (?:is this|are you)\b.*$",
        ),
    },
    negated=(
        r"(?:just|only|please|rather) (?:text|message|sms) me",
        r"(?:text|message) me (?:instead|rather)",
        r"(?<!why )(?:dont|do not|never|wont|will not|cant|cannot|not|didnt|did not|doesnt|does not"
        r"|shouldnt|isnt"
        r"|no need)(?: \w+){0,2} (?:stop|unsubscribe|unsubscribed|cancel|canceled|cancelled|reschedule"
        r"|opt|confirm|quit"
        r"|remove|end|stopping|cancelling|canceling)",
        r"(?:why|did you|have you|was|is|been|got) (?:\w+ ){0,3}(?:cancelled|canceled|rescheduled"
        r"|unsubscribed)",
        r"(?:never|not) (?:said|asked|wanted)(?: \w+){0,2} (?:stop|unsubscribe|cancel)",
    ),
    courtesies="""
        afternoon asap dear doctor dr evening good hello hey hi immediately just kindly maam madam morning
        much now please pls plz sir so sorry thank thanks then thx today ty u very well you
    """,
    numbers="zero one two three four five six seven eight nine ten",
    number_words="option number no nr answer choice opt",
)
