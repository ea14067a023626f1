"""Conversations in which the first wish cannot be had as it is: shapes of pictures, files that lie elsewhere, caps, long clips."""

from __future__ import annotations

from .script import call, talk

CAT = "My cat dances on a sofa"
KLING = "fal:kling-3.0-standard"
A_DOLLAR = {"SORA_MCP_DAILY_USD": "1"}

ADVISING = (
    talk(
        "my cat dances, from this 4:3 photo (only a model without a price for that takes it as it is)",
        call(
            "create_video",
            'options.fit="crop" cuts it to fit',
            'Fix: options.fit="crop" (5 s, 480p, $0.25 on openrouter:hailuo-3)',
            never=("no published price",),
            refused=True,
            prompt=CAT,
            image="photo.png",
        ),
        call(
            "create_video",
            "openrouter:seedance-2.0 has no published price for 4 s at 4:3 480p",
            refused=True,
            prompt=CAT,
            model="openrouter:seedance-2.0",
            image="photo.png",
        ),
        keys=("openrouter",),
    ),
    talk(
        "upright, from this 4:3 photo (on a model that keeps the picture's shape)",
        call(
            "create_video",
            "size must be left out: the first frame decides the shape, here 4:3.",
            'Fix: leave out size ($0.38), or options.fit="crop" (3 s, with sound, $0.38), or model=',
            refused=True,
            prompt=CAT,
            model=KLING,
            image="photo.png",
            size="9:16",
        ),
        call("list_sizes", "with one the video has its shape, and size is left out", model=KLING),
        call(
            "create_video",
            "Started",
            "cropped from 120x90 to 51x90",
            prompt=CAT,
            model=KLING,
            image="photo.png",
            size="9:16",
            options={"fit": "crop"},
        ),
        keys=("fal",),
        paid=("$0.38",),
        works=False,
    ),
    talk(
        "upright, from this 9:16 photo (which has that shape already)",
        call("estimate_cost", "The first frame decides the shape", "$0.38", model=KLING, image="tall.png", size="9:16"),
        call("estimate_cost", "The first frame decides the shape", "$0.38", model=KLING, image="tall.png", size="vertical"),
        call("estimate_cost", "size must be left out", refused=True, model=KLING, image="tall.png", size="16:9"),
        keys=("fal",),
    ),
    talk(
        "upright and in 1080p, from a photo, where the model has several resolutions",
        call("estimate_cost", "1080P", model="fal:minimax-h3-max-turbo", image="tall.png", size="9:16 1080p"),
        call("estimate_cost", 'Fix: size="1080p" (', refused=True, model="fal:minimax-h3-max-turbo", image="photo.png", size="9:16 1080p"),
        keys=("fal",),
    ),
    talk(
        "use IMG_2041.jpg (which lies somewhere else)",
        call(
            "create_video",
            "'IMG_2041.jpg' is not in {folder}, the only folder looked into",
            "sk the user to copy it",
            never=("no such file", "must be"),
            refused=True,
            prompt=CAT,
            image="IMG_2041.jpg",
        ),
        call("create_video", "references: 'IMG_2041.jpg' is not in {folder}", refused=True, prompt=CAT, references=["IMG_2041.jpg"]),
        call("create_video", "edits: 'IMG_2041.mp4' is not in {folder}", refused=True, prompt=CAT, edits="IMG_2041.mp4"),
        call("edit_video", "inputs: 'IMG_2041.mp4' is not in {folder}", refused=True, action="mute", inputs=["IMG_2041.mp4"]),
        call("edit_video", "sound: 'tune.mp3' is not in {folder}", refused=True, action="sound", inputs=["beach.mp4"], sound="tune.mp3"),
        keys=("fal",),
    ),
    talk(
        "Kling 2.1 Master, of a vendor without a key",
        call("estimate_cost", "No key for fal", "With the keys here: muvi:kling-text2video-v3 $0.23 (3 s", model="kling 2.1 master"),
        call(
            "estimate_cost",
            "At 1440p $4.80.",
            "in a terminal and types 2.40 within 15 min. Then pass it as quote.",
            model="best look",
            seconds=10,
        ),
        keys=("muvi",),
    ),
    talk(
        "another one, of which the day's budget has too little left",
        call("create_video", "left today $0.16", prompt=CAT, model="muvi:kling-3.0-standard", seconds=10),
        call(
            "estimate_cost", "Only $0.16 of the day's $1.00 is left", "The day ends 2026-11-21", model="muvi:kling-3.0-standard", seconds=10
        ),
        env={"SORA_MCP_DAILY_USD": "1"},
        paid=("$0.84", "muvi of kling"),
    ),
    talk(
        "and a third one, where little may be bought without a yes",
        call("create_video", "$0.42", prompt=CAT, model="muvi:kling-3.0-standard", seconds=5),
        call("create_video", "$0.42", prompt="It sleeps", model="muvi:kling-3.0-standard", seconds=5),
        call("estimate_cost", "Much was spent within an hour without approval, so the user", model="muvi:kling-3.0-standard", seconds=5),
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "0.50"},
        paid=("$0.84", "muvi of kling", "muvi of kling"),
    ),
    talk(
        "in 4K, with a key of a vendor that makes 1080p",
        call("estimate_cost", "with your keys at most 1080p: $0.14 on xai:grok", "No key for Google", size="4k"),
        call("create_video", "480p, 720p or 1080p", 'Fix: size="1080p" ($0.14)', refused=True, prompt=CAT, size="4k"),
        keys=("xai",),
    ),
    talk(
        "in 21:9 with sound, with a key of a vendor that has no such shape",
        call("estimate_cost", "with your keys without size='21:9' $0.02 on xai:grok", "Not now: No key", size="21:9", audio=True),
        call("estimate_cost", "with your keys without negative_prompt", options={"negative_prompt": "rain"}),
        keys=("xai",),
    ),
    talk(
        "with sound, of a model that always has it",
        call("estimate_cost", "4 s", "with sound, on minimax:minimax-h3: $0.32", never=("No model with",), audio=True),
        call("estimate_cost", "each clip has sound", refused=True, audio=False, model="minimax:minimax-h3"),
        keys=("minimax",),
    ),
    talk(
        "upright, from this 4:3 photo, of models that all keep the picture's shape",
        call(
            "estimate_cost",
            'with your keys with options.fit="crop" $0.25 on minimax:minimax-h3-max (5 s, 480p)',
            "or without size='9:16' (the first frame is 4:3) $0.25",
            image="print.png",
            size="9:16",
        ),
        keys=("minimax",),
    ),
    talk(
        "half a minute, as cheap as it goes",
        call("estimate_cost", ", 3 x 10 s, joined with edit_video, may have sound: 480p $0.29", seconds=30),
        call("estimate_cost", never=("in parts",), seconds=10),
        keys=("fal",),
    ),
    talk(
        "half a minute, with one dollar a day",
        call(
            "create_video",
            "The limit of a day is $1.00",
            "3 x 10 s on fal:seedance-1-pro-fast at 480p, $0.29 in all, joined with edit_video",
            refused=True,
            prompt=CAT,
            seconds=30,
        ),
        call("create_video", "3 x 10 s on fal:", "$0.29 in all", refused=True, prompt=CAT, seconds=30, model="wan-3.0"),
        call("create_video", "Within $1.00: 3 x 10 s on fal:", refused=True, prompt=CAT, seconds=30, model=KLING),
        keys=("fal",),
        env=A_DOLLAR,
    ),
    talk(
        "Veo, with one dollar a day",
        call(
            "create_video",
            'Fix: model="fal:veo-3.1-lite" (8 s, with sound, 720p, $0.40), or model=',
            never=("2 x 4 s",),
            refused=True,
            prompt=CAT,
            model="fal:veo-3.1",
            seconds=8,
        ),
        call("estimate_cost", "Fix: model=", never=("seconds=6", "seconds=8 (", "$1.60"), refused=True, model="fal:veo-3.1", seconds=7),
        keys=("fal",),
        env=A_DOLLAR,
    ),
    talk(
        "make it night in this clip of 12 seconds",
        call(
            "create_video",
            "costs $1.51, above $1.00 a call, so the user must approve it first",
            "Cut to 10 s with edit_video (free), it is $0.03 on muvi:kling-o3-standard.",
            refused=True,
            prompt="At night",
            edits="party.mp4",
        ),
        call("create_video", "Cut to 10 s", refused=True, prompt="At night", edits="party.mp4", model="muvi:kling-o3-standard"),
        keys=("fal", "muvi"),
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "1"},
    ),
    talk(
        "make it night in this clip of 12 seconds, in a client with forms",
        call("create_video", "The user declined", refused=True, prompt="At night", edits="party.mp4"),
        keys=("fal", "muvi"),
        answer="decline",
        asks=("For less: Cut to 10 s with edit_video (free), it is $0.03 on muvi:kling-o3-standard.",),
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "1"},
    ),
)
