"""The operator's door to who takes part: the directory, client secrets, the trust list."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from axis.api import views
from axis.api.given import TheAxis, TheCaller, TheOverseer, read_model
from axis.api.operator import CodePath
from axis.api.problems import invalid
from axis.api.wire import Json
from axis.core.caller import OPERATOR
from axis.core.directory import Agency
from axis.core.member_commands import Revoked
from axis.core.timetable import iso
from axis.core.trust import Certificate
from schemas import rest_books, rest_members, rest_operator, rest_words

#: QĐ 28/2018 art. 10.2a: a connected agency has zeros in the groups of its units.
_AGENCY = re.compile(rest_words.AGENCY_PATTERN)

CertificatePath = Annotated[
    str, Path(description="Its SHA-256 in hex, or the code of an agency: all that are its.")
]

router = APIRouter(prefix="/v1/operator", tags=["Operators"])


@router.get(
    "/certificates",
    operation_id="certificates",
    summary="The trust list",
    response_description="The certificates of the trust list.",
    response_model=rest_members.Certificates,
)
async def certificates(
    axis: TheAxis,
    caller: TheOverseer,
    agency: Annotated[str, Query(max_length=40, description="Only those of this agency.")] = "",
) -> Response:
    """Whose signatures hold, and how long; those that were revoked too."""
    if agency:
        agency = axis.members.agency(agency, "query.agency").code
    found = await axis.oversight.certificates(caller, agency)
    return Json({"certificates": [_certificate(one) for one in found]})


@router.post(
    "/agencies/{code}/certificates",
    operation_id="certify",
    summary="Trust a certificate of an agency",
    response_description="The certificate is trusted from now on.",
    response_model=rest_members.CertificateLine,
    status_code=201,
)
async def certify(request: Request, axis: TheAxis, caller: TheCaller, code: CodePath) -> Response:
    """From now on, beside those that the agency has. The axis's trust root must have issued it, for
    a key that signs packages; one that was revoked is never trusted again.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_members.NewCertificate)
    made = await axis.oversight.certify(caller, code, asked.certificate, asked.why)
    return Json(_certificate(made), status_code=201)


@router.post(
    "/certificates/{certificate}/revoke",
    operation_id="revoke",
    summary="Distrust a certificate from now on",
    response_description="What is not trusted any more.",
    response_model=rest_members.Revoked,
)
async def revoke(
    request: Request, axis: TheAxis, caller: TheCaller, certificate: CertificatePath
) -> Response:
    """What was signed with it before stays good; a package sent from now on is refused."""
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_operator.Why)
    outcome = await axis.oversight.revoke(caller, certificate, asked.why)
    return Json(_revoked(outcome))


@router.post(
    "/agencies",
    operation_id="register",
    summary="Add an agency to the directory",
    response_description="The agency is in the directory.",
    response_model=rest_books.AgencyLine,
    status_code=201,
)
async def register(request: Request, axis: TheAxis, caller: TheCaller) -> Response:
    """Documents can be sent to it at once. It comes for them with a secret, and what it sends is
    signed with a certificate: both are given to it by acts of their own.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_members.NewAgency)
    if not _AGENCY.fullmatch(asked.code):
        raise invalid(
            "code",
            "is no code of an agency, such as 000.00.00.H99",
            "không phải mã cơ quan, ví dụ 000.00.00.H99",
        )
    agency = Agency(
        code=asked.code,
        name_vi=asked.name_vi,
        name_en=asked.name_en,
        kind=asked.kind,
        level=asked.level,
        certainty=f"stated: registered by {caller.id}",
    )
    await axis.oversight.register(caller, agency, asked.why)
    return Json(views.agency(agency), status_code=201)


@router.post(
    "/agencies/{code}/secret",
    operation_id="secret",
    summary="Give an agency another secret",
    response_description="Its new secret, told this once.",
    response_model=rest_members.Secret,
)
async def secret(request: Request, axis: TheAxis, caller: TheCaller, code: CodePath) -> Response:
    """Its first, or one in place of what it has, which opens nothing more; tokens that were given
    out for that live on for their quarter of an hour. It is told once: the books keep a digest.
    """
    caller.needs(OPERATOR)
    asked = await read_model(request, rest_operator.Why)
    client_id, client_secret = await axis.oversight.renew_secret(caller, code, asked.why)
    told = {"client_id": client_id, "client_secret": client_secret}
    return Json(told, headers={"cache-control": "no-store"})


def _certificate(found: Certificate) -> dict[str, Any]:
    """A certificate of the trust list."""
    return {
        "fingerprint": found.fingerprint,
        "agency": found.agency,
        "not_before": iso(found.not_before),
        "not_after": iso(found.not_after),
        "revoked_at": None if found.revoked_at is None else iso(found.revoked_at),
    }


def _revoked(outcome: Revoked) -> dict[str, Any]:
    """What a revocation came to."""
    certificates = [
        {
            "fingerprint": certificate.fingerprint,
            "agency": certificate.agency,
            "revoked_at": iso(certificate.revoked_at or 0),
        }
        for certificate in outcome.certificates
    ]
    return {"changed": outcome.changed, "certificates": certificates}
