"""ci/clips: the clips that the demo begins with.  That they are uploaded and played, tests/demo/run sees."""

import importlib.util
import json
import subprocess
from importlib.machinery import SourceFileLoader

import pytest

from moa import TREE

LOADER = SourceFileLoader("demo_clips", str(TREE / "ci/clips"))
clips = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo_clips", LOADER))
LOADER.exec_module(clips)


@pytest.mark.parametrize("clip", clips.CLIPS, ids=lambda clip: clip[1])
def test_a_clip_is_upright_and_can_be_heard(clip, tmp_path):
    path = tmp_path / "clip.mp4"
    clips.make((*clip[:3], 0.2, *clip[4:]), path, tmp_path / "title.txt")
    told = subprocess.run(["ffprobe", "-v", "error", "-show_streams", "-of", "json", path], text=True, check=True, capture_output=True)
    video, sound = json.loads(told.stdout)["streams"]
    assert (video["codec_name"], video["width"], video["height"], sound["codec_name"]) == ("h264", clips.WIDTH, clips.HEIGHT, "aac")


def test_two_dozen_that_uploads_accept():
    assert len(clips.CLIPS) == 24 == len({title for _, title, *_ in clips.CLIPS})
    for who, title, description, seconds, *_ in clips.CLIPS:
        assert who in clips.CHANNELS and len(title) <= 50 and len(description) <= 150 and "#" in description and seconds <= 60
