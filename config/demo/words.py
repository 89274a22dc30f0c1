"""The words of the invented county: bodies, places, occupations, what is asked and promised. No such body exists."""

COUNTY = "Wrenshire"

DISTRICTS = {
    # district: places inside it
    "Wren Valley": ("Wrenford", "Upper Wren"),
    "Tolbury": ("Tolbury Docks", "Tolbury Old Town"),
    "Fernham": ("Fernham Market",),
    "Ashmoor": (),
    "Larkhill": (),
    "Saltmere": ("Saltmere Bay",),
    "Oxbridge Vale": (),
}

PROFESSIONS = (
    "Health visitor",
    "Social worker",
    "Police officer",
    "Housing officer",
    "School nurse",
    "Midwife",
    "Probation officer",
    "Family support worker",
    "Fire prevention officer",
    "Teacher",
)

ORGANISATIONS = (
    # name, kind, domain, people, professions (places in PROFESSIONS), round in which they were invited
    ("Wrenshire County Council", "council", "wrenshire.example.org", 130, (1, 7), 1),
    ("Wren Valley NHS Trust", "health", "wrenvalley-nhs.example.org", 120, (0, 4, 5), 1),
    ("Wrenshire Police", "police", "police.wrenshire.example.org", 90, (2,), 1),
    ("Tolbury City Council", "council", "tolbury.example.org", 60, (3, 7), 1),
    ("Wrenshire Fire and Rescue", "fire", "fire.wrenshire.example.org", 30, (8,), 1),
    ("Saltmere Community Health", "health", "saltmere-nhs.example.org", 45, (0, 5), 2),
    ("Lantern Trust", "charity", "lantern.example.org", 25, (7,), 2),
    ("Fernham Homes", "housing", "fernhamhomes.example.org", 30, (3,), 2),
    ("Wrenshire Probation", "probation", "probation.wrenshire.example.org", 20, (6,), 2),
    ("Larkhill Academies", "education", "larkhill.example.org", 30, (9, 4), 2),
    ("Ashmoor Carers", "charity", "ashmoorcarers.example.org", 12, (7,), 2),
    ("Tolbury Harbour Housing", "housing", "harbourhousing.example.org", 8, (3,), 2),
)

FIRST_NAMES = (
    "Amina", "Bran", "Carys", "Dilip", "Ewa", "Fergus", "Grace", "Hamza", "Imogen", "Jakub", "Kwame", "Leila", "Mali",
    "Nadia", "Owen", "Parveen", "Quentin", "Rhian", "Siân", "Tomasz", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf",
    "Zoë", "Aoife", "Blessing", "Callum", "Deepa", "Elis", "Fatima", "Gethin", "Helen", "Ivan", "Jasmine", "Kofi",
    "Lowri", "Mehmet", "Niamh",
)  # fmt: skip
SURNAMES = (
    "Samplewood", "Notreal", "Fableton", "Madeupson", "Pretendley", "Inventwell", "Mockford", "Storybrook",
    "Imaginham", "Fauxley", "Specimen", "Draftwick", "Blankfield", "Loremsen", "Nonesuch", "Unrealis", "Mythwell",
    "Placeholt", "Exampley", "Make-Believe", "O’Madeup", "Fictionby", "Demoway", "Phantomski", "Figmentov",
    "Standin", "Proxyham", "Sketchmore", "Dummerton", "Novelle",
)  # fmt: skip

JOB_TITLES = (
    "Director of Children’s Services", "Chief Nurse", "Assistant Chief Constable", "Strategic Director of Housing",
    "Deputy Chief Fire Officer", "Director of Operations", "Chief Executive", "Head of Neighbourhoods",
    "Head of Service", "Executive Principal", "Chief Executive", "Managing Director",
)  # fmt: skip

VENUES = (
    # each with its name, address, district, access notes and its rooms by capacity
    (
        "Wrenford Guildhall",
        "1 Imaginary Square\nWrenford\nZZ1 1AA",
        "Wren Valley",
        "Step-free from the car park. Induction loop in both rooms. Accessible toilet on the ground floor.",
        (("Council chamber", 40), ("Committee room", 16)),
    ),
    (
        "Tolbury Library",
        "Library Street\nTolbury\nZZ2 2BB",
        "Tolbury",
        "Lift to the first floor. Quiet room next door on request.",
        (("Lecture room", 30),),
    ),
    (
        "Saltmere Fire Station",
        "Harbour Road\nSaltmere\nZZ6 6FF",
        "Saltmere",
        "Level access from the yard. Two reserved parking bays.",
        (("Training room", 24),),
    ),
)

SESSIONS = (
    # key, working days from today, slot, venue, room, capacity, booked, what becomes of it
    ("first", -32, "morning", 0, 0, 24, 21, "held"),
    ("second", -25, "afternoon", 1, 0, 24, 20, "held"),
    ("third", -18, "morning", 2, 0, 20, 18, "held"),
    ("fourth", -11, "morning", 0, 0, 24, 20, "held"),
    ("fifth", -6, "afternoon", 1, 0, 20, 16, "held"),
    ("today", 0, "afternoon", 0, 0, 24, 17, "open"),
    ("soon", 3, "morning", 1, 0, 24, 14, "open"),
    ("full", 6, "morning", 0, 1, 12, 16, "open"),
    ("later", 9, "afternoon", 2, 0, 20, 9, "open"),
    ("workshop", 14, "morning", 0, 0, 24, 6, "open"),
    ("cancelled", 18, "afternoon", 2, 0, 20, 5, "cancelled"),
    ("online", 23, "morning", None, None, 60, 4, "open"),
    ("draft", 28, "morning", 1, 0, 24, 0, "draft"),
    ("last", 33, "afternoon", 0, 0, 24, 0, "draft"),
    ("screen", -2, "morning", None, None, 60, 9, "online"),
)

GUEST = "Hal Cameby"
"""Who comes to the online session without a place, twice: it broke down and began anew."""

PURPOSE = (
    "From this winter the twelve bodies that support families in Wrenshire work from one plan for each family. These "
    "half-day briefings explain the idea, walk through the procedures and leave room for your questions."
)
INTRODUCTION = (
    "We are changing how we work with families: one plan, one lead worker, one record of what was agreed. Please "
    "choose one half-day. Your manager knows about this and supports your taking part."
)

QUESTIONS = (
    # key, who asks (named, pseudonym, nobody, scribe), session, working days ago, words, answer
    (
        "bank",
        "name",
        "first",
        31,
        "Who leads the plan when a family moves to another district half way through?",
        "The lead worker stays for 20 working days after the move and hands over in a meeting with the family.",
    ),
    (
        "visits",
        "name",
        "first",
        31,
        "Do we still make our own home visits in the first six weeks, or only joint ones?",
        "Statutory visits stay as they are. The joint visit comes on top, once, in the fourth week.",
    ),
    (
        "share",
        "pseudonym",
        "second",
        24,
        "What may I share with a charity worker when the family has not agreed to it?",
        "Only what is needed to keep somebody safe. The short guide on page 4 says how to decide and whom to ask.",
    ),
    (
        "rota",
        "name",
        "second",
        24,
        "Our rota does not allow half a day away in December. Will somebody cover our visits?",
        "Yes. Team managers have been given bank hours for one half-day for each practitioner.",
    ),
    (
        "record",
        "name",
        "third",
        17,
        "Which record is the right one when ours and the shared one differ?",
        "The shared plan. Correct it the same day and note in your own system that you did.",
    ),
    ("login", "name", "third", 17, "How do school nurses sign in to the shared record? We have no county account.", ""),
    ("again", "name", "fourth", 10, "How does somebody without a county account get into the shared record?", ""),
    ("night", "scribe", "fourth", 10, "Who takes a call at night when the lead worker is not on duty?", ""),
    ("risk", "pseudonym", "fourth", 10, "Who carries the risk when two services disagree about the plan?", ""),
    ("welsh", "name", "fourth", 10, "Can the family’s copy of the plan be in Welsh?", ""),
    ("travel", "name", "fifth", 5, "Can we claim travel to a joint visit outside our own district?", ""),
    ("agency", "scribe", "fifth", 5, "Are agency staff allowed to be lead workers?", ""),
    ("pay", "name", "fifth", 4, "Will the pay bands be looked at again because of the new tasks?", ""),
    ("wrong", "name", "fifth", 4, "Where do I park at Tolbury Library?", ""),
    ("phone", "name", "today", 1, "Is there a telephone number for families who do not use the internet?", ""),
    ("trust", "nobody", None, 1, "Will what I say in a session get back to my manager?", ""),
    ("consent", "name", "soon", 0, "Does a young person of 15 agree to the plan, or the parents?", ""),
)

THEMES = {
    "process": ("bank", "visits", "night", "agency"),
    "legal_basis": ("share", "consent"),
    "technical": ("record", "login", "again"),
    "risk": ("risk",),
    "language": ("welsh",),
    "trust": ("trust",),
}
HOLDING_REPLY = "The accounts are ordered. We are waiting for the supplier to say from which day they work."
DRAFT = "Not yet. From January the duty desk takes calls between ten at night and seven in the morning."
TO_CLEAR = "Yes, from their second week on, when their agency has confirmed their checks to us."

LIVE = (
    # asked in the room of today: how, what becomes of it, words, answer
    (
        "nobody",
        "answered",
        "What do I do when a family says no to the shared plan?",
        "Respect it, write down why, and tell the lead worker. The services they have do not change because of it.",
    ),
    ("name", "taken", "Who pays for an interpreter at a joint visit?", ""),
    ("pseudonym", "shown", "My manager says that this is optional. Is it?", ""),
    ("nobody", "shown", "How long will each meeting take?", ""),
    ("nobody", "hidden", "What happens to the M. family in Harbour Road after last week?", ""),
    ("nobody", "waiting", "Will our case loads be smaller, or is this on top?", ""),
    ("name", "waiting", "Can students on placement read the plan?", ""),
)

ASSURANCES = (
    # key, organisation, session, given so many working days ago, due in so many, kind, words
    ("release", 0, "first", 32, 25, "supported",
     "Every practitioner of the County Council gets half a day for a briefing before the end of the year."),
    ("bank", 1, "first", 32, -8, "supported",
     "The Trust pays for bank hours so that nobody has to catch up on visits after a briefing."),
    ("guide", 0, "second", 25, -5, "addressed",
     "I will have a two-page guide on sharing information with charities on everybody’s desk within four weeks."),
    ("logins", 1, "third", 16, 6, "addressed",
     "School nurses will have accounts for the shared record before Christmas."),
    ("joint", 2, "third", 18, 12, "addressed",
     "Each police district names one sergeant who answers lead workers the same day."),
    ("estate", 3, "second", 25, -2, "addressed",
     "We will open a meeting room for joint visits in the Docks estate office."),
    ("van", 4, "fourth", 11, 15, "supported",
     "Fire prevention officers may use a service van for joint visits."),
    ("training", 5, "fourth", 11, 20, "supported",
     "We run the briefing again for night staff in the new year."),
    ("lead", 6, "fourth", 11, 10, "addressed",
     "Lantern Trust keeps one worker free for families who have nobody else."),
    ("replaced", 6, "fourth", 9, 14, "addressed",
     "Lantern Trust keeps two workers free for families who have nobody else, one of them at weekends."),
    ("scribed", 2, "fifth", 6, 18, "addressed",
     "There will be a number for lead workers at night, staffed from our control room."),
    ("lapsed", 8, "first", 32, 5, "addressed",
     "Probation will send somebody to the first meeting about each family we know."),
)  # fmt: skip

LEFT = "Every team leader of ours gets an hour a month for the plans of the families we house."
REVIEWED = "Two of three districts have named their sergeant. The third waits until Sergeant Quince is well again."
REVIEWED_REDACTED = "Two of three districts have named their sergeant. The third waits until [removed]."
WHY_PAUSED = "We wait for the new travel rates of the county: they are decided next week."

EVIDENCE = {
    "van": {"vans-with-sign.csv": "Station,Van,Sign since\nDocks,1,Monday\nOldtown,1,Monday\nMarket,1,Monday\n"},
}
"""The files that show that an assurance was kept, by its key and their names."""

PAPER = """The operating procedures in short

1. Ask the family before you share. Write down what they said.
2. One plan for one family: open it, do not begin another.
3. Whoever opens the plan names the practitioner who leads it.
4. Within two working days, tell everybody whom the plan names.
5. Not sure? Ask your team's champion, or raise a question: it has an owner and a date.
"""

STAGES = (
    ("design", -48, -36, "coordinator"),
    ("pilot", -35, 25, "coordinator"),
    ("review", 26, 55, "second"),
)
"""Kind, first and last day in working days from today, owner."""

PLANNED = (
    ("why", "design", "Why one plan for a family, from the chief officers", "message", -44, "coordinator", 0),
    ("design", "design", "What the plan looks like, and who may read which part", "other", -38, "second", 0),
    ("concept", "pilot", "The concept and the operating procedures", "session", -20, "facilitator", 0),
    ("answers", "pilot", "What is being asked, and the first answers", "message", -3, "second", 3),
    ("districts", "pilot", "The same for who could not come in the first weeks", "session", 20, "presenter", 2),
    ("nurse", "pilot", "How it goes so far, told by somebody who does it", "post", 14, "second", 2),
    ("said", "review", "What people said, and what became of it", "message", 40, "coordinator", 0),
)
"""Key, stage, words, means, due in working days from today, owner, how many of the professions (0 for all)."""

TOLD = (
    ("why", -45, "A letter of all twelve chief officers, read out at team meetings."),
    ("design", -39, "Shown at the partnership day; the slides went to every team leader."),
)
"""What was told, when, and how."""
