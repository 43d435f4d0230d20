"""Spanish replies, as patients in the Americas and in Spain write them: tú, usted and ustedes."""

from __future__ import annotations

from shared.message.understanding.language import Words

_SENT = (
    r"(?:mensajes?|mensajitos?|textos?|sms|correos?|emails?|recordatorios?|avisos?|cartas?|whatsapps?|msjs?)"
)
_FILL = r"(?: (?:de|los|las|sus|tus|estos|mas|tantos|esos|mi|la|el|con|recibir|mandarme|enviarme))*"
_WRITE = (
    r"(?:escriba|escriban|escribas|manden|mande|mandes|envien|envie|envies|molesten|moleste|molestes"
    r"|contacten|contacte"
    r"|llamen|texteen|textee|escribirme|mandarme|enviarme|molestarme|molestar|contactarme|texteando"
    r"|texteen)"
)
_VISIT = r"(?:cita|citas|turno|consulta|visita|hora)"
_OWN = r"(?: (?:mi|la|esta|esa|el|de|mis|una))*"

SPANISH = Words(
    code="es",
    phrases={
        "stop": """
            alto, parar, pare, paren, basta, baja, darme de baja, dar de baja, cancelar, detener, no más
            mensajes, no más, ya no, ya basta, deténganse, quiero parar, quiero darme de baja, quítenme,
            bórrenme, elimínenme, déjenme en paz, déjeme en paz, dejen de molestar, bórreme, darse de baja,
            deme de baja, denme de baja, dame de baja, cancelar todo, parar todo, finalizar
        """,
        "start": """
            alta, reanudar, empezar, comenzar, iniciar, darme de alta, continuar, volver a empezar
        """,
        "help": """
            ayuda, información, auxilio ayuda
        """,
        "who": """
            quién es, quién eres, quién es usted, quiénes son, quién habla, quién me escribe, quién
            escribe, de parte de quién, de quién es este número, quién es este, qué es esto, quién manda
            esto, quién es ud, con quién hablo, quiénes son ustedes, de dónde me escriben
        """,
        "yes": """
            sí, s, sip, claro, claro que sí, vale, de acuerdo, por supuesto, bueno, está bien, sí quiero,
            sí claro, ok, okay, correcto, sí señor, sí señora, sí puedo, así es, sí sí
        """,
        "no": """
            no, nop, no quiero, para nada, claro que no, no señor, no señora, no no, todavía no
        """,
        "confirm": """
            confirmo, confirmar, confirmado, confirmada, sí confirmo, ahí estaré, allí estaré, voy, sí voy,
            ahí voy, sí iré, iré, sí asistiré, asistiré, confirmo mi cita, nos vemos
        """,
        "cancel": """
            no puedo, no voy a poder, no puedo ir, no voy, no iré, no voy a ir, no podré, no podré ir, no
            asistiré, cancélela, cancélenla, quiero cancelar, necesito cancelar, tengo que cancelar,
            anular, anúlela, cancelarla, cancelo, cancélala, no puedo asistir, no podemos ir
        """,
        "reschedule": """
            cambiar, cambiarla, otra fecha, otro día, otra hora, otro horario, más tarde, posponer,
            reprogramar, reagendar, aplazar, cambio, quiero cambiarla, otra cita
        """,
        "wrong-person": """
            número equivocado, persona equivocada, equivocado, se equivocó, se equivoca, no soy yo, no soy
            esa persona, se equivocó de número, número incorrecto, están equivocados, está equivocado
        """,
        "thanks": """
            gracias, muchas gracias, mil gracias, muy amable, se lo agradezco, muchísimas gracias, gracias
            igualmente, le agradezco, perfecto, ok gracias, muy amables, dios los bendiga
        """,
    },
    patterns={
        "stop": (
            rf"no (?:me|nos|le|les) {_WRITE}\b(?! (?:a|en|despues|antes|durante|por la|los|hasta)\b)",
            r"no (?:me|nos) vuelvan? a (?:escribir|mandar|enviar|contactar|molestar|llamar)",
            rf"(?:dejen?|dejes?|deja|paren?|pare|para|basta) de {_WRITE}",
            r"(?:dejen?|deje|deja|paren?|pare) de (?:escribir|mandar|enviar|llamar)(?:me|nos)?",
            rf"(?:no quiero|no deseo|ya no quiero|no necesito|ya no deseo)(?: recibir"
            rf"| que me)?{_FILL} {_SENT}",
            rf"(?:no quiero|no deseo|ya no quiero) que (?:me|nos) {_WRITE}",
            r"(?:no quiero|no deseo|ya no quiero) recibir (?:mas|nada)",
            rf"no mas{_FILL} {_SENT}",
            rf"(?:paren?|pare|detenga|detengan|cancelen|cancele|cancelar|basta con|basta de|parar"
            rf"|detener){_FILL} {_SENT}",
            r"(?:quite|quiten|borre|borren|elimine|eliminen|saque|saquen|quitar|borrar|eliminar"
            r"|sacar)(?:me|nos)"
            r"(?: \w+){0,2} (?:lista|listas|sistema|base)",
            r"(?:quiten|borren|eliminen|elimine|borre|quite) (?:mi|este) (?:numero|telefono|celular"
            r"|contacto)",
            r"(?:dar|darme|darnos|deme|denme|de|den|dame) de baja",
            r"cancelar (?:mi |la )?suscripcion",
            r"(?:dejenme|dejeme|dejame) en paz",
            r"(?:retiro|revoco) mi (?:consentimiento|permiso|autorizacion)",
        ),
        "wrong-person": (
            r"(?:numero|persona|telefono) (?:equivocad[oa]|incorrect[oa])",
            r"(?:se|te) equivoc\w+(?: de)? (?:numero|persona|telefono)",
            r"(?:ya )?no vive aqui(?: ya)?",
            r"no conozco a (?:ningun|ninguna|esa|nadie|\w+$)",
            r"(?:aqui|aca) no (?:vive|hay|esta) (?:ningun|ninguna|nadie|esa)",
        ),
        "reschedule": (
            rf"(?:cambiar|mover|reprogramar|posponer|aplazar|reagendar|modificar|cambien|cambie"
            rf"|cambiarme){_OWN} {_VISIT}",
            r"(?:otra fecha|otro dia|otra hora|otro horario|otra cita|mas adelante|otro momento)",
            r"(?:reprogramar|reagendar|posponer|aplazar)",
            r"cambiar (?:el|de|la) (?:dia|fecha|hora|horario)",
        ),
        "cancel": (
            rf"(?:cancelar|cancelen|cancele|cancela|cancelo|anular|anulen|anule|cancelarme){_OWN} {_VISIT}",
            r"no (?:puedo|podre|voy a poder|podemos|vamos a poder|puede|podra|puedo yo)(?: ir| asistir"
            r"| llegar| acudir| venir)",
            r"(?:manana|hoy|ese dia|el \w+) no puedo$",
            r"no (?:voy a|vamos a) (?:ir|asistir|llegar|acudir)",
            r"no (?:ire|asistire|llego|llegare|acudire)\b",
        ),
        "confirm": (
            r"(?:ahi|alli|alla) (?:estare|estaremos|voy a estar)",
            rf"(?:confirmo|confirmar){_OWN} {_VISIT}",
            r"si (?:voy a ir|ire|asistire|puedo ir)",
        ),
        "start": (
            r"(?<!no )(?:quiero|deseo) (?:volver a )?recibir",
            r"(?:darme|deme|denme) de alta",
            r"vuelvan a escribirme",
        ),
        "who": (r"^(?:\w+ ){0,2}quien(?:es)? (?:es|eres|son|habla|me escribe|escribe)\b.{0,20}$",),
    },
    negated=(
        r"no (?:\w+ ){0,2}(?:parar|paren|pare|detener|detengan|cancelar|cancelen|cancele|anulen|anule"
        r"|dejen|dejar"
        r"|cambien|cambie|cambiar|den|darme|dar|quiten|borren|confirmar|confirmo|reprogramar|dejes|deje)",
        r"(?:me|han|fue|esta|estaba|por que) (?:\w+ ){0,2}(?:cancelado|cancelada|cancelaron|cancelo la)",
    ),
    courtesies="""
        ahora buenas buenos disculpe disculpen doctor doctora día días estimados favor gracias hola lo mil
        muchas noches ok perdón por porfa porfavor pues saludos señor señora señorita siento tardes xfa ya
    """,
    numbers="cero uno|una|un dos tres cuatro cinco seis siete ocho nueve diez",
    number_words="opción número la el respuesta num",
)
