"""Conversations in which a start fails at the vendor, a model is named otherwise than it is sold, or has no choice of sound."""

from __future__ import annotations

from .script import Arm, call, talk

CAT = "My cat dances on a sofa"
FAST = "fal:veo-3.1-fast"
SEEDANCE = "muvi:seedance-1.5-pro-super"
VEO = "aimlapi:veo-3.1-fast"
KLING = "muvi:kling-3.0-standard"
WITHOUT_PICTURES = "fal said on 2026-11-20 that it does not have fal:veo-3.1-fast with a first frame now"

STARTING = (
    talk(
        "animate this photo with Veo Fast (which the vendor has from words only)",
        call("create_video", "Started", as_job="cat", prompt=CAT, model=FAST, image="cat.png", seconds=8, audio=True),
        call(
            "get_video_status",
            "fal no longer offers this model",
            "Nothing was charged",
            "Elsewhere, with the same prompt and image: ",
            'model="fal:veo-3.1-lite", size="16:9 720p", seconds=8, audio=true ($0.40, with sound)',
            never=("Available models",),
            job_id="{cat}",
        ),
        call("list_sizes", "fal:veo-3.1-fast (not with a first frame now, as fal said on 2026-11-20)", model=FAST),
        call(
            "list_sizes", "fal:veo-3.1-fast (drafts): 4, 6 or 8 s, 4k, sound if wanted, from $0.40, not with a first frame now", model="veo"
        ),
        call("estimate_cost", WITHOUT_PICTURES, "it may refuse this again", model=FAST, image="cat.png"),
        call("estimate_cost", WITHOUT_PICTURES, "Fix: model=", never=("Cheapest",), refused=True, model="veo fast", image="cat.png"),
        call("estimate_cost", "on fal:veo-3.1-lite: $0.20", never=("veo-3.1-fast",), model="veo", image="cat.png"),
        call("estimate_cost", "on fal:veo-3.1-fast: $1.20", never=("it may refuse", "not with"), model=FAST, seconds=8),
        paid=("$0.00", "fal"),
    ),
    talk(
        "upright, from words (a request that the vendor rejects)",
        Arm("muvi", "submit", {"code": "INVALID_INPUT", "message": "no"}, status=400),
        call("create_video", "Started", as_job="cat", prompt=CAT, model=KLING, size="9:16", seconds=10, audio=True),
        call(
            "get_video_status",
            "Muvi refuses this request",
            'Elsewhere, with the same prompt: model="muvi:kling-o3-std", size="9:16", seconds=10, audio=true ($1.26, with sound)',
            job_id="{cat}",
        ),
        paid=("$0.00", "muvi"),
    ),
    talk(
        "the same, where nothing else can make it",
        Arm("minimax", "submit", {"base_resp": {"status_code": 2013, "status_msg": "no"}}, status=400),
        call("create_video", "Started", as_job="cat", prompt=CAT, model="minimax:minimax-h3", seconds=4, size="9:16 2k"),
        call("get_video_status", "failed. MiniMax refuses this request", never=("Elsewhere", "Available models"), job_id="{cat}"),
        paid=("$0.00", "minimax"),
    ),
    talk(
        "refused for what it shows, with the key of another vendor",
        Arm("minimax", "submit", {"base_resp": {"status_code": 1026, "status_msg": "sensitive"}}, status=400),
        call("create_video", "Started", as_job="cat", prompt=CAT, model="minimax:minimax-h3", seconds=4, size="16:9 768p"),
        call(
            "get_video_status",
            "Change the prompt before you create it again. Another vendor may take the changed prompt: model=",
            never=('model="minimax',),
            job_id="{cat}",
        ),
        call("list_videos", 'failed (MiniMax refuses this content and says: "sensitive"), minimax:minimax-h3'),
        keys=("minimax", "muvi"),
        paid=("$0.00", "minimax"),
    ),
    talk(
        "refused for what it shows by two vendors, of three with a key",
        Arm("minimax", "submit", {"base_resp": {"status_code": 1026, "status_msg": "sensitive"}}, status=400),
        Arm("fal", "submit", {"detail": [{"type": "content_policy_violation", "msg": "flagged", "loc": ["body", "prompt"]}]}, status=422),
        call("create_video", "Started", as_job="a", prompt=CAT, model="minimax:minimax-h3", seconds=5, size="16:9 768p"),
        call(
            "get_video_status",
            "Change the prompt before you create it again. Another vendor may take the changed prompt: ",
            'model="fal:seedance-1.5-pro", size="16:9 480p", seconds=5, audio=true ($0.12, with sound, needs approval), or ',
            'or model="fal:wan-3.0", size="16:9 480p", seconds=5, audio=true ($0.25, with sound).',
            job_id="{a}",
        ),
        call("create_video", "Started", as_job="b", prompt=CAT, model="fal:veo-3.1-fast", seconds=6, size="16:9 720p", audio=False),
        call("get_video_status", " both refused this prompt. ", never=('model="fal', 'model="minimax'), job_id="{b}"),
        keys=("minimax", "muvi", "fal"),
        paid=("$0.00", "minimax", "fal"),
    ),
    talk(
        "make it silent, of a model that always has sound",
        call(
            "estimate_cost",
            "audio must be left out: each clip has sound, which edit_video takes out for free (mute).",
            never=("not False",),
            refused=True,
            audio=False,
            model="minimax:minimax-h3",
        ),
        call("estimate_cost", "$0.32", "with sound", audio=True, model="minimax:minimax-h3"),
        call(
            "estimate_cost",
            "no page says whether its clips have sound",
            'Fix: model="minimax:minimax-h3" (4 s, with sound, 768p, $0.32)',
            refused=True,
            audio=True,
            model="minimax:minimax-h3-max",
        ),
        keys=("minimax",),
    ),
    talk(
        "Veo at Google, ten seconds in 4K (which this server does not have there)",
        call(
            "estimate_cost",
            "Google has no 'veo' here. Muvi, AI/ML API, fal, Runway and 2 more vendors have it, without a key here. ",
            'Fix: model="google:gemini-omni-1.2-flash" (10 s, with sound, 4k, $2.11, needs approval)',
            never=("several models", "muvi:veo"),
            refused=True,
            model="google:veo",
            seconds=10,
            size="16:9 4K",
        ),
        call(
            "list_sizes",
            "Google has no 'seedance' here.\nNone of these can be bought yet",
            "\nfal:seedance-1-pro-fast",
            model="google:seedance",
        ),
        call("estimate_cost", "Muvi has no 'gemini' here. Cheapest first: google:gemini", refused=True, model="muvi:gemini"),
        call("estimate_cost", "OpenAI ended Sora 2", never=("has no",), refused=True, model="google:sora"),
        keys=("google",),
    ),
    talk(
        "kling3pro, seedancepro and the like, written as one word",
        call("estimate_cost", "on muvi:kling-3.0-pro: ", model="kling3pro"),
        call("estimate_cost", "on muvi:veo-3.1-fast: ", model="VeoFast"),
        call("estimate_cost", "No vendor sells 'kilng'", 'Fix: model="muvi:kling-text2video-v3" (3 s, ', refused=True, model="kilng"),
        keys=("muvi",),
    ),
    talk(
        "go on from it (at the price that was said)",
        call("create_video", "Started", as_job="a", prompt=CAT, model=VEO, size="9:16", seconds=4, audio=False),
        call("get_video_status", "Done", 'continues="{a}" goes on from it (4 s, $0.52)', job_id="{a}"),
        call(
            "list_videos",
            'Going on: create_video(continues="{a}") makes 4 s on aimlapi:veo-3.1-fast for $0.52.',
            'estimate_cost(model="aimlapi:veo-3.1-fast", size="720x1280", audio=false, image="{a}#last", seconds=…)',
            'Changed by words: create_video(edits="{a}") is $0.03 on muvi:kling-o3-standard; list_sizes(model="edit") has the others.',
            job_id="{a}",
        ),
        call("list_videos", f'same call with model="{SEEDANCE}", size="9:16 720p", seconds=4, audio=false ($0.11, ', job_id="{a}"),
        call(
            "create_video",
            "costs $0.11 for this, above max_usd $0.01",
            refused=True,
            prompt=CAT,
            continues="{a}",
            model=SEEDANCE,
            size="9:16 720p",
            seconds=4,
            audio=False,
            max_usd=0.01,
        ),
        call("view_video", "create_video(edits=…) changes it ($0.03, muvi:kling-o3-standard).", job_id="{a}"),
        call("estimate_cost", "$1.04", model=VEO, size="720x1280", audio=False, image="{a}#last", seconds=8),
        call("estimate_cost", "continues without a model stays with aimlapi:veo-3.1-fast: 8 s, $1.04.", image="{a}#last", seconds=8),
        call(
            "create_video", "costs $1.04 for this, above max_usd $0.50", refused=True, prompt=CAT, continues="{a}", seconds=8, max_usd=0.5
        ),
        call(
            "create_video",
            ", above $0.90 a call, so the user must approve it first, within 15 min",
            refused=True,
            prompt=CAT,
            continues="{a}",
            seconds=8,
        ),
        call(
            "create_video",
            "4 s",
            "$0.52",
            "Note: Model and size are those of {a}. Without sound, as it is; audio=true gives it sound.",
            as_job="b",
            prompt="It goes on",
            continues="{a}",
        ),
        call("get_video_status", "Done", "joins both", job_id="{b}"),
        keys=("aimlapi", "muvi"),
        clip="tall",
        paid=("$1.00", "aimlapi", "aimlapi"),
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "0.90"},
    ),
    talk(
        "how do I raise the limit that I have used up?",
        call("create_video", "$0.84", prompt=CAT, model=KLING, seconds=10),
        call("get_spend", "Left today $0.27 of $1.11", "Only the user can raise the limit. How: "),
        env={"SORA_MCP_DAILY_USD": "1.11"},
        keys=("muvi",),
        paid=("$0.84",),
        works=False,
    ),
)
