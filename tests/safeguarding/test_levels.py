"""Danger is noticed at its level, and harmless look-alikes are left alone."""

import pytest

LEVEL_4 = {
    "A1": ["ive just necked a whole box of nurofen", "downed the bleach under the sink lol idk"],
    "A2": ["im stood on the edge of the multi storey, goodbye", "gonna hang myself 2moro nite"],
    "A3": ["he wont wake up and his lips are blue", "the cut on my leg wont stop bleedin"],
    "A4": ["hes battering my mum rn", "im hiding in the loo, dads kicking off again"],
    "A5": ["he held a knife to my neck", "my brothers hands were round my throat"],
    "A6": ["they've locked me in the flat", "this man wont let us leave"],
    "A7": ["i got raped last night", "woke up naked and he was on top of me"],
    "A8": ["theyre driving me to another city", "in the boot of a car dont know where im going"],
    "A9": ["on my way to meet a guy from snapchat hes 34, nobody knows"],
    "A10": ["ran away from my placement n got nowhere to sleep", "sleeping rough again im 15"],
    "A11": ["a man is following me home", "my ex is sat outside my house with his mates"],
    "A12": ["got a machete in my bag gonna shank him", "im going to stab my stepdad"],
    "A13": ["theyre making me cut myself on a discord call or they leak it"],
}
LEVEL_3 = {
    "B1": "honestly wish i was never born",
    "B2": "been cutting my thighs again",
    "B3": "my uncle keeps touching me",
    "B4": "he gives me weed but then i have to sleep with him",
    "B5": "this lad says hell leak my nudes",
    "B6": "they make me sell drugs for them",
    "B7": "my boyfriend hits me",
    "B8": "my mum beats us with a stick",
    "B9": "theyre forcing me to marry someone i never met",
    "B10": "she keeps my passport and i cook and clean all day, not allowed out to school",
    "B11": "my best mate says she wants to die",
    "B12": "he said if i tell the police hell hurt my sister",
    "B13": "im 12 and he wants me to send nudes",
    "B14": "she says shell get me deported",
    "B15": "my foster dad hits me",
}
IN_FEW_WORDS = [
    (4, "he has a knife"),
    (4, "my stepdad has a knife"),
    (4, "hes got a gun"),
    (4, "im at his flat n i cant leave"),
    (4, "hes making me meet some guy tonite"),
    (4, "hes here again help me hes hurting me"),
    (4, "if i go home my dad is going to hit me again"),
    (3, "my dad comes in my bed"),
    (3, "gonna end it"),
    (3, "he forces me"),
    (3, "please call the police"),
    (3, "help me pls"),
    (3, "he can see my screen"),
]
HARMLESS = [
    "he has a knife and fork",
    "my brother has a nerf gun",
    "i have an essay on knife crime",
    "can you help me with my homework",
    "mum is making me see the dentist",
    "my parents moved us to another town",
    "took 2 ibuprofen for my toothache",
    "wrote nana a letter for her birthday",
    "my brother is battering me on fortnite",
    "sir wont let me leave the lesson early",
    "stuck in detention lol",
    "cut my thumb cooking pasta",
    "300 people following me on tiktok now",
    "my dog ran away but hes back",
    "we smashed them 4-1",
    "my mum keeps our passports in a drawer for the holiday",
    "owe my mate a fiver for chips",
    "dads driving us to the beach, surprise trip",
    "on the train to meet my cousin in town",
    "what is consent",
    "how do i get a social worker",
    "hi can i ask something",
]


@pytest.mark.parametrize(("signal", "text"), [(s, t) for s, ts in LEVEL_4.items() for t in ts])
def test_immediate_danger_is_noticed_with_its_words(screener, signal, text):
    # When a message of immediate danger is screened
    assessment = screener.screen(text)

    # Then it is level 4, its signal among those found, each quoting the message
    assert assessment.level == 4
    assert signal in {found.id for found in assessment.signals}
    assert all(found.evidence and found.evidence in text for found in assessment.signals)


@pytest.mark.parametrize(("signal", "text"), LEVEL_3.items())
def test_high_risk_is_noticed(screener, signal, text):
    # When a message of high risk is screened
    assessment = screener.screen(text)

    # Then it is level 3 or more and its signal is among those found
    assert assessment.level >= 3
    assert signal in {found.id for found in assessment.signals}


@pytest.mark.parametrize(("level", "text"), IN_FEW_WORDS)
def test_danger_said_in_few_words_is_noticed(screener, level, text):
    # When a short cry or threat is screened, then its level is at least the one expected
    assert screener.screen(text).level >= level


@pytest.mark.parametrize(
    "text", ["he has a knife and fork. he put a knife to my throat", "help me. help"]
)
def test_a_harmless_phrase_clears_only_the_words_it_holds(screener, text):
    # Given a harmless phrase and danger beside it, then the danger still stands
    assert screener.screen(text).level >= 3


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_look_alike_raises_no_alarm(screener, text):
    # When a harmless message with alarming words is screened, then it stays below 3
    assert screener.screen(text).level < 3


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_danger_anywhere_in_a_long_message_gives_the_same_level(screener, place):
    # Given 2,000 characters of a dull day with one dangerous sentence
    dull = "we had maths and then lunch and it was a normal day at school. "
    danger = "he put a knife to my throat. "
    fill = dull * ((2000 - len(danger)) // len(dull))
    half = len(fill) // 2
    text = {
        "start": danger + fill,
        "middle": fill[:half] + ". " + danger + fill[half:],
        "end": fill + danger,
    }[place][:2000]

    # When it is screened, then it is level 4 wherever it stands
    assert screener.screen(text).level == 4


@pytest.mark.parametrize(
    "text",
    [
        "i want to k i l l  m y s e l f",
        "i want to k!ll myself",
        "i wаnt tо kіll mysеlf",
        "i want to killlll myselfff",
        "i want to ki\u200bll mys\u0336elf",
        "I WANT TO KILL MYSELF",
        "i want to k1ll myself",
    ],
)
def test_a_disguised_word_is_noticed_all_the_same(screener, text):
    # When the same message is typed in disguise, then it is high risk
    assert screener.screen(text).level >= 3
