"""The words of the error catalogue about replay jobs: English, Vietnamese."""

from __future__ import annotations

from typing import Final

from axis.core.catalogue_form import Words

#: What cannot be planned.
PLANS: Final[Words] = {
    "replay.unbounded": (
        (
            "A plan names a recipient, a sender, ids or, of parked ones, a cause; and a window "
            "unless it names ids or redrives."
        ),
        (
            "Kế hoạch phải nêu nơi nhận, nơi gửi, mã hoặc lý do tạm giữ; và khoảng thời gian "
            "nếu không nêu mã và không gửi lại gói tạm giữ."
        ),
    ),
    "replay.window": (
        "The window has {days} days; 1 to {limit} are allowed.",
        "Khoảng thời gian dài {days} ngày; cho phép từ 1 đến {limit}.",
    ),
    "replay.too_many": (
        "More than {limit} deliveries match; plan a shorter window.",
        "Có quá {limit} lượt gửi phù hợp; hãy chọn khoảng thời gian ngắn hơn.",
    ),
}

#: What a job cannot do as it stands.
JOBS: Final[Words] = {
    "replay.expired": (
        "The plan could be run until {until}; plan again.",
        "Kế hoạch chỉ chạy được đến {until}; hãy lập lại.",
    ),
    "replay.stage": (
        "The job is {stage}; it cannot {act} now.",
        "Việc phát lại {stage}; lúc này không thể {act}.",
    ),
    "replay.taken": (
        "{player} plays the job; unless it says something, another may from {until} on.",
        "{player} đang phát việc này; nếu nó im lặng, nơi khác được nhận từ {until}.",
    ),
    "replay.not_played": (
        "The axis drives a job of kind {kind} itself; only shadows have a player.",
        "Trục tự chạy việc loại {kind}; chỉ bản bóng (shadow) mới cần máy phát.",
    ),
    "replay.unjudged": (
        "{count} of its deliveries have no verdict yet.",
        "Còn {count} lượt gửi chưa có kết quả so sánh.",
    ),
    "replay.too_many_jobs": (
        "{count} jobs are planned, running or paused; {limit} may be. Abort one first.",
        "Đang có {count} việc phát lại, tối đa {limit}. Hãy hủy bớt trước.",
    ),
}
