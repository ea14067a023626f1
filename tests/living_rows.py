"""One purchase of each living model, written out by hand."""

from __future__ import annotations

from typing import Any

from tests.journey_rows import URL
from tests.played.rig import PROMPT

LIVING: tuple[tuple[str, dict[str, Any], str, dict[str, Any], int], ...] = (
    (
        "muvi:veo-3.1-fast",
        {"size": "1920x1080", "seconds": 8, "options": {"seed": 7}},
        "/v1/jobs/submit",
        {
            "model": "google/veo-3.1-fast/text-to-video",
            "input": {
                "prompt": PROMPT,
                "aspect_ratio": "16:9",
                "duration": "8",
                "resolution": "1080p",
                "has_sound": "true",
                "seed": 7,
            },
        },
        2_400_000,
    ),
    (
        "muvi:veo-3.1",
        {"size": "9:16 720p", "seconds": 4, "image": URL},
        "/v1/jobs/submit",
        {
            "model": "google/veo-3.1/image-to-video",
            "input": {
                "prompt": PROMPT,
                "image_url": URL,
                "aspect_ratio": "9:16",
                "duration": "4",
                "resolution": "720p",
                "has_sound": "false",
            },
        },
        800_000,
    ),
    (
        "muvi:kling-3.0-pro",
        {"size": "1:1", "seconds": 10, "options": {"audio": True}},
        "/v1/jobs/submit",
        {
            "model": "kling/kling-3.0-pro/text-to-video",
            "input": {"prompt": PROMPT, "aspect_ratio": "1:1", "duration": "10", "has_sound": "true"},
        },
        1_680_000,
    ),
    (
        "muvi:kling-3.0-standard",
        {"size": "16:9", "seconds": 5},
        "/v1/jobs/submit",
        {
            "model": "kling/kling-3.0-standard/text-to-video",
            "input": {"prompt": PROMPT, "aspect_ratio": "16:9", "duration": "5", "has_sound": "false"},
        },
        420_000,
    ),
    (
        "muvi:seedance-2.0",
        {"size": "21:9 1440p", "seconds": 4, "options": {"fps": 60}},
        "/v1/jobs/submit",
        {
            "model": "bytedance/seedance-2.0/text-to-video",
            "input": {"prompt": PROMPT, "aspect_ratio": "21:9", "duration": "4", "resolution": "1440p", "fps": "60"},
        },
        2_400_000,
    ),
    (
        "muvi:wan-2.6",
        {"size": "9:16", "seconds": 5, "options": {"negative_prompt": "rain"}},
        "/v1/jobs/submit",
        {
            "model": "alibaba-plus/wan-2.6/text-to-video",
            "input": {"prompt": PROMPT, "aspect_ratio": "9:16", "duration": "5", "negative_prompt": "rain"},
        },
        500_000,
    ),
    (
        "mulerun:kling-v3",
        {"size": "16:9", "seconds": 3},
        "/vendors/klingai/v1/kling-v3/text-to-video/generation",
        {"prompt": PROMPT, "duration": 3, "aspect_ratio": "16:9", "mode": "std", "sound": "off", "multi_shot": "false"},
        240_000,
    ),
    (
        "mulerun:wan-2.6",
        {"size": "1280x720", "seconds": 5},
        "/vendors/alibaba/v1/wan2.6-t2v/generation",
        {
            "prompt": PROMPT,
            "duration": 5,
            "size": "1280*720",
            "audio": True,
            "prompt_extend": True,
            "multi_shots": "single",
            "safety_filter": True,
        },
        450_000,
    ),
    (
        "aimlapi:veo-3.1-fast",
        {"size": "1080x1920", "seconds": 6},
        "/v2/video/generations",
        {
            "model": "google/veo-3.1-t2v-fast",
            "prompt": PROMPT,
            "duration": 6,
            "aspect_ratio": "9:16",
            "resolution": "1080p",
            "generate_audio": True,
        },
        780_000,
    ),
    (
        "aimlapi:seedance-2.0",
        {"size": "16:9 480p", "seconds": 4, "image": URL},
        "/v2/video/generations",
        {
            "model": "bytedance/seedance-2-0",
            "prompt": PROMPT,
            "duration": 4,
            "aspect_ratio": "16:9",
            "resolution": "480p",
            "image_url": URL,
            "generate_audio": True,
        },
        440_000,
    ),
    (
        "aimlapi:kling-v3-pro",
        {"seconds": 3, "image": URL},
        "/v2/video/generations",
        {
            "model": "klingai/video-v3-pro-image-to-video",
            "prompt": PROMPT,
            "duration": 3,
            "image_url": URL,
            "generate_audio": True,
        },
        360_000,
    ),
    (
        "pixazo:veo-3.1",
        {"options": {"seed": 42}},
        "/veo/v1/text-to-video",
        {"prompt": PROMPT, "duration": 8, "aspect_ratio": "16:9", "resolution": "1080p", "generate_audio": True, "seed": 42},
        2_000_000,
    ),
    (
        "pixazo:grok-imagine-video-1.5",
        {},
        "/grok-imagine-video-1-5/v1/text-to-video",
        {"prompt": PROMPT, "duration": 6, "aspect_ratio": "16:9", "resolution": "720p"},
        900_000,
    ),
    (
        "pixazo:ltx-2.5-pro",
        {},
        "/ltx-2-5-pro/v1/text-to-video",
        {"prompt": PROMPT, "duration": 6, "resolution": "1080p"},
        700_000,
    ),
)
"""One purchase of each living model: what is asked for, where it goes, with which body, for how much."""
