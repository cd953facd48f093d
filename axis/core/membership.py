"""Decide commands about who takes part: the directory, client secrets, the trust list."""

from __future__ import annotations

from dataclasses import replace

from axis.core.commands import Outcome, Recorded, Refused
from axis.core.errors import Fault
from axis.core.ledger import Ledger
from axis.core.member_commands import Certify, MemberCommand, Register, Renew, Revoke, Revoked


def decide(ledger: Ledger, command: MemberCommand) -> Outcome:
    """Decide one of them."""
    match command:
        case Register():
            return _register(ledger, command)
        case Renew():
            return _renew(ledger, command)
        case Certify():
            return _certify(ledger, command)
        case Revoke():
            return _revoke(ledger, command)


def _register(ledger: Ledger, command: Register) -> Outcome:
    if command.agency.code in ledger.facts.agencies:
        return Refused(Fault("agency.exists", "", {"code": command.agency.code}))
    ledger.agency(command.agency)
    ledger.changes.audits.append(command.audit)
    return Recorded()


def _renew(ledger: Ledger, command: Renew) -> Outcome:
    if command.agency not in ledger.facts.agencies:
        return Refused(Fault("agency.unknown", "", {"code": command.agency}))
    ledger.changes.secrets[command.agency] = command
    ledger.changes.audits.append(command.audit)
    return Recorded()


def _certify(ledger: Ledger, command: Certify) -> Outcome:
    certificate = command.certificate
    if certificate.agency not in ledger.facts.agencies:
        return Refused(Fault("agency.unknown", "", {"code": certificate.agency}))
    known = ledger.facts.certificates.get(certificate.fingerprint)
    if known is not None:
        # Of another agency, or revoked, it may be: neither is undone from here.
        return Refused(Fault("certificate.exists", "certificate", {"agency": known.agency}))
    ledger.certificate(certificate)
    ledger.changes.audits.append(command.audit)
    return Recorded()


def _revoke(ledger: Ledger, command: Revoke) -> Outcome:
    meant = [
        certificate
        for certificate in ledger.facts.certificates.values()
        if command.fingerprint == certificate.fingerprint or command.agency == certificate.agency
    ]
    if not meant:
        named = command.fingerprint or command.agency
        return Refused(Fault("certificate.unknown", "", {"named": named}))
    ledger.changes.audits.append(command.audit)
    fresh = [certificate for certificate in meant if certificate.revoked_at is None]
    for certificate in fresh:
        ledger.certificate(replace(certificate, revoked_at=command.audit.now))
    standing = ledger.facts.certificates
    return Revoked(tuple(standing[c.fingerprint] for c in meant), len(fresh))
