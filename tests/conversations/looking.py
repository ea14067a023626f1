"""Conversations about pictures and finished clips: first frames, going on, edits, looking."""

from __future__ import annotations

from .script import call, made, talk

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
            "create_video",
            "{folder}",
            "ask the user to copy or save it there",
            never=CHANGED,
            refused=True,
            prompt=CAT,
            image="~/Pictures/a.jpg",
        ),
        keys=("aimlapi",),
    ),
    talk(
        "use this photo (on the desktop)",
        call(
            "create_video",
            "is not in {folder}, the only folder looked into, where 'cat.png' lies",
            'Fix: image="cat.png" (',
            never=CHANGED,
            refused=True,
            prompt=CAT,
            image="~/Desktop/cat.png",
        ),
        call("create_video", 'copy or save it there, then call again with "dog.png"', refused=True, prompt=CAT, image="/mnt/data/dog.png"),
        call("estimate_cost", "{folder}", 'Fix: image="cat.png" (', refused=True, image="~/Desktop/cat.png"),
        keys=("aimlapi",),
    ),
    talk(
        "make more of my own clip (a file of mine)",
        call("create_video", 'Fix: image="party.mp4#last" (', refused=True, prompt=CAT, image="party.mp4"),
        call("create_video", "12 s", "party.mp4#last", refused=True, prompt=CAT, image="party.mp4#90s"),
        call("create_video", "continues: 'lost.mp4' is not in {folder}", refused=True, prompt=CAT, continues="lost.mp4"),
        call("create_video", "a picture goes into image", refused=True, prompt=CAT, continues="cat.png"),
        call("create_video", "of a link no last frame can be taken", refused=True, prompt=CAT, continues="https://example.com/a.mp4"),
        call("create_video", "There is no job 'the last one'", "list_videos", refused=True, prompt=CAT, continues="the last one"),
        call("create_video", "image must be left out", refused=True, prompt=CAT, continues="party.mp4", image="cat.png"),
        call("create_video", "720x1280", "$0.52", prompt=CAT, model=VEO, continues="party.mp4"),
        call("create_video", "720x1280", "$0.52", prompt="It sleeps", model=VEO, image="{folder}/party.mp4#2.5s"),
        paid=("$1.00", "aimlapi of image", "aimlapi of image"),
    ),
    talk(
        "my logo at the end of the clip (which needs a picture at its beginning too)",
        call("estimate_cost", "beside a first frame: add image", never=("xAI", "No model with a key"), refused=True, last_image="cat.png"),
        call("create_video", "muvi:kling-3.0-pro takes", "add image", refused=True, prompt=CAT, model=KLING, last_image="cat.png"),
        call("estimate_cost", "$0.56", model=KLING, last_image="cat.png", image="cat.png"),
        keys=("muvi",),
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
        "use this photo (4:3, as phones make them), without any key",
        call(
            "create_video",
            "The picture is 120x90 (sample:sample makes",
            'options.fit="crop" cuts it to fit',
            'Fix: options.fit="crop" (free), or options.fit="pad" (free)',
            "takes it as it is, with a key of",
            never=("No model with a key",),
            refused=True,
            prompt=CAT,
            image="photo.png",
        ),
        call("create_video", "Started", "cropped from 120x90", prompt=CAT, image="photo.png", options={"fit": "crop"}),
        works=False,
    ),
    talk(
        "make it red (its name is almost right)",
        call("create_video", "the nearest name there is 'beach.mp4'", refused=True, prompt="Red", edits="beech.mp4", model="fal:x"),
        call("edit_video", "the nearest name there is 'beach.mp4'", refused=True, action="mute", inputs=["beech.mp4"]),
        call("edit_video", "the nearest name there is 'song.wav'", refused=True, action="sound", inputs=["beach.mp4"], sound="song.mp3"),
    ),
    talk(
        "continue it with a model that takes no picture",
        *made(prompt=CAT, model=KLING),
        call(
            "create_video",
            "continues must be left out",
            never=("image must", "an image"),
            refused=True,
            prompt=CAT,
            continues="{a}",
            model="muvi:wan-2.6",
        ),
        paid=("$0.56", "muvi"),
    ),
    talk(
        "use this photo (a link)",
        call("create_video", "http:// is not accepted", never=CHANGED, refused=True, prompt=CAT, image="http://example.com/cat.jpg"),
        call("create_video", "$0.56", prompt=CAT, model=KLING, image="https://example.com/cat.jpg"),
        paid=("$0.56", "muvi of image-to-video https://example.com/cat.jpg"),
    ),
    talk(
        "use this photo (in the folder, upright)",
        call("estimate_cost", "720x1280", "$0.52", image="tall.png"),
        call("create_video", "720x1280", "the first frame's shape", prompt=CAT, image="tall.png"),
        paid=("$0.50", "aimlapi of i2v-fast 9:16"),
    ),
    talk(
        "use this photo (a file, where the vendor takes links alone)",
        call("estimate_cost", KLING, "$0.56", image="file", model=KLING),
        call("create_video", KLING, "$0.56", as_job="a", prompt=CAT, image="cat.png", model=KLING),
        call("get_video_status", "Done", job_id="{a}"),
        paid=("$0.56", "muvi of image-to-video 16:9"),
    ),
    talk(
        "continue where it ended",
        call("create_video", "720x1280", as_job="a", prompt=CAT, size="9:16", **SILENT),
        call("get_video_status", "Done", "720x1280", 'continues="{a}" goes on from it', job_id="{a}"),
        call("create_video", "720x1280", "without sound", "$0.52", as_job="b", prompt="It jumps", continues="{a}"),
        call("get_video_status", 'edit_video(action="join", inputs=["{a}", "{b}"]) joins both', job_id="{b}"),
        clip="tall",
        paid=("$1.00", "aimlapi of t2v-fast 9:16", "aimlapi of i2v-fast 9:16"),
    ),
    talk(
        "go on from its last frame, without a word about the shape",
        *made("Done", prompt=CAT, size="9:16", **SILENT),
        call("create_video", "720x1280", "$0.52", prompt="It jumps", image="{a}#last"),
        clip="tall",
        paid=("$1.00", "aimlapi of t2v-fast 9:16", "aimlapi of i2v-fast 9:16"),
    ),
    talk(
        "my photo is upright, but make it wide",
        call("create_video", "1280x720", "may cut or stretch it", prompt=CAT, image="tall.png", size="16:9"),
        call("create_video", "1280x720", "padded from 90x160", prompt=CAT, image="tall.png", size="16:9", options={"fit": "pad"}),
        paid=("$1.00", "aimlapi of 16:9", "aimlapi of 16:9"),
    ),
    talk(
        "keep this face in every clip",
        call(
            "create_video",
            "does not take references",
            "No model with a key takes references",
            "would: the user adds a key of",
            "sora-mcp setup",
            never=("has no option",),
            refused=True,
            prompt=CAT,
            references=["cat.png"],
        ),
        keys=("aimlapi",),
    ),
    talk(
        "go on with the one that is not done yet",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("create_video", 'get_video_status("{a}"), then the same call', refused=True, prompt="It jumps", continues="{a}"),
        walk=("queued",),
        paid=("$0.52", "aimlapi"),
    ),
    talk(
        "make it longer",
        *made("Done", prompt=CAT, size="9:16", **SILENT),
        call("create_video", "8 s", "720x1280", "$1.04", prompt="It goes on", continues="{a}", seconds=8),
        clip="tall",
        paid=("$1.50", "aimlapi of t2v-fast", "aimlapi of i2v-fast 8"),
    ),
    talk(
        "continue it (where the vendor takes links alone)",
        call("create_video", "$0.56", as_job="a", prompt=CAT, model=KLING),
        call("get_video_status", "Done", job_id="{a}"),
        call("create_video", "$0.56", as_job="b", prompt="It jumps", continues="{a}"),
        call("get_video_status", "Done", 'edit_video(action="join", inputs=["{a}", "{b}"])', job_id="{b}"),
        paid=("$1.12", "muvi of text-to-video", "muvi of image-to-video"),
    ),
    talk(
        "put them together with a title",
        call("create_video", as_job="a", prompt=CAT, model=VEO),
        call("create_video", as_job="b", prompt="My dog sleeps", model=VEO),
        call("get_video_status", "2 of 2 have ended", job_ids=["{a}", "{b}"]),
        call("edit_video", "Done", "2 s", "free", "{folder}", as_job="c", action="join", inputs=["{a}", "{b}"]),
        call("edit_video", "shown for 3 s (end=… is when it goes)", "Done", "free", action="title", inputs=["{c}"], text="Cat"),
        call("edit_video", "Done", "free", never=("shown for",), action="title", inputs=["{c}"], text="Cat", end=1),
        paid=("$1.00", "aimlapi", "aimlapi"),
    ),
    talk(
        "a title in letters that no font here has",
        *made(prompt=CAT, model=VEO),
        call("edit_video", "no font", "install", refused=True, action="title", inputs=["{a}"], text="\U00010600\U00010601"),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "it looks wrong, look at it",
        *made("64x36 (you asked for 1280x720)", "no sound (you asked for sound)", "view_video", prompt=CAT, model=VEO),
        call("view_video", "frames", "check code", "no cuts", "no sound track", job_id="{a}"),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "a GIF of the first 20 seconds",
        *made(prompt=CAT, model=VEO),
        call("edit_video", "at most 1, the length of the clip", "Fix: end=1", refused=True, action="gif", inputs=["{a}"], start=0, end=20),
        call("edit_video", "a GIF", never=("a picture",), action="gif", inputs=["{a}"], end=1),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "make this one upright, and cut off the beginning",
        *made(prompt=CAT, model=VEO),
        call("edit_video", "Done", "free", as_job="b", action="reframe", inputs=["{a}"], ratio="9:16", fill="blur"),
        call("edit_video", "Done", "0.5 s", "_trim-my-cat-dances-on", action="trim", inputs=["{b}"], start=0.5),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "make the sofa red in this clip",
        *made(prompt=CAT, model=VEO),
        call("create_video", "edit", never=("leave out edits",), refused=True, prompt="The sofa is red", edits="{a}"),
        paid=("$0.50", "aimlapi"),
    ),
    talk(
        "three clips of one day, asked for in Japanese",
        *made("2026-11-20_ねこが踊る_{a}.mp4", prompt="ねこが踊る", model=VEO),
        paid=("$0.50", "aimlapi"),
    ),
)
