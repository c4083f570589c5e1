"""Whether the signed-in person is the operator that a connection names."""

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Identity
from kbq_tui.model.problem import Context, Problem


def other_operator(operator: str, connection: str, identity: Identity) -> Problem | None:
    """Return the problem if the login is not the connection's operator; None if it is.

    Args:
        operator: the e-mail in the connection's file.
        connection: its name.
        identity: who is signed in. If Google does not say who, it counts as another person.
    """
    if identity.principal.casefold() == operator.casefold():
        return None
    signed_in = identity.principal or message("somebody whose e-mail Google does not tell")
    return catalogue.problem(
        Code.OTHER_OPERATOR, Context(operator=operator), signed_in=signed_in, connection=connection, operator=operator
    )
