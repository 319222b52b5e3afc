"""The scripts in Spanish."""

from __future__ import annotations

from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

SCRIPTS = Scripts(
    appointment=(
        Line("Buenos días, le llamo del taller Molino Viejo.", 0.3),
        Line("Buenos días, ¿qué se le ofrece?", 0.2, is_question=True),
        Line(
            "Su coche tiene cita para la revisión el martes a las nueve.",
            topics=("cita", "revisión"),
            entities=(Entity("date", "martes", "martes"), Entity("time", "las nueve", "09:00")),
            tracker=Tracker("Cita", "cita"),
            summary="El taller llamó por la revisión del coche, el martes a las nueve.",
        ),
        Line("Vaya, el martes no me acordaba.", -0.4),
        Line("¿Le sigue viniendo bien?", is_question=True),
        Line(
            "Sí, me viene muy bien, allí estaré.",
            0.7,
            intent="interested",
            summary="El cliente mantiene la cita.",
        ),
        Line(
            "Traiga por favor las dos llaves y el permiso de circulación.",
            topics=("llaves", "permiso de circulación"),
            action_item="El cliente traerá las dos llaves y el permiso de circulación.",
        ),
        Line(
            "¿Me pueden prestar un coche ese día?", is_question=True, topics=("coche de préstamo",)
        ),
        Line(
            "Le reservo uno ahora mismo.",
            0.5,
            topics=("coche de préstamo",),
            action_item="El taller reservará un coche de préstamo.",
            summary="El taller reserva un coche de préstamo.",
        ),
        Line(
            "El lunes le volveremos a llamar para darle el presupuesto.",
            follow_up="El taller volverá a llamar el lunes con el presupuesto.",
            entities=(Entity("date", "lunes", "lunes"),),
        ),
        Line("Muchas gracias, hasta el martes.", 0.8),
    ),
    machine=(
        Line("Hola, en este momento no podemos atender su llamada.", -0.2),
        Line("Deje por favor su nombre y su número después de la señal."),
        Line("Pip."),
    ),
    do_not_call=(
        Line("Buenas tardes, le llamo del taller Molino Viejo.", 0.3),
        Line(
            "Por favor, no me llamen más.",
            -0.8,
            intent="do_not_call",
            topics=("llamadas no deseadas",),
            tracker=Tracker("Objeción", "no me llamen"),
            summary="La persona pidió que no la llamen más.",
        ),
        Line(
            "Disculpe, hoy mismo borro su número de la lista.",
            -0.3,
            action_item="El taller borrará el número de la lista hoy mismo.",
            entities=(Entity("date", "hoy", "hoy"),),
        ),
        Line("Eso espero.", -0.5),
    ),
)
