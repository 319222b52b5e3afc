"""The scripts in German."""

from __future__ import annotations

from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

SCRIPTS = Scripts(
    appointment=(
        Line("Guten Tag, hier ist die Heizungsfirma Birkner.", 0.3),
        Line("Guten Tag, worum geht es denn?", 0.2, is_question=True),
        Line(
            "Am Freitag um acht Uhr kommt unser Monteur zur Wartung.",
            topics=("Wartung", "Monteur"),
            entities=(Entity("date", "Freitag", "Freitag"), Entity("time", "acht Uhr", "08:00")),
            tracker=Tracker("Termin", "Wartung"),
            summary="Die Firma erinnerte an die Wartung am Freitag um acht Uhr.",
        ),
        Line("Ach je, das hätte ich fast vergessen.", -0.4),
        Line("Passt Ihnen der Termin denn noch?", is_question=True),
        Line(
            "Ja gern, ich bin den ganzen Vormittag zu Hause.",
            0.7,
            intent="interested",
            summary="Der Kunde behält den Termin.",
        ),
        Line(
            "Räumen Sie bitte den Platz vor dem Heizkessel frei.",
            topics=("Heizkessel",),
            action_item="Der Kunde räumt den Platz vor dem Heizkessel frei.",
        ),
        Line("Was wird die Wartung kosten?", is_question=True, topics=("Kosten",)),
        Line(
            "Ich schicke Ihnen heute noch eine Aufstellung.",
            0.5,
            topics=("Kosten",),
            action_item="Die Firma schickt heute eine Aufstellung der Kosten.",
            entities=(Entity("date", "heute", "heute"),),
            summary="Die Firma schickt eine Aufstellung der Kosten.",
        ),
        Line(
            "Am Donnerstag melden wir uns noch einmal wegen der Uhrzeit.",
            follow_up="Die Firma meldet sich am Donnerstag wegen der Uhrzeit.",
            entities=(Entity("date", "Donnerstag", "Donnerstag"),),
        ),
        Line("Vielen Dank und auf Wiederhören.", 0.8),
    ),
    machine=(
        Line("Guten Tag, wir sind gerade nicht zu erreichen.", -0.2),
        Line("Bitte nennen Sie nach dem Ton Ihren Namen und Ihre Nummer."),
        Line("Piep."),
    ),
    do_not_call=(
        Line("Guten Tag, hier ist die Heizungsfirma Birkner.", 0.3),
        Line(
            "Bitte rufen Sie mich nicht mehr an.",
            -0.8,
            intent="do_not_call",
            topics=("unerwünschte Anrufe",),
            tracker=Tracker("Einwand", "nicht mehr"),
            summary="Der Angerufene möchte nicht mehr angerufen werden.",
        ),
        Line(
            "Entschuldigung, ich streiche Ihre Nummer noch heute.",
            -0.3,
            action_item="Die Firma streicht die Nummer noch heute.",
            entities=(Entity("date", "heute", "heute"),),
        ),
        Line("Das will ich hoffen.", -0.5),
    ),
)
