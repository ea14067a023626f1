"""Conversations about what was made, what went wrong, and what it cost."""

from __future__ import annotations

from .script import Arm, NewChat, call, made, talk

VEO = "aimlapi:veo-3.1-fast"
KLING = "muvi:kling-3.0-pro"
CAT = "My cat dances on a sofa"
RAIN = "Rain falls on a tin roof while a train goes by, a dog looks up, and somebody far away sings an old song out of tune"
LIKENESS = Arm("muvi", "status", {"error": {"code": "CONTENT_POLICY", "message": "third-party likeness or style"}})

FINDING = (
    talk(
        "is it done yet? (in a new chat)",
        call("create_video", as_job="a", prompt=CAT, model=KLING),
        call("list_videos", "{a}", "2026-11-20", "$0.56 reserved", CAT, state="active"),
        call("get_video_status", "{a}", "$0.56 is reserved", "Do not create it again", job_id="{a}", wait_seconds=0),
        walk=("pending",),
        paid=("$0.56", "muvi"),
    ),
    talk(
        "is it done yet? I do not want to wait here",
        call("create_video", "about 3 min", "you can close this chat, the clip will be here", prompt=CAT, model=KLING),
        paid=("$0.56", "muvi"),
    ),
    talk(
        "what became of my two cats? (in the next chat)",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("create_video", as_job="b", prompt="Another cat", model=VEO),
        NewChat(),
        call("list_videos", "{a}", "{b}", "completed", never=("since the last chat",)),
        NewChat(),
        call("get_video_status", "Done in", never=("since the last chat",)),
        paid=("$1.00", *("aimlapi",) * 2),
    ),
    talk(
        "are all three done?",
        call("create_video", as_job="a", prompt="one", model=VEO),
        call("create_video", as_job="b", prompt="two", model=VEO),
        call("create_video", as_job="c", prompt="three", model=VEO),
        call("get_video_status", "3 of 3 have ended", "{a}", "{b}", "{c}", job_ids=["{a}", "{b}", "{c}"]),
        paid=("$1.50", *("aimlapi",) * 3),
    ),
    talk(
        "cancel that (Muvi)",
        call("create_video", as_job="a", prompt=CAT, model=KLING),
        call("cancel_video", "{a} was cancelled", "Nothing was charged", never=("refund",), job_id="{a}"),
        keys=("muvi",),
        walk=("pending",),
        works=False,
    ),
    talk(
        "cancel that (AI/ML API, which cannot)",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", "{a}", job_id="{a}", wait_seconds=1),
        call("cancel_video", "Not cancelled", "$0.50 will be charged", never=("back", "refund"), refused=True, job_id="{a}"),
        walk=("queued",),
        paid=("$0.52", "aimlapi"),
    ),
    talk(
        "cancel that (it is done)",
        *made(prompt=CAT, model=VEO),
        call("cancel_video", "already finished", "$0.50 was charged", never=("call back",), refused=True, job_id="{a}"),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "what did I spend this week, on what?",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("create_video", as_job="b", prompt=CAT, model=KLING),
        call("get_video_status", job_ids=["{a}", "{b}"]),
        call(
            "get_spend", "$1.06 spent: 2 clips finished and paid", f"{VEO}: $0.50", f"{KLING}: $0.56", "left today", since="7d", by="model"
        ),
        call("get_spend", "$1.06 spent: 2 clips finished and paid, all on 2026-11-20", since="7d", by="day"),
        call("list_videos", "2026-11-20 12:00 {a}", "$0.50", CAT, since="7d"),
        paid=("$1.06", "muvi", "aimlapi"),
    ),
    talk("what did I spend since 'this week'?", call("get_spend", "Since 2026-11-16: no paid clips", since="this week")),
    talk(
        "same again but at night",
        *made(prompt=RAIN, model="muvi:veo-3.1", audio=True, seconds=6, options={"seed": 7}),
        call("list_videos", "{a}", "2026-11-20", "6 s", query="tin roof"),
        call("list_videos", RAIN, "audio=true", "seed=7", "muvi:veo-3.1", "6 s", "1280x720", job_id="{a}"),
        paid=("$1.80", "muvi of has_sound"),
    ),
    talk(
        "same again but at night, of a picture",
        call("create_video", as_job="a", prompt=RAIN, model=KLING, image="https://example.com/cat.png"),
        call("list_videos", 'image="https://example.com/cat.png"', never=("Options: audio=false, image",), job_id="{a}"),
        paid=("$0.56", "muvi of https://example.com/cat.png"),
    ),
    talk(
        "the rain one had sound, did it not?",
        call("create_video", as_job="a", prompt=RAIN, model="muvi:veo-3.1", audio=True),
        call("list_videos", "with sound", query="rain"),
        paid=("$1.20", "muvi of has_sound"),
    ),
    talk(
        "why did it fail?",
        LIKENESS,
        call("create_video", as_job="a", prompt=CAT, model=KLING),
        call("get_video_status", 'Muvi says: "third-party likeness or style"', "Nothing was charged", job_id="{a}"),
        call("get_video_status", "failed.", "Change the prompt", job_ids=["{a}"]),
        call("list_videos", "failed", "third-party likeness", "not charged", never=("$0.56",)),
        call("list_videos", '1 video with state="failed".', state="failed"),
        call("list_videos", '0 videos with query="dog" and since="7d".', query="dog", since="7d"),
        call("get_spend", "no paid clips (free ones are not counted), $0.00"),
        walk=("failed",),
        paid=("$0.00", "muvi"),
    ),
    talk(
        "did it go through? the line broke",
        Arm("muvi", "submit", fault="close"),
        *made(
            "{a}", "may be charged. $0.56 stays reserved, and it will not be sent again", "sora-mcp resolve {a}", prompt=CAT, model=KLING
        ),
        call(
            "get_spend",
            "$0.56 perhaps charged (counts as $0.56): 1 clip perhaps charged",
            "whether Muvi accepted it is not known",
            "resolve {a}",
        ),
        paid=("$0.56", "muvi"),
    ),
    talk(
        "show me the one that failed",
        *made("failed", "Nothing was charged", prompt=CAT, model=KLING),
        call("view_video", "failed, so there is no file", never=("is failed",), refused=True, job_id="{a}"),
        walk=("failed",),
        paid=("$0.00", "muvi"),
    ),
    talk(
        "how is v_0000000000 doing?",
        call("get_video_status", "There is no job 'v_0000000000'", "list_videos", refused=True, job_id="v_0000000000"),
    ),
    talk(
        "how is it doing?",
        call("get_video_status", "there is none yet: create_video", refused=True),
        call("create_video", as_job="a", prompt=CAT, model=KLING),
        call("get_video_status", "Done", "{a}"),
        call("get_video_status", "Done", "{a}"),
        paid=("$0.56", "muvi"),
    ),
)
