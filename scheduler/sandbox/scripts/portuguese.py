"""The scripts in Portuguese."""

from __future__ import annotations

from scheduler.sandbox.scripts.line import Entity, Line, Scripts, Tracker

SCRIPTS = Scripts(
    appointment=(
        Line("Bom dia, aqui fala da loja Casa da Ribeira.", 0.3),
        Line("Bom dia, em que posso ajudar?", 0.2, is_question=True),
        Line(
            "A sua mesa nova chega na quinta-feira às dez horas.",
            topics=("mesa", "entrega"),
            entities=(
                Entity("date", "quinta-feira", "quinta-feira"),
                Entity("time", "dez horas", "10:00"),
            ),
            tracker=Tracker("Entrega", "chega"),
            summary="A loja avisou que a mesa chega na quinta-feira às dez horas.",
        ),
        Line("Ai, já nem me lembrava disso.", -0.4),
        Line("Vai estar alguém em casa a essa hora?", is_question=True),
        Line(
            "Sim, com todo o gosto, eu espero por vocês.",
            0.7,
            intent="interested",
            summary="O cliente estará em casa.",
        ),
        Line(
            "Deixe por favor a entrada livre para o carrinho.",
            topics=("entrada",),
            action_item="O cliente deixará a entrada livre.",
        ),
        Line("Vocês também levam a mesa antiga?", is_question=True, topics=("mesa antiga",)),
        Line(
            "Levamos sim, vou escrever isso no pedido.",
            0.5,
            topics=("pedido",),
            action_item="A loja escreverá no pedido que leva a mesa antiga.",
            summary="A loja leva a mesa antiga.",
        ),
        Line(
            "Na quarta-feira voltamos a ligar para confirmar.",
            follow_up="A loja volta a ligar na quarta-feira para confirmar.",
            entities=(Entity("date", "quarta-feira", "quarta-feira"),),
        ),
        Line("Muito obrigado, até quinta.", 0.8),
    ),
    machine=(
        Line("Olá, neste momento não podemos atender a sua chamada.", -0.2),
        Line("Deixe o seu nome e o seu número depois do sinal."),
        Line("Bip."),
    ),
    do_not_call=(
        Line("Boa tarde, aqui fala da loja Casa da Ribeira.", 0.3),
        Line(
            "Por favor, não me liguem mais.",
            -0.8,
            intent="do_not_call",
            topics=("chamadas indesejadas",),
            tracker=Tracker("Objeção", "não me liguem"),
            summary="A pessoa pediu para não receber mais chamadas.",
        ),
        Line(
            "Desculpe, ainda hoje tiro o seu número da lista.",
            -0.3,
            action_item="A loja tirará o número da lista ainda hoje.",
            entities=(Entity("date", "hoje", "hoje"),),
        ),
        Line("Assim espero.", -0.5),
    ),
)
