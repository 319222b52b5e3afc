"""The scripts in French."""

from __future__ import annotations

from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

SCRIPTS = Scripts(
    appointment=(
        Line("Bonjour, ici la bibliothèque des Tilleuls.", 0.3),
        Line("Bonjour, c'est à quel sujet ?", 0.2, is_question=True),
        Line(
            "Le livre que vous avez demandé vous attend depuis lundi.",
            topics=("livre",),
            entities=(Entity("date", "lundi", "lundi"),),
            tracker=Tracker("Réservation", "livre"),
            summary="La bibliothèque a appelé au sujet d'un livre réservé.",
        ),
        Line("Ah zut, je l'avais oublié.", -0.4),
        Line("Voulez-vous que nous le gardions encore ?", is_question=True),
        Line(
            "Oui, avec plaisir, je passe samedi matin.",
            0.7,
            intent="interested",
            entities=(Entity("date", "samedi", "samedi"),),
            summary="Le lecteur passe le prendre samedi matin.",
        ),
        Line(
            "Apportez votre carte, car elle expire ce mois-ci.",
            topics=("carte de lecteur",),
            action_item="Le lecteur apportera sa carte.",
        ),
        Line(
            "Est-ce que je peux aussi rendre deux films ?",
            is_question=True,
            topics=("films",),
        ),
        Line(
            "Bien sûr, et je prépare le formulaire pour la carte.",
            0.5,
            topics=("formulaire", "carte de lecteur"),
            action_item="La bibliothèque préparera le formulaire pour la carte.",
            summary="La bibliothèque prépare le renouvellement de la carte.",
        ),
        Line(
            "Nous vous rappelons vendredi pour les horaires.",
            follow_up="La bibliothèque rappellera vendredi pour les horaires.",
            entities=(Entity("date", "vendredi", "vendredi"),),
        ),
        Line("Merci beaucoup, à samedi.", 0.8),
    ),
    machine=(
        Line("Bonjour, nous ne pouvons pas vous répondre pour le moment.", -0.2),
        Line("Laissez votre nom et votre numéro après le signal sonore."),
        Line("Bip."),
    ),
    do_not_call=(
        Line("Bonjour, ici la bibliothèque des Tilleuls.", 0.3),
        Line(
            "Ne m'appelez plus, s'il vous plaît.",
            -0.8,
            intent="do_not_call",
            topics=("appels indésirables",),
            tracker=Tracker("Refus", "Ne m'appelez plus"),
            summary="La personne ne veut plus être appelée.",
        ),
        Line(
            "Excusez-moi, je retire votre numéro aujourd'hui.",
            -0.3,
            action_item="La bibliothèque retirera le numéro aujourd'hui.",
            entities=(Entity("date", "aujourd'hui", "aujourd'hui"),),
        ),
        Line("J'y compte bien.", -0.5),
    ),
)
