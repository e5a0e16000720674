"""What the sender's domain says of its mail in the DNS, and what receivers make of it. Pure.

Sources: RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC); https://support.google.com/a/answer/81126 on who must have
which of them.
"""

import re
from collections.abc import Sequence

from yibao.health import HealthCheck, fail_check, pass_check, warn

SPF, DKIM, DMARC = "SPF", "DKIM", "DMARC"
#: Names that RFC 2606 and RFC 6761 keep for examples and for machines without a name.
_RESERVED = re.compile(r"(?:.+\.)?(?:example|example\.(?:com|net|org)|test|invalid|localhost)", re.IGNORECASE)
_KEY = re.compile(r"(?:^|;)\s*p=([^;]*)")


def is_reserved(domain: str) -> bool:
    """Tell whether nobody can have this domain: mail in its name is refused everywhere."""
    return _RESERVED.fullmatch(domain) is not None


def judge_spf(domain: str, records: Sequence[str]) -> HealthCheck:
    """Judge the TXT records of the domain: exactly one is of SPF, and does not let everybody send."""
    policies = [record for record in records if re.match(r"v=spf1(?: |$)", record, re.IGNORECASE)]
    if not policies:
        return warn(SPF, f"{domain} names no servers that may send its mail", _advise(domain, "v=spf1 mx -all"))
    if len(policies) > 1:
        return fail_check(SPF, f"{domain} has {len(policies)} records, and receivers heed none", "Leave one of them.")
    if re.search(r"(?:^| )\+?all(?: |$)", policies[0], re.IGNORECASE):
        return fail_check(SPF, f"{domain} lets every machine send its mail: {policies[0]}", "End the record with -all.")
    return pass_check(SPF, f"{domain}: {policies[0]}")


def judge_dkim(name: str, records: Sequence[str], wanted: str) -> HealthCheck:
    """Judge the TXT records at `SELECTOR._domainkey.DOMAIN`: one has the key with which we sign."""
    key = _find_key(wanted)
    found = [_find_key(record) for record in records]
    if key in found:
        return pass_check(DKIM, f"{name} has the key with which mail is signed")
    remedy = _advise(name, wanted)
    if not any(found):
        return fail_check(DKIM, f"{name} has no key: every signature of ours fails", remedy)
    return fail_check(DKIM, f"{name} has another key than newsletter.dkim_key: every signature of ours fails", remedy)


def judge_dmarc(domain: str, records: Sequence[str]) -> HealthCheck:
    """Judge the TXT records at `_dmarc.DOMAIN`: one of them is a policy."""
    policies = [record for record in records if record.lower().startswith("v=dmarc1")]
    if len(policies) == 1:
        return pass_check(DMARC, f"{domain}: {policies[0]}")
    found = "no policy" if not policies else f"{len(policies)} policies, and receivers heed none"
    return warn(
        DMARC, f"{domain} has {found}; large receivers want one", _advise(f"_dmarc.{domain}", "v=DMARC1; p=none")
    )


def _find_key(record: str) -> str:
    match = _KEY.search(record)
    return "".join(match[1].split()) if match else ""


def _advise(name: str, value: str) -> str:
    return f"Publish a TXT record at {name}: {value}"
