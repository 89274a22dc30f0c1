"""The activities that come with the product: a start for every programme's own library."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadyActivity:
    """One ready template, by a ``key`` that never changes."""

    key: str
    name: str
    aim: str
    minutes: int
    materials: str
    steps: str


READY = (
    ReadyActivity(
        "hopes-and-worries",
        "Hopes and worries",
        "Say openly what people expect and what they fear, before anything is decided",
        25,
        "Sticky notes in two colours, pens, a wall",
        "1. Each person writes one hope and one worry on notes of two colours (5 minutes).\n"
        "2. Everybody puts them on the wall; two people group them by theme (10 minutes).\n"
        "3. Read the groups aloud and note concerns with their theme, expectations with their term (10 minutes).",
    ),
    ReadyActivity(
        "a-day-in-my-work",
        "A day in my work",
        "See how the others work, and where the work touches",
        40,
        "A large sheet for each group of four from different organisations",
        "1. In groups of four, each tells an ordinary day in three minutes.\n"
        "2. Mark where one hands something to another, and where it gets lost (15 minutes).\n"
        "3. Each group names its three most important places; note them as barriers.",
    ),
    ReadyActivity(
        "may-i-tell-you",
        "May I tell you?",
        "Practise when sharing is lawful, on invented cases",
        45,
        "Four invented cases on cards; the seven golden rules of information sharing",
        "1. Pairs from two organisations read a case and decide: share, ask first, or not (10 minutes).\n"
        "2. Compare with another pair; where you differ, say which rule decides (15 minutes).\n"
        "3. In the whole group, settle one sentence for each case and note it as a draft agreement (20 minutes).",
    ),
    ReadyActivity(
        "rules-of-the-house",
        "Rules of the house",
        "Agree how to live in one building",
        50,
        "The plan of the building, pens",
        "1. Walk through the plan: doors, desks, kitchen, quiet, visitors (10 minutes).\n"
        "2. Small groups write at most three rules each, as sentences that begin with “We” (15 minutes).\n"
        "3. Put them side by side, drop what nobody needs, note the rest as draft agreements (25 minutes).",
    ),
    ReadyActivity(
        "who-does-what-by-when",
        "Who does what by when",
        "End with actions that somebody owns",
        20,
        "The list of barriers on the screen",
        "1. For each barrier ask: what is the smallest step that helps?\n"
        "2. Somebody present takes it, with a day. Nobody takes more than two.\n"
        "3. Note each as an action: its owner is told and reminded.",
    ),
)
"""In the order in which a series of workshops mostly needs them."""
