"""Reports of failed mail as mail servers write them, about messages of ours."""

from email.message import EmailMessage


def delivery_report(*blocks, to="bounces@example.org", quoted="", sender="MAILER-DAEMON@mx.example", text="Sorry."):
    """A report by RFC 3464; each block is one recipient's fields, `quoted` the header of the message it is about."""
    fields = "\n\n".join(("Reporting-MTA: dns; mx.example", *blocks))
    return (
        f"Return-Path: <>\nDelivered-To: {to}\nFrom: Mail System <{sender}>\nTo: {to}\nSubject: Undelivered Mail\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{text}\n\n"
        f"--b\nContent-Type: message/delivery-status\n\n{fields}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{quoted}\n\n--b--\n"
    ).encode()


def failure(email, status="5.1.1", action="failed", said="550 5.1.1 no such user", original=""):
    """One recipient's fields."""
    return (
        (f"Original-Recipient: rfc822; {original}\n" if original else "")
        + f"Final-Recipient: rfc822; {email}\nAction: {action}\nStatus: {status}"
        + (f"\nDiagnostic-Code: smtp; {said}" if said else "")
    )


def complaint(kind="abuse", quoted="", more="", to="bounces@example.org"):
    """A feedback report by RFC 5965."""
    return (
        f"From: <fbl@provider.example>\nTo: {to}\nSubject: FW: Your newsletter\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nVersion: 1\n{more}\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{quoted}\nSubject: news\n\nnews\n\n--b--\n"
    ).encode()


def plain(subject, text, sender="MAILER-DAEMON@mx.example", **headers):
    """A message of plain text, such as a server without a standard or an absent person's program sends."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "bounces@example.org", subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()
