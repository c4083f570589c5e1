"""Whether the person who is signed in is the one that a connection names."""

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Identity
from kbq_tui.model.problem import Context, Problem


def other_operator(operator: str, connection: str, identity: Identity) -> Problem | None:
    """Return the problem that another login is used than the connection's operator; None where it is the same.

    Args:
        operator: the e-mail in the connection's file.
        connection: its name.
        identity: who is signed in. Where Google does not say who, that is not the operator.
    """
    if identity.principal.casefold() == operator.casefold():
        return None
    signed_in = identity.principal or message("somebody whose e-mail Google does not tell")
    return catalogue.problem(
        Code.OTHER_OPERATOR, Context(operator=operator), signed_in=signed_in, connection=connection, operator=operator
    )
