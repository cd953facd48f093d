"""Receipts: the axis's signed word that it accepted a package.

A receipt is a function of the document in the books alone and Ed25519 is deterministic, so the
same document gives the same bits every time it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axis.api.problems import told
from axis.api.wire import canonical
from axis.core.document import Document
from axis.core.errors import Fault
from axis.core.timetable import iso
from axis.ports import Signer

RECEIPT_TYPE = "axis-receipt+jws"
#: Grows when a field of the signed part is added or changes its meaning.
VERSION = 1


def receipt(document: Document, signer: Signer) -> dict[str, Any]:
    """Return the receipt of ``document``: what is signed, its warnings, and the compact JWS."""
    signed = _signed(document)
    return _whole(document, signed, signer.sign(canonical(signed), RECEIPT_TYPE))


async def receipts(documents: Sequence[Document], signer: Signer) -> list[dict[str, Any]]:
    """Return the receipt of each, signed wherever there is a processor for it."""
    signed = [_signed(document) for document in documents]
    jws = await signer.sign_all([canonical(one) for one in signed], RECEIPT_TYPE)
    return list(map(_whole, documents, signed, jws))


def _signed(document: Document) -> dict[str, Any]:
    return {
        "version": VERSION,
        "doc": document.id,
        "sender": document.sender,
        "document_id": document.document_id,
        "sha256": document.sha256,
        "seq": document.seq,
        "occurred_at": iso(document.occurred_at),
        "recorded_at": iso(document.recorded_at),
        "verdict": document.verdict,
        "deliveries": list(document.delivery_ids()),
    }


def _whole(document: Document, signed: dict[str, Any], jws: str) -> dict[str, Any]:
    return {**signed, "warnings": warnings(document), "receipt": jws}


def warnings(document: Document) -> list[dict[str, str]]:
    """Return what was odd about the package and no reason to refuse it."""
    return [
        told(Fault(warning["code"], warning["place"], warning))
        for warning in document.meta.get("warnings", ())
    ]
