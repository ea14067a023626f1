"""Conversations about prices: which model is named first, what is above a cap, what a longer clip costs in parts."""

from __future__ import annotations

from .script import call, talk

MUTED = "5 s, 480p on minimax:minimax-h3-max: $0.25; no page says whether it has sound: edit_video mute takes it out, free."

LIKE_SORA = 'Fix: model="fal:seedance-2.0" (4 s, with sound, 480p, $0.54), or model="fal:veo-3.1-lite" (4 s, with sound, 720p, $0.20), '
"""What is as long as a clip of Sora 2, with sound."""

PRICING = (
    talk(
        "what would a real clip cost? (without any key)",
        call(
            "estimate_cost",
            "A real clip costs $0.10: runway:grok-imagine-video-1.5-lite (5 s, with sound, 480p). No key for Runway. Only the user can "
            "add it: `sora-mcp setup runway` in a terminal, then a new start of this client. Others: ",
            never=(", no key",),
            seconds=5,
            audio=True,
        ),
        call("estimate_cost", "2 real clips cost $0.61: ", "Without a key: 2 clips of 15 s", seconds=30),
        call("estimate_cost", "on fal:veo-3.1-lite: $0.20", "Not now: No key for fal.", model="veo-3.1-lite"),
        call("create_video", "No key for AI/ML API, fal or Replicate.", refused=True, prompt="A cat", model="veo-3.1-lite"),
    ),
    talk(
        "a cat, and make sure that there is no sound (where no model with a key is surely silent)",
        call("estimate_cost", MUTED, "With another key: 2 s", "No key for BytePlus", never=("Not now", "Cheapest first"), audio=False),
        call("estimate_cost", "2 clips of 5 s, 480p on minimax:minimax-h3-max: $0.50; no page", audio=False, seconds=5, clips=2),
        call("create_video", MUTED, never=("nearest", "minimax-h3:"), refused=True, prompt="A cat", audio=False),
        call(
            "create_video",
            "no page says whether its clips have sound; edit_video takes it out for free (mute). With audio left out: 5 s, 480p, $0.25.",
            refused=True,
            prompt="A cat",
            audio=False,
            model="minimax:minimax-h3-max",
        ),
        call(
            "estimate_cost",
            "each clip has sound, which edit_video takes out for free (mute). With audio left out: 4 s, with sound, 768p, $0.32.",
            refused=True,
            audio=False,
            model="minimax:minimax-h3",
        ),
        call("estimate_cost", f"None of them is surely silent: {MUTED}", refused=True, audio=False, model="minimax"),
        keys=("minimax",),
    ),
    talk(
        "10 seconds in 1080p with sound, at the best three (where the best look is above the limit of a clip)",
        call(
            "estimate_cost",
            "Best look: fal:seedance-2.0 $6.82, above your limit of $5.00 per clip.",
            never=("1080p from",),
            seconds=10,
            size="1080p",
            audio=True,
        ),
        keys=("fal",),
    ),
    talk(
        "the best look, with little left of the day",
        call("estimate_cost", "Best look: fal:seedance-2.0 $0.67, above the $0.50 that you have left.", seconds=5),
        keys=("fal",),
        env={"SORA_MCP_DAILY_USD": "0.50"},
    ),
    talk(
        "5 seconds, upright for TikTok (and what is 1080p?)",
        call(
            "estimate_cost",
            "At 9:16 1080p from $0.25 on fal:seedance-1-pro-fast, $3.41 on fal:seedance-2.0.",
            never=("or at 9:16",),
            seconds=5,
            size="9:16",
        ),
        keys=("fal",),
    ),
    talk(
        "the cheapest silent clip (where one with sound, which is taken out here, costs less)",
        call(
            "estimate_cost",
            "on runway:wan-3.0: $0.25 (",
            "For less: 5 s, with sound, 480p on runway:grok-imagine-video-1.5-lite: $0.10; each clip has sound: edit_video mute",
            seconds=5,
            audio=False,
        ),
        call("estimate_cost", "on runway:grok-imagine-video-1.5-lite: $0.10", never=("For less",), seconds=5),
        keys=("runway",),
    ),
    talk(
        "four cheap clips of 4 seconds (of which nobody said whether they should have sound)",
        call("estimate_cost", "$0.40 (", "; without sound (audio=false) $0.21.", seconds=4, clips=4),
        call("estimate_cost", "$0.40 (", never=("audio=false",), seconds=4, clips=4, audio=True),
        call("estimate_cost", "replicate:seedance-1.5-pro: $0.21", never=("audio=false",), seconds=4, clips=4, audio=False),
        keys=("replicate",),
    ),
    talk(
        "10 seconds in 1080p with sound, of a vendor whose models each lack something of it",
        call(
            "estimate_cost",
            "None takes all of this. Nearest: without size='1080p' muvi:kling-3.0-standard ($1.26 for 10 s, with sound), or",
            never=("seconds must be", "Cheapest first"),
            refused=True,
            model="muvi",
            seconds=10,
            size="1080p",
            audio=True,
        ),
        call("estimate_cost", "seconds must be 4, 6 or 8, not 7.", refused=True, model="veo", seconds=7),
        keys=("muvi",),
    ),
    talk(
        "15 seconds of Veo, which makes 8, with one dollar a day",
        call(
            "estimate_cost",
            "None makes 15 s in one clip. Within your limits: 2 x 8 s on fal:veo-3.1-lite at 720p, $0.80 in all, joined and trimmed from "
            '16 s with edit_video. How: create_video(model="fal:veo-3.1-lite", size="16:9 720p", seconds=8), each next one',
            "As asked: 2 x 8 s on fal:veo-3.1-lite at 1080p, $1.28 in all, 1 of them fits what is left ($0.64), joined and trimmed",
            "Fix: seconds=8 ($0.64 on fal:veo-3.1-lite).",
            never=("seconds must be",),
            refused=True,
            model="veo",
            seconds=15,
            size="1080p",
        ),
        call(
            "create_video",
            "seconds must be 4, 6 or 8, not 15. 15 s within your limits: 2 x 8 s on fal:veo-3.1-lite at 720p, $0.80 in all, joined and",
            "15 s: 2 x 8 s, $1.28 in all, 1 of them fits what is left ($0.64), joined and trimmed",
            "Fix: seconds=8 ($0.64)",
            refused=True,
            prompt="New York at night",
            model="fal:veo-3.1-lite",
            seconds=15,
            size="1080p",
        ),
        keys=("fal",),
        env={"SORA_MCP_DAILY_USD": "1"},
    ),
    talk(
        "10 seconds of Veo in 4K, with two dollars left",
        call(
            "estimate_cost",
            "None makes 10 s in one clip. Within your limits: 6 s + 4 s on fal:veo-3.1-lite at 1080p, $0.80 in all, joined with edit",
            'each next one with continues="JOB_ID" and its seconds',
            "As asked: 6 s + 4 s on fal:veo-3.1-fast at 4k, $3.50 in all, above the $2.00 that you have left, joined with edit_video.",
            "Fix: seconds=4 ($1.40 on fal:veo-3.1-fast).",
            never=("Cheapest first",),
            refused=True,
            model="veo",
            seconds=10,
            size="4K",
        ),
        call(
            "create_video",
            "10 s: 6 s + 4 s, $6.00 in all, above the $2.00 that you have left, joined with edit_video.",
            'Fix: model="fal:minimax-h3" (10 s, 4k, $1.60).',
            refused=True,
            prompt="A harbour",
            model="fal:veo-3.1",
            seconds=10,
            size="16:9 4K",
        ),
        call("create_video", "Started", prompt="A harbour", model="veo", seconds=4, size="4K"),
        paid=("$1.00", "fal"),
        env={"SORA_MCP_DAILY_USD": "2"},
    ),
    talk(
        "10 seconds in 4K, with two dollars left (of a vendor whose cheapest costs more)",
        call("estimate_cost", "Within your limits: seconds=9 ($1.90, ", 'size="16:9 720p" ($0.72, ', "Not now: ", seconds=10, size="4K"),
        call("estimate_cost", never=("Within your limits",), seconds=9, size="4K"),
        keys=("google",),
        env={"SORA_MCP_DAILY_USD": "2"},
    ),
    talk(
        "half a minute of a train (in clips of which each next one has a first frame, which costs more)",
        call(
            "estimate_cost",
            "2 x 15 s on xai:grok-imagine-video-1.5-lite at 480p, $0.61 in all",
            'each next one with continues="JOB_ID"',
            "on xai:grok-imagine-video-1.5-lite: $0.61 (",
            never=("$0.60",),
            seconds=30,
        ),
        call("estimate_cost", "not 31. 31 s: 11 s + 2 x 10 s on xai:", "joined with edit_video.", refused=True, seconds=31),
        call("create_video", "$0.61 in all", never=("$0.60",), refused=True, prompt="A train", seconds=30),
        keys=("xai",),
    ),
    talk(
        "go on from a clip of 10 seconds (which makes 1 s where no length is said)",
        call("create_video", as_job="a", prompt="A train", model="xai:grok-imagine-video-1.5-lite", seconds=10),
        call("get_video_status", "Done", job_id="{a}"),
        call("list_videos", "makes 1 s on xai:grok-imagine-video-1.5-lite for $0.03; with seconds=10 $0.21.", job_id="{a}"),
        call("estimate_cost", "As long as the clip before: with seconds=10 $0.21.", image="{a}#last"),
        call("estimate_cost", "$0.11", never=("As long as",), image="{a}#last", seconds=5),
        paid=("$0.21", "xai"),
    ),
    talk(
        "use Sora 2, which is over (and the same advice from each tool, for its full name and its family)",
        call("estimate_cost", "ended Sora 2 on 2026-09-24", "best look: fal:seedance-2.0", LIKE_SORA, refused=True, model="sora-2"),
        call("estimate_cost", LIKE_SORA, never=("360p, $0.04",), refused=True, model="sora"),
        call("create_video", LIKE_SORA, refused=True, prompt="A robot bakes bread", model="sora-2"),
        call("create_video", LIKE_SORA, refused=True, prompt="A robot bakes bread", model="sora"),
        keys=("fal",),
    ),
    talk(
        "move my photo gently (which has to be cropped; nobody said how long)",
        call(
            "estimate_cost", 'Fix: options.fit="crop" (3 s, with sound, 360p, $0.09, needs approval), or', refused=True, image="photo.png"
        ),
        call("estimate_cost", 'Fix: options.fit="crop" ($0.14, needs approval)', refused=True, image="photo.png", seconds=5),
        keys=("google",),
    ),
    talk(
        "Veo 3 of my own vendor (which states no price for its Veo)",
        call(
            "estimate_cost",
            "Without a published price: mulerun:veo-3.1 and mulerun:veo-3.1-fast. None of the others has a key here: the user adds one",
            refused=True,
            model="veo-3",
        ),
        keys=("mulerun",),
    ),
    talk(
        "move my photo with Veo (of which no model has its shape)",
        call(
            "estimate_cost",
            'None has the picture\'s shape, 4:3: options.fit="crop" cuts it to fit, "pad" adds bars, both for free.',
            'Fix: options.fit="crop" (4 s, with sound, 720p, $0.20 on fal:veo-3.1-lite), or options.fit="pad" (',
            refused=True,
            image="photo.png",
            model="veo",
        ),
        call("estimate_cost", "$0.20", image="photo.png", model="veo", options={"fit": "crop"}),
        keys=("fal",),
    ),
    talk(
        "make beach.mp4 look like a watercolour (named as a picture)",
        call(
            "estimate_cost",
            'To change the video itself: create_video(edits="beach.mp4"), 1 s on fal:grok-imagine-video-edit, $0.06.',
            'Fix: image="beach.mp4#last"',
            refused=True,
            image="beach.mp4",
        ),
        call("create_video", 'create_video(edits="beach.mp4"), 1 s on fal:', refused=True, prompt="A watercolour", image="beach.mp4"),
        call(
            "create_video",
            'create_video(model="fal:grok-imagine-video-edit", edits="beach.mp4"), 1 s on fal:grok-imagine-video-edit, $0.06.',
            never=("edits must be given", "#last"),
            refused=True,
            prompt="A watercolour",
            image="beach.mp4",
            model="fal:grok-imagine-video-edit",
        ),
        call(
            "estimate_cost",
            "Priced for 8 s: pass the clip as image for its own length. 8 s, ",
            "$0.48",
            model="fal:grok-imagine-video-edit",
        ),
        call("estimate_cost", "$0.18", never=("Priced for",), model="fal:grok-imagine-video-edit", seconds=3),
        call("estimate_cost", "1 s, ", "$0.06", "takes the video as edits", model="fal:grok-imagine-video-edit", image="beach.mp4"),
        call("estimate_cost", "$0.06", "takes the video as edits", model="edit", image="{folder}/beach.mp4"),
        call(
            "estimate_cost", "image: 'gone.mp4' is not in", never=("edits", "model must be"), refused=True, model="edit", image="gone.mp4"
        ),
        call(
            "estimate_cost",
            "long (edit_video trims it for free)",
            never=("edits must be given",),
            refused=True,
            image="party.mp4",
            model="fal:grok-imagine-video-edit",
        ),
        keys=("fal",),
    ),
)
