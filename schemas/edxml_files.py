"""The attachments of a package as its elements name them: manifest and files, paired.

``edXMLManifest/Reference`` and ``AttachmentEncoded/Attachment`` pair one to one by ContentId
(VNPT EdXML102-0.0.3.jar). The bytes are opened by :mod:`schemas.attachments`.
"""

from __future__ import annotations

from schemas import edxml_fields as fields
from schemas.attachments import Unpacked, unpack
from schemas.edxml import Attachment
from schemas.edxml_node import FOUND_MAX, Node

_ENCODED = "ContentTransferEncoded"
_ZIP_TYPES = frozenset({"", "application/zip", "application/x-zip-compressed"})
_PREFIX = "cid:"
_NOTHING = Unpacked(b"", False, 0, ())


def read_files(
    envelope: Node, root: Node, *, files: bool, budget_bytes: int
) -> tuple[Attachment, ...]:
    """Every attachment, opened and measured; its ``data`` is kept only when ``files``.

    ``budget_bytes`` is what all of them may inflate to together.
    """
    manifest = envelope.one("edXMLBody", fields.BODY).one("edXMLManifest", fields.MANIFEST)
    listed: dict[str, list[Node]] = {}
    for reference in manifest.many("Reference", fields.MANIFEST_REFERENCE):
        listed.setdefault(_content_id(reference), []).append(reference)
    read = []
    attached = root.one("AttachmentEncoded", fields.ATTACHMENTS)
    for node in attached.many("Attachment", fields.ATTACHMENT):
        content_id = _content_id(node)
        twins = listed.get(content_id)
        listing = twins.pop(0) if twins else None
        if listing is None and content_id:
            node.warn("attachment.unmatched", "ContentId", content_id=content_id)
        attachment, inflated = _attachment(node, listing, content_id, files, budget_bytes)
        budget_bytes -= inflated
        read.append(attachment)
    for content_id, left in listed.items():
        for lonely in left:
            lonely.warn("attachment.unmatched", "ContentId", content_id=content_id)
    return tuple(read)


def _content_id(node: Node) -> str:
    """The content id with one ``cid:``; packages that were rebuilt from a parsed one have two."""
    content_id = node.required("ContentId")
    if content_id.startswith(_PREFIX * 2):
        node.warn("attachment.doubled_cid", "ContentId", content_id=content_id[:FOUND_MAX])
        while content_id.startswith(_PREFIX * 2):
            content_id = content_id[len(_PREFIX) :]
    return content_id


def _attachment(
    node: Node, reference: Node | None, content_id: str, files: bool, budget_bytes: int
) -> tuple[Attachment, int]:
    """One attachment, and how many bytes it inflated to."""
    name = node.text("AttachmentName") or (reference.text("AttachmentName") if reference else "")
    if not name:
        node.error("edxml.missing", "AttachmentName", element="AttachmentName")
    encoded = node.required(_ENCODED)
    unpacked = _opened(node, name, encoded, files, budget_bytes) if encoded else _NOTHING
    if unpacked.zipped:
        for said in (node, reference) if reference else (node,):
            label = said.text("ContentType")
            if label.lower() not in _ZIP_TYPES:
                said.warn("attachment.mislabelled", "ContentType", name=name, found=label)
    attachment = Attachment(
        content_id=content_id,
        name=name,
        data=unpacked.data,
        description=node.text("Description")
        or (reference.text("Description") if reference else ""),
        content_type=node.text("ContentType") or "application/zip",
        encoded_bytes=len(encoded),
    )
    return attachment, unpacked.inflated


def _opened(node: Node, name: str, encoded: str, files: bool, budget_bytes: int) -> Unpacked:
    unpacked = unpack(encoded.encode(), budget_bytes=budget_bytes, files=files)
    for code, severity, detail in unpacked.faults:
        note = node.error if severity == "error" else node.warn
        note(code, _ENCODED, name=name, **detail)
    return unpacked
