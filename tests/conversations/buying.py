"""Conversations that choose and buy: prices, models that ended, caps, a yes, takes, lengths that no model makes."""

from __future__ import annotations

from .script import Approve, Arm, Wait, call, talk

FOUR = ("muvi", "mulerun", "aimlapi", "pixazo")
VEO = "aimlapi:veo-3.1-fast"
KLING = "muvi:kling-3.0-pro"
SAMPLE = "sample:sample"
CAT = "My cat dances on a sofa"
DOG = "My dog sleeps"
IN_4K = {"prompt": CAT, "model": "muvi:veo-3.1", "size": "16:9 4k", "seconds": 8}
DEARER = Arm("aimlapi", "status", {"meta": {"usage": {"usd_spent": 1.56}}})
CAREFUL = {"SORA_MCP_CONFIRM_ABOVE_USD": "0.50", "SORA_MCP_PER_VIDEO_USD": "2", "SORA_MCP_DAILY_USD": "3"}

BUYING = (
    talk(
        "make me a 10 second vertical video of my cat for TikTok",
        call("estimate_cost", "10 s, 9:16", "$0.70", "left today $10.00", never=("no key",), size="vertical", seconds=10),
        call("create_video", "10 s, 9:16", "$1.12 (left today $8.88)", as_job="cat", prompt=CAT, model=KLING, size="vertical", seconds=10),
        call("get_video_status", "Done", "{folder}", "tell the user this path", "$1.12", job_id="{cat}"),
        keys=FOUR,
        paid=("$1.12", "muvi of kling 9:16 '10'"),
    ),
    talk(
        "make me a 10 second vertical video of my cat for TikTok, without any key",
        call("estimate_cost", "free", "a card with the prompt's words", "sora-mcp setup", size="vertical", seconds=10),
        call("create_video", "sample:sample", "free", "a card with the prompt's words", prompt=CAT, size="vertical", seconds=10),
        works=False,
    ),
    talk(
        "how much would three of those cost in the best quality?",
        call("estimate_cost", "Best look: muvi:veo-3.1 $4.80 (8 s", "at 2160x3840 $7.20", size="9:16", seconds=8, clips=3),
        call("estimate_cost", "3 clips of 8 s", "2160x3840", "$7.20", "asked once", model="veo-3.1", size="9:16 4k", seconds=8, clips=3),
        keys=FOUR,
        answer="accept",
    ),
    talk(
        "use Sora",
        call("estimate_cost", "OpenAI ended Sora 2 on 2026-09-24", "may refuse it", "$0.40", model="sora-2"),
        call("create_video", "OpenAI ended Sora 2 on 2026-09-24", "$0.40", prompt=CAT, model="sora-2"),
        paid=("$0.40", "muvi of sora-2"),
    ),
    talk(
        "use Sora, without any key",
        call("create_video", "ended Sora 2 on 2026-09-24", never=("MULERUN", "set MUVI"), refused=True, prompt=CAT, model="sora-2"),
        call("estimate_cost", "ended Sora 2 on 2026-09-24", never=("set MUVI",), refused=True, model="sora-2"),
    ),
    talk(
        "Nimm Veo 3 in 4K",
        call(
            "create_video",
            "'veo-3'",
            'Fix: model="muvi:veo-3.1" (4 s, without sound, $1.20)',
            refused=True,
            prompt=CAT,
            model="veo-3",
            size="4k",
        ),
        call("estimate_cost", "3840x2160", "$1.20", model="veo-3.1", size="16:9 4k"),
        call("create_video", "3840x2160", "$1.20", prompt=CAT, model="veo-3.1", size="16:9 4k"),
        paid=("$1.20", "muvi of veo-3.1 4k"),
    ),
    talk(
        "Veo in 4K, ten seconds of it",
        call("create_video", "seconds=8 ($2.40, needs a yes)", refused=True, **{**IN_4K, "seconds": 10}),
        keys=("muvi",),
    ),
    talk(
        "yes, 2.40 is fine, in a client without forms",
        call("create_video", "$2.40", "terminal", "sora-mcp approve {q}", never=("in the chat",), refused=True, as_quote="q", **IN_4K),
        call("create_video", "sora-mcp approve", refused=True, **IN_4K),
        Approve("q"),
        call("create_video", "Started", "$2.40", **IN_4K, quote="{q}"),
        paid=("$2.40", "muvi of veo-3.1 4k"),
    ),
    talk("yes to the form", call("create_video", "Started", "$2.40", **IN_4K), answer="accept", paid=("$2.40", "muvi of veo-3.1 4k")),
    talk(
        "no to the form",
        call("create_video", "The user declined", "Not sent, nothing charged", refused=True, **IN_4K),
        call("create_video", "The user declined", refused=True, **IN_4K),
        keys=("muvi",),
        answer="decline",
    ),
    talk(
        "cheapest way to get 30 seconds",
        call("estimate_cost", "3 x 10 s", "$1.05", "3 clips of 10 s", "2 x 15 s", "edit_video", seconds=30),
        keys=FOUR,
    ),
    talk(
        "I said no more than 2 dollars",
        call("create_video", "$2.40", "max_usd $2.00", "seconds=6 ($1.80)", "ask whether $2.40 is fine", refused=True, max_usd=2, **IN_4K),
        call("create_video", "$1.80", max_usd="2", **{**IN_4K, "seconds": 6}),
        paid=("$1.80", "muvi of '6'"),
    ),
    talk(
        "no more than 2 dollars for all four",
        call("create_video", "$3.20", "max_usd $2.00", "for 4 clips", refused=True, prompt=CAT, model="veo-3.1", variations=4, max_usd=2),
        keys=("muvi",),
    ),
    talk(
        "at most 50 cents each without asking me, at most 3 dollars a day",
        call("create_video", "seconds=6 ($1.80", "needs a yes", "One video may cost $2.00 at most", refused=True, **IN_4K),
        call("create_video", "The user declined", refused=True, prompt=CAT, model="muvi:veo-3.1"),
        call("estimate_cost", "left today $3.00 of $3.00", model=VEO),
        keys=FOUR,
        answer="decline",
        env=CAREFUL,
    ),
    talk(
        "make 5 variations",
        call("create_video", "5 takes", "$2.60 in all", "left today $7.40", as_job="t", prompt=CAT, model=VEO, variations=5),
        call("get_video_status", "0 of 5 have ended", "{t5}", job_ids=["{t1}", "{t2}", "{t3}", "{t4}", "{t5}"], wait_seconds=0),
        answer="accept",
        env={"SORA_MCP_POLL_SECONDS": "5"},
        walk=("queued",),
        paid=("$2.60", *("aimlapi",) * 5),
    ),
    talk(
        "make 5 variations, in a client without forms",
        call("create_video", "5 clips", "$2.60 together", "sora-mcp approve", refused=True, prompt=CAT, model=VEO, variations=5),
        keys=("aimlapi",),
    ),
    talk(
        "four small clips are one large sum",
        call("estimate_cost", "4 clips", "$4.80", "the user", "{q}", as_quote="q", model="muvi:veo-3.1", audio=True, clips=4),
        keys=("muvi",),
    ),
    talk(
        "a one-minute ad with 4 shots",
        call("estimate_cost", "4 clips of 15 s", "$5.04", "covers all 4", as_quote="q", model="kling-3.0-standard", seconds=15, clips=4),
        Approve("q"),
        call("create_video", "Started", "$1.26", prompt="shot 1", model="kling-3.0-standard", seconds=15, quote="{q}"),
        call("create_video", "Started", "$1.26", prompt="shot 2", model="kling-3.0-standard", seconds=15, quote="{q}"),
        call("create_video", "Started", "$1.26", prompt="shot 3", model="kling-3.0-standard", seconds=15, quote="{q}"),
        call("create_video", "Started", "$1.26", prompt="shot 4", model="kling-3.0-standard", seconds=15, quote="{q}"),
        paid=("$5.04", *("muvi of 15",) * 4),
    ),
    talk(
        "an ad with 3 shots, in a client with forms",
        call("estimate_cost", "3 clips of 15 s", "$3.78", "asked once", as_quote="q", model="kling-3.0-standard", seconds=15, clips=3),
        call("create_video", "Started", "$1.26", prompt="shot 1", model="kling-3.0-standard", seconds=15, quote="{q}"),
        call("create_video", "2 takes", "$2.52", prompt="shot 2", model="kling-3.0-standard", seconds=15, quote="{q}", variations=2),
        answer="accept",
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "1"},
        paid=("$3.78", *("muvi of 15",) * 3),
    ),
    talk(
        "the price was higher than you said!",
        DEARER,
        call("create_video", "$0.52", as_job="cat", prompt=CAT, model=VEO),
        call("get_video_status", "$1.56", "quoted $0.52", "paused", "sora-mcp resume", job_id="{cat}"),
        call("create_video", "$1.56 where $0.52 was quoted", "sora-mcp resume", refused=True, prompt=DOG, model=VEO),
        paid=("$1.56", "aimlapi"),
    ),
    talk(
        "how do I go on with the dear one?",
        DEARER,
        call("create_video", as_job="cat", prompt=CAT, model=VEO),
        call("get_video_status", as_job="cat", job_id="{cat}"),
        call("create_video", "`sora-mcp resume aimlapi:veo-3.1-fast`. Fix", refused=True, prompt=DOG, model=VEO),
        paid=("$1.56", "aimlapi"),
    ),
    talk(
        "use Veo, without any key",
        call("create_video", "No key", "`sora-mcp setup muvi`", never=("_API_KEY",), refused=True, prompt=CAT, model="muvi:veo-3.1"),
        call("create_video", "No key", "`sora-mcp setup`", never=("_API_KEY",), refused=True, prompt=CAT, model="veo-3.1-fast"),
    ),
    talk(
        "another one, after the only priced model was paused",
        DEARER,
        call("create_video", as_job="cat", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{cat}"),
        call("create_video", "paused because it charged more", "no published price", "sora-mcp resume", refused=True, prompt=DOG),
        call("estimate_cost", "paused because it charged more", refused=True, seconds=30),
        paid=("$1.56", "aimlapi"),
    ),
    talk(
        "take Muvi then, the other one is paused",
        DEARER,
        call("create_video", as_job="cat", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{cat}"),
        call("create_video", "Started", "veo-3.1-fast is paused because", never=("Paused, dearer",), prompt=DOG, model=KLING),
        call("create_video", "Started", never=("paused",), prompt="My bird sings", model=KLING),
        paid=("$2.68", "muvi", "muvi", "aimlapi"),
    ),
    talk(
        "the same call twice, and again after 17 minutes",
        call("create_video", "Started", as_job="cat", prompt=CAT, model=VEO),
        call("get_video_status", "Done", job_id="{cat}"),
        call("create_video", "Same request", "nothing was bought", "{cat}", prompt=CAT, model=VEO),
        Wait(17),
        call("create_video", "Started", "The same was bought before: {cat}", "2026-11-20 at 12:00", "$0.50", prompt=CAT, model=VEO),
        paid=("$1.00", "aimlapi", "aimlapi"),
    ),
    talk(
        "three in the best quality there is, please",
        call(
            "estimate_cost",
            "kling-3.0-pro has no option 'quality'",
            "audio",
            refused=True,
            model=KLING,
            options={"quality": "best"},
            clips=3,
        ),
        keys=("muvi",),
    ),
    talk(
        "with sound or without?",
        call("estimate_cost", "without sound", model="muvi:veo-3.1"),
        call("estimate_cost", "with sound", model="muvi:veo-3.1-fast"),
        call("estimate_cost", "with sound, on aimlapi:veo-3.1-fast", "$1.04", audio=True, seconds=8),
        call("create_video", "with sound", "$1.20", prompt=CAT, model="muvi:veo-3.1", audio=True),
        keys=FOUR,
        paid=("$1.20", "muvi of has_sound"),
    ),
    talk(
        "vertical, 9x16, 1080p vertical: however I say it",
        call("estimate_cost", "720x1280", model="muvi:veo-3.1", size="vertical"),
        call("estimate_cost", "720x1280", model="muvi:veo-3.1", size="9x16"),
        call("estimate_cost", "1080x1920", "8 s", model="muvi:veo-3.1", size="1080p vertical", seconds="8"),
        keys=("muvi",),
    ),
    talk(
        "a whole minute, 9x16",
        call(
            "create_video",
            "4 x 15 s",
            "Fix: seconds=15 (",
            never=("360x640", "seconds=14"),
            refused=True,
            prompt=CAT,
            size="9x16",
            seconds=60,
        ),
        keys=FOUR,
    ),
    talk(
        "a whole minute, without any key",
        call(
            "create_video", "60 s: 3 x 20 s", "continues=", "Fix: seconds=20 (free on sample:sample)", refused=True, prompt=CAT, seconds=60
        ),
    ),
    talk(
        "twenty seconds in one go",
        call("create_video", "2 x 10 s", "$0.70 in all", "edit_video", never=("sample:sample",), refused=True, prompt=CAT, seconds=20),
        call(
            "create_video",
            "veo-3.1-fast does not make 20 s",
            "5 x 4 s",
            "Fix: seconds=8",
            refused=True,
            prompt=CAT,
            model="muvi:veo-3.1-fast",
            seconds=20,
        ),
        keys=("muvi",),
    ),
    talk(
        "square, for Instagram",
        call(
            "create_video",
            "has no square",
            "16:9 or 9:16",
            'Fix: model="muvi:',
            never=('size="', SAMPLE),
            refused=True,
            prompt=CAT,
            size="square",
            model=VEO,
        ),
        keys=FOUR,
    ),
    talk(
        "square, where no model with a key makes it",
        call(
            "create_video",
            "No model with a key makes square videos",
            "sora-mcp setup",
            'ratio="1:1"',
            never=('size="', SAMPLE),
            refused=True,
            prompt=CAT,
            size="square",
            model=VEO,
        ),
        keys=("aimlapi",),
    ),
    talk(
        "for at most ten cents",
        call(
            "create_video", "above max_usd $0.10", "ask whether $0.21 is fine", never=("max_usd=",), refused=True, prompt=CAT, max_usd=0.1
        ),
        keys=("muvi",),
    ),
    talk(
        "for at most '10 cents'",
        call("create_video", "an amount of dollars", never=('max_usd="10"', "leave out"), refused=True, prompt=CAT, max_usd="10 cents"),
        keys=("muvi",),
    ),
    talk(
        "one more, when the day's money is gone",
        call("create_video", "left today $0.08", prompt=CAT, model=VEO, as_job="a"),
        call("create_video", "Only $0.08 of the day's $0.60 is left", "The day ends 2026-11-21", refused=True, prompt=DOG, model=VEO),
        call("estimate_cost", "Refused now", "$1.56", model=VEO, clips=3),
        env={"SORA_MCP_DAILY_USD": "0.60"},
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "Seedance, please (which has no published price)",
        call("create_video", "no published price", "SORA_MCP_PRICES", "Fix:", refused=True, prompt=CAT, model="aimlapi:seedance-2.0"),
        keys=("aimlapi",),
    ),
    talk(
        "an assistant that knows the arguments of another server",
        call("create_video", "use seconds=8 instead of duration ($1.04)", refused=True, prompt=CAT, model=VEO, duration=8),
        call("create_video", 'use size="9:16" instead of aspect_ratio', refused=True, prompt=CAT, model=VEO, aspect_ratio="9:16"),
        call("create_video", "use variations=3 instead of n ($1.56)", refused=True, prompt=CAT, model=VEO, n=3),
        keys=("aimlapi",),
    ),
    talk(
        "an assistant that mistypes a name and writes a number as a word",
        call(
            "create_video",
            'seconds=4 with size="9:16" instead of sise ($0.52)',
            refused=True,
            prompt=CAT,
            model=VEO,
            seconds="four",
            sise="9:16",
        ),
        call("create_video", "seconds must be", never=("Fix",), refused=True, prompt=CAT, model=VEO, seconds="long", sise="9:16"),
        call("create_video", "Fix: seconds=8 (", refused=True, prompt=CAT, model=VEO, seconds="1 minute"),
        keys=("aimlapi",),
    ),
    talk(
        "Veo 3, without any key",
        call("create_video", "muvi:veo-3.1 ($0.80 for 4 s)", "sora-mcp setup", refused=True, prompt=CAT, model="veo-3"),
    ),
    talk(
        "an assistant that makes up a yes",
        call("create_video", "There is no quote 'yes'", "must approve first", refused=True, **IN_4K, quote="yes"),
        keys=("muvi",),
    ),
    talk(
        "what is left this month?",
        call("estimate_cost", "Left this month $5.00 of $5.00", never=("Left today",), model=VEO),
        keys=("aimlapi",),
        env={"SORA_MCP_MONTHLY_USD": "5"},
    ),
    talk(
        "which models can I use?",
        call("list_sizes", "aimlapi:veo-3.1-fast", "Cannot be bought now", never=("pixazo:", "mulerun:")),
        keys=("muvi", "aimlapi"),
    ),
    talk("which models can I use, without any key?", call("list_sizes", "sample:sample", "sora-mcp setup", never=("muvi:",))),
)
