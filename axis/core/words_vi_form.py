"""What is said of the form of a package inside Vietnamese sentences.

Some of it is said by libxml2: its common sentences are translated, the others are quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axis.core.glossary import Glossary

_STRANGER: Final = "thư viện XML báo “{0}”"

#: What a value should be (``schemas.edxml_node``, ``schemas.organ``).
_EXPECTED: Final = Glossary(
    {
        "2 to 4 groups of 2 or 3 capitals or digits between dots, at most 13 characters": (
            "2 đến 4 nhóm, mỗi nhóm 2 hoặc 3 chữ in hoa hay chữ số, ngăn bằng dấu chấm, "
            "tối đa 13 ký tự"
        ),
        "true or false, 1 or 0": "true hoặc false, 1 hoặc 0",
        "yyyy/MM/dd": "ngày dạng yyyy/MM/dd",
        "yyyy/MM/dd HH:mm:ss": "thời điểm dạng yyyy/MM/dd HH:mm:ss",
    },
    {
        r"a number from (\d+) to (\d+)": "số từ {0} đến {1}",
        r"(\d+) to (\d+)": "{0} đến {1}",
    },
)
_ENCODINGS: Final = Glossary(
    patterns={r"a text with the byte (0x[0-9A-F]{2})": "văn bản có byte {0}"}
)
#: Why bytes are no XML: our own words (``schemas.edxml_parse``), then those of libxml2.
_NOT_XML: Final = Glossary(
    {
        "a NUL byte stands in the text": "có byte NUL trong văn bản",
        "Document is empty": "tài liệu rỗng",
        "Start tag expected, '<' not found": "không thấy thẻ mở đầu '<'",
        "Extra content at the end of the document": "có nội dung thừa sau phần tử gốc",
        "expected '>'": "thiếu dấu '>'",
        "StartTag: invalid element name": "tên phần tử không hợp lệ",
        "Unescaped '<' not allowed in attributes values": (
            "giá trị thuộc tính có dấu '<' chưa được mã hóa"
        ),
        "EntityRef: expecting ';'": "tham chiếu thực thể thiếu dấu ';'",
        "xmlParseEntityRef: no name": "dấu '&' chưa được mã hóa",
        "XML declaration allowed only at the start of the document": (
            "khai báo XML chỉ được đứng đầu tài liệu"
        ),
        "Sequence ']]>' not allowed in content": "nội dung không được chứa chuỗi ']]>'",
        "Comment not terminated": "chú thích chưa đóng",
        "Blank needed here": "thiếu khoảng trắng",
    },
    {
        r"it begins with (.*)": "mở đầu bằng {0}",
        r"its declaration has more than (\d+) bytes": "khai báo XML dài quá {0} byte",
        r"its declaration says XML (.*), and not 1\.0": "khai báo ghi XML {0}, không phải 1.0",
        r"Opening and ending tag mismatch: (\S+) line (\d+) and (\S+)": (
            "thẻ mở {0} ở dòng {1} không khớp thẻ đóng {2}"
        ),
        r"Premature end of data in tag (\S+) line (\d+)": (
            "tài liệu kết thúc khi thẻ {0} ở dòng {1} chưa đóng"
        ),
        r"Couldn't find end of Start Tag (\S+).*": "thẻ mở {0} chưa kết thúc",
        r"error parsing attribute name|attributes construct error": "thuộc tính viết sai",
        r"AttValue: .* expected": "giá trị thuộc tính phải đặt trong dấu nháy",
        r"Specification mandates value for attribute (\S+)": "thuộc tính {0} thiếu giá trị",
        r"Attribute (\S+) redefined": "thuộc tính {0} bị lặp",
        r"(?:xmlParseCharRef: invalid xmlChar value|PCDATA invalid Char value) (\d+)": (
            "ký tự số {0} không được phép trong XML"
        ),
        r"Entity ('.*') not defined": "thực thể {0} chưa được định nghĩa",
        r"Namespace prefix (\S+) on (\S+) is not defined": "tiền tố {0} của {1} chưa được khai báo",
        r"Namespace prefix (\S+) for (\S+) on (\S+) is not defined": (
            "tiền tố {0} của thuộc tính {1} ở {2} chưa được khai báo"
        ),
        r"\S+: ('.*') is not a valid URI": "không gian tên {0} không phải URI hợp lệ",
        r"Failed to parse QName ('.*')": "tên {0} không hợp lệ",
        r"CData section not finished.*": "khối CDATA chưa đóng",
        r"parsing XML declaration: .* expected|Malformed declaration expecting version": (
            "khai báo XML viết sai"
        ),
    },
    _STRANGER,
)
#: How a package departs from the schema: all of it libxml2's.
_SCHEMA: Final = Glossary(
    patterns={
        r"Element ('.*?'): This element is not expected\. Expected is (?:one of )?\( (.*) \)": (
            "phần tử {0} không đúng chỗ, ở đây cần {1}"
        ),
        r"Element ('.*?'): This element is not expected": "phần tử {0} không đúng chỗ",
        r"Element ('.*?'): Missing child element\(s\)\. Expected is (?:one of )?\( (.*) \)": (
            "phần tử {0} thiếu phần tử con, cần {1}"
        ),
        r"Element ('.*?'): \[facet 'pattern'\] "
        r"The value ('.*') is not accepted by the pattern ('.*')": (
            "giá trị {1} của phần tử {0} không khớp mẫu {2}"
        ),
        r"Element ('.*?'): \[facet 'maxLength'\] The value has a length of '(\d+)'; "
        r"this exceeds the allowed maximum length of '(\d+)'": (
            "giá trị của phần tử {0} dài {1} ký tự, tối đa {2}"
        ),
        r"Element ('.*?'): \[facet 'minLength'\] The value has a length of '(\d+)'; "
        r"this underruns the allowed minimum length of '(\d+)'": (
            "giá trị của phần tử {0} dài {1} ký tự, ít nhất {2}"
        ),
        r"Element ('.*?'): \[facet 'enumeration'\] "
        r"The value ('.*') is not an element of the set \{(.*)\}": (
            "giá trị {1} của phần tử {0} không thuộc {2}"
        ),
        r"Element ('.*?'): ('.*') is not a valid value of .* type '(.*)'": (
            "giá trị {1} của phần tử {0} không thuộc kiểu {2}"
        ),
        r"Element ('.*?'): Character content .* is not allowed .*": (
            "phần tử {0} không được chứa văn bản"
        ),
    },
    stranger=_STRANGER,
)

FORM: Final[Mapping[str, Mapping[str, Glossary]]] = {
    "edxml.value": {"expected": _EXPECTED},
    "edxml.encoding": {"found": _ENCODINGS},
    "edxml.namespace": {"found": Glossary({"none": "rỗng"})},
    "edxml.not_xml": {"message": _NOT_XML},
    "edxml.schema": {"message": _SCHEMA},
}
