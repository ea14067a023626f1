"""Conversations with a vendor that charges more than it quotes, or that has not yet said whether it stops a clip."""

from __future__ import annotations

from .script import Approve, Arm, Call, call, talk

FAST, PRO, SOUND = "byteplus:seedance-1-pro-fast", "byteplus:seedance-1-pro", "byteplus:seedance-1.5-pro"
RESUME = f"{FAST} is paused until the user runs `sora-mcp resume {FAST}` in a terminal: another like it will then probably cost $0.07."
SILENT = f'model="{SOUND}", size="864x496", seconds=5, audio=false (quoted $0.06, probably about $0.09, without sound, needs approval)'
ELSEWHERE = 'model="openrouter:hailuo-3", size="16:9 480p", seconds=5 ($0.25)'
RISK = f"BytePlus last charged 50 % more than quoted ($0.07 on {FAST}, quoted $0.05): this may cost about $0.18."


def charge(tokens: int) -> Arm:
    """Have BytePlus count so many tokens for each clip, of which a million cost $7."""
    return Arm("byteplus", "status", {"usage": {"completion_tokens": tokens, "total_tokens": tokens}})


def buy(name: str, *says: str, **wish: object) -> tuple[Call | Approve, ...]:
    """Return the calls that buy a clip whose price a person approves, and what is said of it then."""
    wish = {"prompt": "A paper boat", "seconds": 5} | wish
    ask = call("create_video", refused=True, as_quote=f"q{name}", **wish)
    make = call("create_video", as_job=name, quote=f"{{q{name}}}", **wish)
    return ask, Approve(f"q{name}"), make, call("get_video_status", *says, job_id=f"{{{name}}}")


OVERCHARGING = (
    talk(
        "a paper boat (at a vendor that charges half as much again)",
        charge(10_500),
        *buy(
            "a",
            "BytePlus charged $0.07 where $0.05 was quoted: the price was our calculation, and BytePlus charges after the order, so no "
            "limit here can stop that. Why, only BytePlus can say; the charge is in the user's account there.",
            f"{RESUME} Until then, the same prompt: {SILENT}, or {ELSEWHERE}.",
            model=FAST,
        ),
        call(
            "create_video",
            f"Same request, so nothing was bought. There is no new take now: {RESUME} Until then, the same prompt: {SILENT}, or ",
            "Next: tell the user this path.",
            never=("variation",),
            prompt="A paper boat",
            seconds=5,
            model=FAST,
        ),
        call(
            "create_video",
            f'Fix: model="{SOUND}" (5 s, with sound, 480p, quoted $0.12, probably about $0.18, needs approval), or ',
            refused=True,
            prompt="A harbour",
            seconds=5,
            model=FAST,
        ),
        call("estimate_cost", f'Instead: model="{SOUND}" (5 s, with sound, 480p, quoted $0.12, probably', seconds=5, model=FAST),
        call("create_video", "costs $0.12", RISK, refused=True, prompt="A harbour", seconds=5),
        call("create_video", "costs $0.12 (probably about $0.18)", refused=True, prompt="A harbour", seconds=5, max_usd=0.05),
        call(
            "estimate_cost",
            f"{PRO}, without sound, 480p: $0.12 (probably about $0.18), needs approval\n",
            f"{FAST} would cost about $0.07, but is paused until the user runs `sora-mcp resume {FAST}` in a terminal. {RISK}",
            never=("cheaper by its list",),
            seconds=5,
        ),
        call(
            "create_video",
            "costs $1.90",
            "this may cost about $2.85",
            refused=True,
            prompt="A harbour",
            seconds=5,
            model="byteplus:seedance-2.0",
            size="1080p",
        ),
        paid=("$0.07", "byteplus"),
        keys=("byteplus", "openrouter"),
    ),
    talk(
        "a harbour (in a client with forms, at a vendor that charged more before)",
        charge(10_500),
        call("create_video", "Started", as_job="a", prompt="A paper boat", seconds=5, model=FAST),
        call("get_video_status", "Done", job_id="{a}"),
        call("create_video", "Started", RISK, as_job="b", prompt="A harbour", seconds=5, model=PRO),
        call("get_video_status", "Done", never=("probably",), job_id="{b}"),
        call("estimate_cost", never=("last charged", "probably"), seconds=5, model=PRO),  # charged since, and no more than quoted
        call("estimate_cost", RISK, seconds=5, model=SOUND),
        answer="accept",
        asks=(f"But: {RISK}",),
        paid=("$0.15", "byteplus", "byteplus"),
    ),
    talk(
        "a harbour, and a paper boat (at a vendor that charged more for two of its models)",
        charge(26_250),
        *buy("a", f'Until then, the same prompt: model="{SOUND}", ', "(quoted $0.06, probably about $0.23, without sound", model=FAST),
        *buy("b", 'Until then, the same prompt: model="openrouter:hailuo-3", ', f'($0.25), or model="{SOUND}", ', model=PRO),
        call("create_video", 'Fix: model="openrouter:hailuo-3" (', refused=True, prompt="A lake", seconds=5, model=FAST),
        paid=("$0.37", "byteplus", "byteplus"),
        keys=("byteplus", "openrouter"),
    ),
)
