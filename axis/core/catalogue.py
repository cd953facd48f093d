"""The error catalogue: every code, its HTTP status, its VXP number, its words in two languages.

Codes are never renamed. ``vxp`` is the number a VXP client gets (the table of the Lạng Sơn guide,
which cites section 4 of the VPCP technical guide; whether the national axis used the same numbers
is not known). Sentences take their details by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from axis.core.catalogue_form import FORM, TRAFFIC
from axis.core.catalogue_replays import JOBS, PLANS
from axis.core.catalogue_requests import REQUESTS


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: HTTP status, VXP number, one sentence in English and one in Vietnamese."""

    status: int
    vxp: int
    en: str
    vi: str


def _rows(status: int, vxp: int, rows: Mapping[str, tuple[str, str]]) -> dict[str, Entry]:
    return {code: Entry(status, vxp, en, vi) for code, (en, vi) in rows.items()}


_RULES = {
    "recipient.twice": (
        "{organ_id} is named twice as recipient.",
        "{organ_id} được ghi hai lần ở nơi nhận.",
    ),
    "document.secret": (
        "The package is marked secret; secret documents do not enter the axis.",
        "Gói tin mang dấu mật; văn bản mật không được gửi qua trục.",
    ),
    "signature.broken": (
        "The package signature does not hold: {reason}.",
        "Chữ ký gói tin không hợp lệ: {reason}.",
    ),
    "signature.untrusted": (
        "The signing certificate is not trusted: {reason}.",
        "Chứng thư ký không được tin cậy: {reason}.",
    ),
    "certificate.bad": (
        "The certificate cannot be trusted: {reason}.",
        "Không thể tin cậy chứng thư số: {reason}.",
    ),
    "signature.absent": ("The package has no signature.", "Gói tin không có chữ ký."),
    "signature.weak": ("The package signature uses SHA-1.", "Chữ ký gói tin dùng SHA-1."),
}

_CONFLICTS = {
    "document.conflict": (
        "{recipient} already has another document {document_id} (accepted as {doc}).",
        "{recipient} đã có văn bản khác mang mã {document_id} (đã nhận là {doc}).",
    ),
    "lifecycle.backwards": (
        "{code} cannot follow: the delivery is already {state}.",
        "Không thể báo {code}: văn bản đã ở trạng thái {state}.",
    ),
    "lifecycle.ended": (
        "{code} cannot follow: {state} is the last state.",
        "Không thể báo {code}: {state} là trạng thái cuối.",
    ),
    "lifecycle.not_asked": (
        "{code} answers a request, and none is open.",
        "{code} là trả lời yêu cầu, nhưng không có yêu cầu nào đang chờ.",
    ),
    "delivery.not_parked": (
        "Only a parked delivery can be reset; this one is {state}.",
        "Chỉ đặt lại được văn bản đang tạm giữ; văn bản này {state}.",
    ),
    "delivery.ambiguous": (
        "Several packages of that DocumentId are open; confirm one first, or name the delivery.",
        "Có nhiều gói tin mang mã văn bản này đang chờ; hãy xác nhận trước hoặc nêu lượt gửi.",
    ),
    "delivery.locked": (
        "The recipient is locked; unlock it first.",
        "Đơn vị nhận đang bị khóa; hãy mở khóa trước.",
    ),
    "document.recalled": (
        "Its sender has recalled it; name it to give it back all the same.",
        "Bên gửi đã thu hồi văn bản; muốn trả lại thì phải nêu đích danh.",
    ),
    "document.replaced": (
        "Its sender has replaced it; name it to give it back all the same.",
        "Bên gửi đã thay thế văn bản; muốn trả lại thì phải nêu đích danh.",
    ),
    "document.taken_back": (
        "Its sender has asked it back; name it to give it back all the same.",
        "Bên gửi đã yêu cầu lấy lại văn bản; muốn trả lại thì phải nêu đích danh.",
    ),
    "package.damaged": (
        "The bytes of the package are not those that were accepted any more.",
        "Nội dung gói tin không còn đúng như khi tiếp nhận.",
    ),
    "delivery.damaged": (
        "Its rows in the books are damaged; an audit tells what is wrong.",
        "Dòng ghi trong sổ bị hỏng; lệnh kiểm tra sổ (audit) cho biết sai lệch.",
    ),
    "delivery.not_done": (
        "Only what is done can be given back; this one is {state}.",
        "Chỉ trả lại được văn bản đã nhận xong; văn bản này {state}.",
    ),
    "delivery.given_back": (
        "It is being given back already.",
        "Văn bản này đang được trả lại rồi.",
    ),
    "agency.exists": ("{code} is in the directory already.", "{code} đã có trong danh mục."),
    "certificate.exists": (
        "The certificate is on the trust list already, of {agency}.",
        "Chứng thư số đã có trong danh sách tin cậy, của {agency}.",
    ),
}

CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    _rows(422, 22, FORM)
    | _rows(422, 22, TRAFFIC)
    | _rows(422, 22, _RULES)
    | _rows(422, 22, PLANS)
    | _rows(409, 21, _CONFLICTS)
    | _rows(409, 21, JOBS)
    | {
        code: entry
        for status, words in REQUESTS.items()
        for code, entry in _rows(status, 10, words).items()
    }
    | {
        "package.too_large": Entry(
            413,
            10,
            "The package has {size} bytes; {limit} are allowed.",
            "Gói tin có {size} byte, tối đa {limit}.",
        ),
        "recipient.unknown": Entry(
            422,
            18,
            "Not in the directory: {organ_ids}.",
            "Không có trong danh mục: {organ_ids}.",
        ),
        "recipient.locked": Entry(
            422,
            23,
            "Locked, nothing can be sent to: {organ_ids}.",
            "Đang bị khóa, không gửi được đến: {organ_ids}.",
        ),
        "sender.unknown": Entry(
            422,
            19,
            "The sender {organ_id} is not in the directory.",
            "Bên gửi {organ_id} chưa đăng ký.",
        ),
        "sender.not_caller": Entry(
            403,
            15,
            "The package is from {sender}; the caller is {caller}.",
            "Gói tin của {sender}, còn người gọi là {caller}.",
        ),
        "agency.locked": Entry(403, 23, "{code} is locked.", "{code} đang bị khóa."),
        "agency.unknown": Entry(
            404, 18, "{code} is not in the directory.", "{code} không có trong danh mục."
        ),
        "certificate.unknown": Entry(
            404, 18, "{named} has no certificate here.", "{named} không có chứng thư số ở đây."
        ),
        "status.not_yours": Entry(
            403,
            22,
            "Status {code} is said by the {speaker} of a document.",
            "Trạng thái {code} chỉ do {speaker} của văn bản báo.",
        ),
        "auth.missing": Entry(
            401, 15, "A bearer token is needed.", "Cần mã truy cập (bearer token)."
        ),
        "auth.bad_client": Entry(
            401, 15, "Client id or secret is wrong.", "Sai mã hệ thống hoặc khóa bí mật."
        ),
        "auth.bad_token": Entry(
            401,
            15,
            "The token is damaged or not of this axis.",
            "Mã truy cập hỏng hoặc không phải của trục này.",
        ),
        "auth.expired": Entry(
            401,
            15,
            "The token has ended; ask for another one.",
            "Mã truy cập đã hết hạn; hãy xin mã mới.",
        ),
        "auth.role": Entry(403, 15, "This needs the role {role}.", "Việc này cần vai trò {role}."),
        "auth.grant": Entry(
            400,
            15,
            "Only grant_type=client_credentials is served.",
            "Chỉ hỗ trợ grant_type=client_credentials.",
        ),
        "auth.history": Entry(
            403,
            15,
            "Axis-Occurred-At needs the scope history, which this axis does not give.",
            "Axis-Occurred-At cần quyền history, trục này không cấp.",
        ),
        "document.not_found": Entry(404, 21, "There is no such document.", "Không có văn bản này."),
        "delivery.not_found": Entry(
            404, 21, "There is no such delivery.", "Không có lượt gửi này."
        ),
        "replay.not_found": Entry(
            404, 21, "There is no such replay job.", "Không có việc phát lại này."
        ),
        "replay.lost": Entry(
            409,
            21,
            "Another process drives the job, or it was stopped.",
            "Tiến trình khác đang chạy việc phát lại, hoặc việc đã dừng.",
        ),
        "reason.missing": Entry(
            422,
            22,
            "This act needs a reason ({field}).",
            "Thao tác này phải ghi lý do ({field}).",
        ),
        "axis.busy": Entry(
            503, 20, "The axis is busy; repeat the request.", "Trục đang bận; hãy gửi lại yêu cầu."
        ),
        "axis.stopping": Entry(
            503, 20, "The axis is stopping; repeat the request.", "Trục đang dừng; hãy gửi lại."
        ),
        "axis.store_away": Entry(
            503,
            20,
            "The store does not answer; repeat the request.",
            "Kho dữ liệu không trả lời; hãy gửi lại yêu cầu.",
        ),
        "axis.disk_full": Entry(
            507,
            20,
            "The disk is full: nothing new is accepted, reading goes on.",
            "Đĩa đã đầy: không nhận văn bản mới, vẫn đọc được.",
        ),
        "axis.package_damaged": Entry(
            500,
            20,
            "The axis no longer has the package {sha256} whole; ask its sender to send it again.",
            "Trục không còn giữ nguyên vẹn gói tin {sha256}; hãy đề nghị bên gửi gửi lại.",
        ),
        "axis.books_damaged": Entry(
            500,
            20,
            "The books are damaged: {what}. An audit tells all that is wrong.",
            "Sổ bị hỏng: {what}. Lệnh kiểm tra sổ (audit) cho biết mọi sai lệch.",
        ),
        "axis.internal": Entry(
            500, 20, "A fault of the axis; it was recorded.", "Lỗi của trục; đã được ghi lại."
        ),
    }
)
