"""Suggestions from the shop's own history: what an inquiry is about, and which canned answers fit it.

    examples    what there is to learn from, out of the conversations that people sorted and answered
    learning    the model is made of it; only the child process and the measurement load it, for it is heavy
    child       the process that learns, and ends
    model       what was learned, and what it says of a text: light, no library is needed to ask it
    keeping     where the model lies, sealed
    training    when it is learned, and when all of it is forgotten
    deciding    a guess for every new inquiry, and what people say of it
    offering    what a page shows of it

See docs/decisions/0046-a-model-of-ones-own.md.
"""
