"""The words of the error catalogue about what a package or a file holds: English, Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, tuple[str, str]]

#: The form of a package.
FORM: Final[Words] = {
    "package.empty": ("The request has no body.", "Yêu cầu không có nội dung."),
    "edxml.not_xml": (
        "The package is not well-formed XML: {message}.",
        "Gói tin không phải XML hợp lệ: {message}.",
    ),
    "edxml.encoding": (
        "The package is not UTF-8 but {found}.",
        "Gói tin không dùng mã UTF-8 mà là {found}.",
    ),
    "edxml.leading_garbage": (
        "{count} bytes stand before the XML declaration: {found}.",
        "Có {count} byte thừa trước khai báo XML: {found}.",
    ),
    "edxml.doctype": (
        "A package may not carry a DOCTYPE or entities.",
        "Gói tin không được chứa DOCTYPE hay thực thể.",
    ),
    "edxml.too_deep": (
        "Elements are nested deeper than {limit}.",
        "Các phần tử lồng nhau sâu quá {limit} cấp.",
    ),
    "edxml.too_many": ("There are more than {limit} elements.", "Có quá {limit} phần tử."),
    "edxml.too_many_attributes": (
        "An element has more than {limit} attributes, or more prefixes are declared.",
        "Một phần tử có quá {limit} thuộc tính, hoặc có quá nhiều tiền tố được khai báo.",
    ),
    "edxml.namespace": (
        "The namespace is {found}, not {expected}.",
        "Không gian tên là {found}, phải là {expected}.",
    ),
    "edxml.root": (
        "The root element is {found}, not edXML.",
        "Phần tử gốc là {found}, phải là edXML.",
    ),
    "edxml.missing": ("{element} is missing or empty.", "Thiếu {element} hoặc để trống."),
    "edxml.repeated": ("{element} may stand only once.", "{element} chỉ được xuất hiện một lần."),
    "edxml.too_long": (
        "{element} has {length} characters; {limit} are allowed.",
        "{element} dài {length} ký tự, tối đa {limit}.",
    ),
    "edxml.value": (
        "{element} is '{found}'; expected {expected}.",
        "{element} có giá trị '{found}', cần {expected}.",
    ),
    "edxml.date_order": (
        "{element} is written dd/MM/yyyy ('{found}'); it was read so, but yyyy/MM/dd is the format.",
        "{element} viết theo dd/MM/yyyy ('{found}'); đã đọc như vậy, nhưng quy định là yyyy/MM/dd.",
    ),
    "edxml.unknown": (
        "{element} is not an element of the format.",
        "{element} không có trong định dạng.",
    ),
    "edxml.priority": (
        "Priority {found} is not 0 to 4; it is read as 0 (normal).",
        "Độ khẩn {found} không thuộc 0 đến 4; được hiểu là 0 (thường).",
    ),
    "edxml.schema": (
        "The package breaks the schema: {message}.",
        "Gói tin không đúng lược đồ: {message}.",
    ),
    "attachment.unmatched": (
        "Manifest and attachments do not agree on {content_id}.",
        "Danh mục và tệp đính kèm không khớp ở {content_id}.",
    ),
    "attachment.doubled_cid": (
        "The content id {content_id} has the prefix cid: twice.",
        "Mã nội dung {content_id} có tiền tố cid: hai lần.",
    ),
    "attachment.base64": ("Attachment {name} is not base64.", "Tệp {name} không phải base64."),
    "attachment.not_zip": (
        "Attachment {name} is no zip that can be opened; its bytes are carried as they are.",
        "Tệp {name} không phải tệp zip mở được; được chuyển nguyên trạng.",
    ),
    "attachment.mislabelled": (
        "Attachment {name} says {found} but holds a zip.",
        "Tệp {name} ghi là {found} nhưng bên trong là zip.",
    ),
    "attachment.entries": (
        "The zip of {name} has {count} entries; one is expected.",
        "Tệp zip của {name} có {count} mục; cần đúng một.",
    ),
    "attachment.bomb": (
        "Attachment {name} inflates to {size} bytes; {limit} are allowed.",
        "Tệp {name} giải nén thành {size} byte; tối đa {limit}.",
    ),
    "attachment.size_lies": (
        "Attachment {name} declares {declared} bytes and holds {found}.",
        "Tệp {name} khai {declared} byte nhưng có {found}.",
    ),
    "attachment.damaged": (
        "Attachment {name} was damaged by text decoding (U+FFFD inside).",
        "Tệp {name} bị hỏng do giải mã văn bản (có U+FFFD bên trong).",
    ),
    "status.unknown_code": (
        "Status {found} is not one of 01 to 06, 13, 15, 16.",
        "Trạng thái {found} không thuộc 01 đến 06, 13, 15, 16.",
    ),
    "status.reason_missing": ("Status {code} needs a reason.", "Trạng thái {code} phải kèm lý do."),
    "document.id_disagrees": (
        "DocumentId says {found}, the code and date say {expected}.",
        "DocumentId là {found}, còn số ký hiệu và ngày là {expected}.",
    ),
    "document.future": (
        "The promulgation date {found} lies in the future.",
        "Ngày ban hành {found} ở tương lai.",
    ),
    "business.missing": (
        "BussinessDocType {doc_type} needs {element}.",
        "BussinessDocType {doc_type} cần có {element}.",
    ),
    "package.kind": (
        "This door takes a {expected} package, not a {found} package.",
        "Cổng này nhận gói {expected}, không nhận gói {found}.",
    ),
}

#: A traffic file (``schemas.traffic_lines``), and what it says.
TRAFFIC: Final[Words] = {
    "traffic.format": ("This is no traffic file.", "Đây không phải tệp lưu lượng."),
    "traffic.version": (
        "The file is {found}; axis-traffic version 1 is read here.",
        "Tệp là {found}; ở đây chỉ đọc axis-traffic phiên bản 1.",
    ),
    "traffic.cut_short": (
        "The file was cut short: it ends after {rows} whole rows, without its closing line.",
        "Tệp bị cắt ngắn: hết sau {rows} dòng nguyên vẹn, thiếu dòng kết thúc.",
    ),
    "traffic.edited": (
        "The line does not hold to its digest: it was changed, or one before it was taken away.",
        "Dòng không khớp mã băm: đã bị sửa, hoặc dòng trước nó đã bị bỏ.",
    ),
    "traffic.damaged": (
        "The file cannot be unpacked: {message}.",
        "Không giải nén được tệp: {message}.",
    ),
    "traffic.row": ("The line cannot be read: {message}.", "Không đọc được dòng: {message}."),
    "traffic.too_many": (
        "The file has more than {limit} rows.",
        "Tệp có quá {limit} dòng.",
    ),
    "traffic.none": ("There is no document in it.", "Không có văn bản nào."),
    "traffic.order": (
        "The row does not come behind the one before it: its number is {found}.",
        "Dòng không đứng sau dòng trước: số của nó là {found}.",
    ),
    "traffic.agency": (
        "{message}: {codes}.",
        "{message}: {codes}.",
    ),
    "traffic.time": (
        "{what} at {found} cannot be: {message}.",
        "{what} ({found}) là không thể: {message}.",
    ),
    "traffic.state": (
        "What happened to {recipient} cannot have: {message}.",
        "Diễn biến ở {recipient} là không thể: {message}.",
    ),
    "traffic.package": (
        "The package is not what the row says: {message}.",
        "Gói tin không đúng như dòng mô tả: {message}.",
    ),
}
