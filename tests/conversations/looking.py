"""Conversations about pictures and finished clips: first frames, going on, edits, looking."""

from __future__ import annotations

from .script import call, talk

VEO = "aimlapi:veo-3.1-fast"
KLING = "muvi:kling-3.0-pro"
CAT = "My cat dances on a sofa"
SILENT = {"model": VEO, "audio": False}
CHANGED = ("leave out image", "sample:sample")
"""Fixes that would make another clip than the one of this picture."""

LOOKING = (
    talk(
        "use this photo (in Pictures)",
        call(
            "create_video", "{folder}", "ask the user to copy it there", never=CHANGED, refused=True, prompt=CAT, image="~/Pictures/a.jpg"
        ),
        keys=("aimlapi",),
    ),
    talk(
        "use this photo (on the desktop)",
        call("create_video", "{folder}", "copy it there", never=CHANGED, refused=True, prompt=CAT, image="~/Desktop/cat.png"),
        call("estimate_cost", "{folder}", "copy it there", refused=True, image="~/Desktop/cat.png"),
        keys=("aimlapi",),
    ),
    talk(
        "use this photo (a HEIC that was not copied yet)",
        call("create_video", "no such file", never=CHANGED, refused=True, prompt=CAT, image="{folder}/IMG_0001.HEIC"),
        keys=("aimlapi",),
    ),
    talk(
        "use this photo (its name is almost right)",
        call("create_video", "the nearest name there is 'cat.png'", never=CHANGED, refused=True, prompt=CAT, image="cat.jpg"),
        keys=("aimlapi",),
    ),
    talk(
        "use this photo (a link)",
        call("create_video", "http:// is not accepted", never=CHANGED, refused=True, prompt=CAT, image="http://example.com/cat.jpg"),
        call("create_video", "$0.56", prompt=CAT, model=KLING, image="https://example.com/cat.jpg"),
        keys=("muvi",),
        bought=("muvi of image-to-video https://example.com/cat.jpg",),
        spent="$0.56",
    ),
    talk(
        "use this photo (in the folder, upright)",
        call("estimate_cost", "720x1280", "$0.52", image="tall.png"),
        call("create_video", "720x1280", "the first frame's shape", prompt=CAT, image="tall.png"),
        keys=("aimlapi",),
        bought=("aimlapi of i2v-fast 9:16",),
        spent="$0.50",
    ),
    talk(
        "use this photo (a file, where one vendor takes links alone)",
        call("estimate_cost", "aimlapi:veo-3.1-fast", "$0.52", image="file"),
        call("create_video", "aimlapi:veo-3.1-fast", prompt=CAT, image="cat.png"),
        keys=("muvi", "aimlapi"),
        bought=("aimlapi of i2v-fast 16:9",),
        spent="$0.50",
    ),
    talk(
        "use this photo (a file, where the only vendor takes links alone)",
        call("create_video", "https://", "Muvi", never=("a file'", *CHANGED), refused=True, prompt=CAT, image="cat.png"),
        keys=("muvi",),
        falls_short="says that image must be an https:// URL, not 'a file', and its only fix is the free text card",
    ),
    talk(
        "what would it cost with my photo? (where the only vendor takes links alone)",
        call("estimate_cost", "Muvi", "https://", never=("$0.03", "(no key)"), refused=True, image="file"),
        keys=("muvi",),
        falls_short="prices a model of a vendor without a key, and never says that Muvi takes links alone",
    ),
    talk(
        "continue where it ended",
        call("create_video", "720x1280", as_job="a", prompt=CAT, size="9:16", **SILENT),
        call("get_video_status", "Done", "720x1280", 'continues="{a}" goes on from it', job_id="{a}"),
        call("create_video", "720x1280", "without sound", "$0.52", as_job="b", prompt="It jumps", continues="{a}"),
        call("get_video_status", 'edit_video(action="join", inputs=["{a}", "{b}"]) joins both', job_id="{b}"),
        keys=("aimlapi",),
        clip="tall",
        bought=("aimlapi of t2v-fast 9:16", "aimlapi of i2v-fast 9:16"),
        spent="$1.00",
    ),
    talk(
        "go on from its last frame, without a word about the shape",
        call("create_video", as_job="a", prompt=CAT, size="9:16", **SILENT),
        call("get_video_status", "Done", job_id="{a}"),
        call("create_video", "720x1280", "$0.52", prompt="It jumps", image="{a}#last"),
        keys=("aimlapi",),
        clip="tall",
        bought=("aimlapi of t2v-fast 9:16", "aimlapi of i2v-fast 9:16"),
        spent="$1.00",
    ),
    talk(
        "make it longer",
        call("create_video", as_job="a", prompt=CAT, size="9:16", **SILENT),
        call("get_video_status", "Done", job_id="{a}"),
        call("create_video", "8 s", "720x1280", "$1.04", prompt="It goes on", continues="{a}", seconds=8),
        keys=("aimlapi",),
        clip="tall",
        bought=("aimlapi of t2v-fast", "aimlapi of i2v-fast 8"),
        spent="$1.50",
    ),
    talk(
        "continue it (where no model takes a file)",
        call("create_video", "$0.56", as_job="a", prompt=CAT, model=KLING),
        call("get_video_status", "Done", never=("continues=", "#last"), job_id="{a}"),
        call("create_video", "Muvi", "https://", never=("a file'", *CHANGED), refused=True, prompt="It jumps", continues="{a}"),
        keys=("muvi",),
        bought=("muvi",),
        spent="$0.56",
        falls_short="names the argument image, which the caller did not use, and its only fix is the free text card",
    ),
    talk(
        "put them together with a title",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("create_video", as_job="b", prompt="My dog sleeps", model=VEO),
        call("get_video_status", "2 of 2 have ended", job_ids=["{a}", "{b}"]),
        call("edit_video", "Done", "2 s", "free", "{folder}", as_job="c", action="join", inputs=["{a}", "{b}"]),
        call("edit_video", "Done", "free", "tell the user this path", action="title", inputs=["{c}"], text="Cat"),
        keys=("aimlapi",),
        bought=("aimlapi", "aimlapi"),
        spent="$1.00",
    ),
    talk(
        "a title in letters that no font here has",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{a}"),
        call("edit_video", "no font", "install", refused=True, action="title", inputs=["{a}"], text="\U00010600\U00010601"),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
    ),
    talk(
        "it looks wrong, look at it",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", "64x36 (you asked for 1280x720)", "no sound (you asked for sound)", "view_video", job_id="{a}"),
        call("view_video", "frames", "check code", "no cuts", "no sound track", job_id="{a}"),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
    ),
    talk(
        "a GIF of the first 20 seconds",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{a}"),
        call("edit_video", "at most 1, the length of the clip", "Fix: end=1", refused=True, action="gif", inputs=["{a}"], start=0, end=20),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
    ),
    talk(
        "make this one upright, and cut off the beginning",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{a}"),
        call("edit_video", "Done", "free", as_job="b", action="reframe", inputs=["{a}"], ratio="9:16", fill="blur"),
        call("edit_video", "Done", "0.5 s", action="trim", inputs=["{b}"], start=0.5),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
    ),
    talk(
        "make the sofa red in this clip",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("get_video_status", job_id="{a}"),
        call("create_video", "no model", never=("unknown",), refused=True, prompt="The sofa is red", edits="{a}"),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
        falls_short="create_video has no argument edits yet",
    ),
    talk(
        "three clips of one day, asked for in Japanese",
        call("create_video", as_job="a", prompt="ねこが踊る", model=VEO),
        call("get_video_status", "2026-11-20_ねこが踊る_{a}.mp4", job_id="{a}"),
        keys=("aimlapi",),
        bought=("aimlapi",),
        spent="$0.50",
    ),
)
