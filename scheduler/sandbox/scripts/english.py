"""The scripts in English."""

from __future__ import annotations

from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

SCRIPTS = Scripts(
    appointment=(
        Line("Good morning, this is the front desk of Harbour Street Dental.", 0.3),
        Line("Good morning, how can I help you?", 0.2, is_question=True),
        Line(
            "I am calling about your appointment on Thursday at three o'clock.",
            topics=("appointment",),
            entities=(
                Entity("date", "Thursday", "Thursday"),
                Entity("time", "three o'clock", "15:00"),
            ),
            tracker=Tracker("Appointment", "appointment"),
            summary="The practice called about an appointment on Thursday at three o'clock.",
        ),
        Line("Oh dear, I had almost forgotten about it.", -0.4),
        Line("Would you still like to keep it?", is_question=True),
        Line(
            "Yes please, Thursday suits me very well.",
            0.7,
            intent="interested",
            entities=(Entity("date", "Thursday", "Thursday"),),
            summary="The patient wants to keep it.",
        ),
        Line(
            "Then please bring your insurance card and the X-ray of last year.",
            topics=("insurance card", "X-ray"),
            action_item="The patient will bring the insurance card and the X-ray of last year.",
        ),
        Line(
            "Could you send me the directions in a text message?",
            is_question=True,
            topics=("directions",),
        ),
        Line(
            "Of course, I will send you the directions this afternoon.",
            0.5,
            topics=("directions",),
            action_item="The front desk will send the directions this afternoon.",
            entities=(Entity("time", "this afternoon", "afternoon"),),
            summary="The practice sends the directions in a text message.",
        ),
        Line(
            "And we will call you again on Wednesday to confirm the time.",
            follow_up="The front desk will call again on Wednesday to confirm the time.",
            entities=(Entity("date", "Wednesday", "Wednesday"),),
        ),
        Line("Thank you very much, goodbye.", 0.8),
    ),
    machine=(
        Line("Hello, nobody can take your call right now.", -0.2),
        Line("Please leave your name, your number and a short message after the tone."),
        Line("Beep."),
    ),
    do_not_call=(
        Line("Good afternoon, this is Harbour Street Dental.", 0.3),
        Line(
            "Please do not call me any more.",
            -0.8,
            intent="do_not_call",
            topics=("unwanted calls",),
            tracker=Tracker("Objection", "do not call"),
            summary="The callee asked not to be called any more.",
        ),
        Line(
            "I am sorry, I will take your number off our list today.",
            -0.3,
            action_item="The caller will take the number off the list today.",
            entities=(Entity("date", "today", "today"),),
        ),
        Line("See that you do.", -0.5),
    ),
)
