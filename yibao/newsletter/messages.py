"""A message ready for a mail server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its envelope."""

    message_id: str
    #: Where the server reports a failure, as it is told in MAIL FROM.
    return_path: str
    #: As the server is told in RCPT TO. Not ASCII only where the part before the @ is not.
    recipient: str
    #: Headers and body, lines ended by CRLF; no line of it is longer than 998 bytes.
    content: bytes
