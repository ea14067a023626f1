"""Conversations about clips that are there: what became of them, edits, pictures, going on, and money."""

from __future__ import annotations

from .conversation import do, must, row

DOG = do("create_video", prompt="A dog sleeps in the rain", model="muvi:sora-2", seconds=4)
BOAT = do("create_video", prompt="A paper boat at sea", model="sample", seconds=4)
NO_BUY = ("create_video",)

GOING_ON = (
    row(
        "is-it-done",
        "Is my video done yet?",
        do("get_video_status"),
        tells=("done|ready|finished|completed", ".mp4"),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row("where-is-it", "Where is the file of my dog video?", do("list_videos"), tells=(".mp4",), before=(DOG,), never=NO_BUY),
    row("what-did-i-spend", "What did I spend this month, on what?", must("get_spend"), tells=("$0.40",), before=(DOG,), never=NO_BUY),
    row("what-is-left", "What is left of my month?", must("get_spend"), tells=("99.60|9.60",), before=(DOG,), never=NO_BUY),
    row("list-all", "Show me everything that I have made.", must("list_videos"), tells=("dog", "boat"), before=(DOG, BOAT), never=NO_BUY),
    row("find-rain", "Which of my clips had rain in it?", must("list_videos"), tells=("dog",), before=(DOG, BOAT), never=NO_BUY),
    row(
        "trim",
        "Cut my boat clip to its first two seconds.",
        do("list_videos"),
        must("edit_video", inputs=["{job}"], action="trim", end=2),
        tells=("2 s|two seconds|started|.mp4",),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row(
        "vertical",
        "Make my boat clip vertical.",
        do("list_videos"),
        must("edit_video", inputs=["{job}"], action="reframe", ratio="9:16"),
        tells=("9:16|vertical|upright|started|.mp4",),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row(
        "title",
        "Put the title Harbour over my boat clip.",
        do("list_videos"),
        must("edit_video", inputs=["{job}"], action="caption", text="Harbour"),
        tells=("Harbour|caption|started|.mp4",),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row(
        "own-gif",
        "Make a GIF of my own beach.mp4.",
        must("edit_video", inputs=["beach.mp4"], action="gif"),
        tells=("gif|started",),
        never=NO_BUY,
    ),
    row(
        "mute",
        "Take the sound out of my boat clip.",
        do("list_videos"),
        must("edit_video", inputs=["{job}"], action="mute"),
        tells=("sound|mute|started|.mp4",),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row(
        "look",
        "Look at my boat clip. What is in it?",
        do("list_videos"),
        must("view_video", job_id="{job}"),
        tells=("frames|contact|boat|code",),
        before=(BOAT,),
        never=NO_BUY,
    ),
    row("no-clip-yet", "Cut the last clip in half.", do("list_videos"), tells=("no |none|nothing|0 ",), never=(*NO_BUY, "edit_video")),
    row(
        "from-photo",
        "Let cat.png move, 5 seconds, with Kling 3.0 Pro at Muvi. Yes, buy it.",
        must("create_video", prompt="The cat moves", model="muvi:kling-3.0-pro", image="cat.png", seconds=5),
        tells=("$0.56",),
        bought=("muvi of kling",),
        keys=("muvi",),
    ),
    row(
        "missing-photo",
        "Let holiday.jpg move, 5 seconds, with Kling 3.0 Pro at Muvi.",
        must("create_video", prompt="It moves", model="muvi:kling-3.0-pro", image="holiday.jpg", seconds=5),
        tells=("holiday.jpg",),
        keys=("muvi",),
    ),
)
