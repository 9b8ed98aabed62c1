"""`dfc restore` of videos: what is kept of a clip, pipes of Y4M, and what ends in a line."""

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import dfc as library
from dfc.cli.videos import VideoOptions, find_video, restore_video
from dfc.common.errors import UserError
from dfc.models.artifact import save_model
from dfc.models.lut import Lut
from dfc.video.formats import PLANAR

av = pytest.importorskip("av", reason="PyAV is not installed: pip install 'dfc[video]'")

SIZE = 20, 12
MAIN = "from dfc.cli import main; main()"
Planes = list[np.ndarray]


@pytest.fixture(scope="module")
def lut(make_lut: Callable[..., Lut]) -> Lut:
    return make_lut("sr_lut", 2, "s")


@pytest.fixture(scope="module")
def lut_file(tmp_path_factory: pytest.TempPathFactory, lut: Lut) -> Path:
    path = tmp_path_factory.mktemp("lut") / "lut.safetensors"
    save_model(lut, path)
    return path


def write_clip(
    path: Path,
    pixels: str = "yuv420p",
    size: tuple[int, int] = SIZE,
    times: Sequence[int] = (0, 1, 2),
    time_base: Fraction = Fraction(1, 25),
    codec: str = "ffv1",
    sound: str | None = None,
    rotated: int = 0,
    **properties: object,
) -> list[Planes]:
    """Write a clip of noise, without loss in FFV1, and return the planes of its frames."""
    rng = np.random.default_rng(0)
    written = []
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, 25, width=size[0], height=size[1], time_base=time_base)
        video.codec_context.pix_fmt = pixels
        video.set_display_rotation(rotated)
        for name, value in properties.items():
            setattr(video.codec_context, name, value)
        audio = container.add_stream(sound, 8000, layout="mono") if sound else None
        if audio:
            audio.codec_context.open()
        container.metadata["title"] = "a clip"
        for moment in times:
            frame = av.VideoFrame(*size, pixels)
            for plane in frame.planes:
                view(plane)[:] = rng.integers(256, size=view(plane).shape)
            frame.pts, frame.time_base = moment, time_base
            written.append([view(plane).copy() for plane in frame.planes])
            container.mux(video.encode(frame))
        if audio:
            container.mux(encode_noise(audio))
        container.mux(video.encode(None))
    return written


def encode_noise(audio: "av.AudioStream") -> list["av.Packet"]:
    noise = np.random.default_rng(0).integers(-9999, 9999, (1, 1600), dtype=np.int16)
    frame = av.AudioFrame.from_ndarray(noise, "s16", "mono")
    frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
    frames = av.AudioResampler(audio.format, "mono", 8000, audio.frame_size).resample(frame)
    return [packet for part in (*frames, None) for packet in audio.encode(part)]


def view(plane: "av.VideoPlane") -> np.ndarray:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def read_frames(source: Path | io.BytesIO) -> list["av.VideoFrame"]:
    source = str(source) if isinstance(source, Path) else source
    with av.open(source) as container:
        return list(container.decode(video=0))


def read_packets(path: Path, kind: str) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        (stream,) = getattr(container.streams, kind)
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in packets]


def restore(
    source: Path, output: Path, lut: Lut, chroma: str | None = None, quality: int | None = 100
) -> None:
    """Restore a clip in this process, without loss."""
    found = find_video([source], output, None)
    restore_video(found, output, lut, VideoOptions(2, False, False, quality, chroma))


def dfc(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = (sys.executable, "-c", MAIN, *map(str, arguments))
    return subprocess.run(command, capture_output=True, input=given, timeout=120)


@pytest.mark.parametrize("size", [SIZE, (19, 11)])
@pytest.mark.parametrize("pixels", PLANAR)
def test_luma_is_that_of_restored_frames(
    tmp_path: Path, lut: Lut, pixels: str, size: tuple[int, int]
) -> None:
    written = write_clip(tmp_path / "a.mkv", pixels, size)
    restore(tmp_path / "a.mkv", tmp_path / "b.mkv", lut)
    restored = read_frames(tmp_path / "b.mkv")
    assert len(restored) == len(written)
    for frame, planes in zip(restored, written, strict=True):
        # H.264 of grey is decoded with a colour of grey.
        assert frame.format.name == {"gray": "yuv420p"}.get(pixels, pixels)
        np.testing.assert_array_equal(view(frame.planes[0]), library.restore(planes[0], lut))


def test_chroma_is_restored_by_the_lut_where_that_is_asked_for(tmp_path: Path, lut: Lut) -> None:
    written = write_clip(tmp_path / "a.mkv", "yuv444p")
    restore(tmp_path / "a.mkv", tmp_path / "b.mkv", lut, "lut")
    for frame, planes in zip(read_frames(tmp_path / "b.mkv"), written, strict=True):
        for plane, small in zip(frame.planes, planes, strict=True):
            np.testing.assert_array_equal(view(plane), library.restore(small, lut))


def test_colour_stays_where_it_was_beside_luma(tmp_path: Path, lut: Lut) -> None:
    """H.264 has its chroma at the left of two pixels of luma, not between them."""
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        video = container.add_stream("libx264", 25, {"qp": "0"}, width=64, height=32)
        frame = av.VideoFrame(64, 32, "yuv420p")
        for plane, slope in zip(frame.planes, (3, 6, 6), strict=True):
            view(plane)[:] = np.arange(plane.width) * slope  # the same at the same place
        container.mux([*video.encode(frame), *video.encode(None)])
    restore(tmp_path / "a.mkv", tmp_path / "b.mkv", lut)
    (restored,) = read_frames(tmp_path / "b.mkv")
    # Pixel x of the large luma lies at (x - 0.5) / 2 of the small one, 3 levels a pixel.
    expected = (2 * np.arange(8, 56) - 0.5) / 2 * 3
    np.testing.assert_allclose(view(restored.planes[1])[20, 8:56], expected, atol=1)


def test_a_video_of_odd_sides_is_written_with_its_colour_at_full_size(
    tmp_path: Path, make_lut: Callable[..., Lut], capsys: pytest.CaptureFixture[str]
) -> None:
    lut = make_lut("sr_lut", 3, "s")
    (planes, *_) = write_clip(tmp_path / "a.mkv", "yuv420p", (19, 11))
    restore(tmp_path / "a.mkv", tmp_path / "b.mp4", lut)
    restored, *_ = read_frames(tmp_path / "b.mp4")
    assert (restored.width, restored.height, restored.format.name) == (57, 33, "yuv444p")
    np.testing.assert_array_equal(view(restored.planes[0]), library.restore(planes[0], lut))
    assert "yuv420p does not fit in libx264 at 57x33, and is written as yuv444p" in (
        capsys.readouterr().err
    )


def test_a_lut_of_three_colours_restores_rgb(tmp_path: Path) -> None:
    lut = library.load("denoise-25")
    write_clip(tmp_path / "a.mkv", "yuv444p", colorspace=1, color_range=1)
    restore(tmp_path / "a.mkv", tmp_path / "b.mkv", lut)
    before, after = read_frames(tmp_path / "a.mkv"), read_frames(tmp_path / "b.mkv")
    for small, large in zip(before, after, strict=True):
        expected = library.restore(small.to_ndarray(format="rgb24"), lut)
        assert np.abs(large.to_ndarray(format="rgb24").astype(int) - expected).mean() < 2
        assert (large.colorspace, large.color_range) == (1, 1)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_times_of_variable_rate_are_kept(tmp_path: Path, lut: Lut, ending: str) -> None:
    times = (0, 3003, 5000, 9001, 20002, 20090)
    unit = Fraction(1, 90000 if ending == "mp4" else 1000)
    write_clip(tmp_path / f"a.{ending}", times=times, time_base=unit, codec="libx264")
    restore(tmp_path / f"a.{ending}", tmp_path / f"b.{ending}", lut)
    restored = read_frames(tmp_path / f"b.{ending}")
    assert [(frame.pts, frame.time_base) for frame in restored] == [(x, unit) for x in times]


@pytest.mark.parametrize(("sound", "ending"), [("aac", "mp4"), ("flac", "mkv")])
def test_audio_is_copied(tmp_path: Path, lut: Lut, sound: str, ending: str) -> None:
    write_clip(tmp_path / "a.mkv", sound=sound)
    restore(tmp_path / "a.mkv", tmp_path / f"b.{ending}", lut)
    before, after = (read_packets(tmp_path / name, "audio") for name in ("a.mkv", f"b.{ending}"))
    assert [data for _, data in after] == [data for _, data in before]
    np.testing.assert_allclose(
        *[[float(at) for at, _ in each] for each in (before, after)], atol=1e-3
    )


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_subtitles_are_copied_where_the_file_takes_them(
    tmp_path: Path, lut: Lut, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(tmp_path / "plain.mkv")
    add_subtitle(tmp_path / "plain.mkv", tmp_path / "a.mkv", b"a word")
    restore(tmp_path / "a.mkv", tmp_path / f"b.{ending}", lut)
    if ending == "mkv":
        assert read_packets(tmp_path / "b.mkv", "subtitles") == [(0, b"a word")]
    else:
        lines = capsys.readouterr().err.splitlines()
        assert f"{tmp_path}/a.mkv: its subtitle (srt) does not fit in mp4, and is left out" in lines


def add_subtitle(source: Path, target: Path, text: bytes) -> None:
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        video = container.add_stream_from_template(given.streams.video[0], opaque=True)
        words = container.add_mux_stream("subrip")
        packet = av.Packet(text)
        packet.stream, packet.time_base, packet.pts, packet.dts = words, Fraction(1, 1000), 0, 0
        packet.duration = 80
        container.mux(packet)
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = video
                container.mux(packet)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_colour_aspect_rotation_and_metadata_are_kept(
    tmp_path: Path, lut: Lut, ending: str
) -> None:
    colour = {"color_range": 2, "colorspace": 1, "color_primaries": 1, "color_trc": 1}
    source = tmp_path / f"a.{ending}"
    write_clip(source, codec="libx264", sample_aspect_ratio=Fraction(4, 3), rotated=90, **colour)
    with av.open(str(source)) as container:
        assert next(container.decode(video=0)).rotation == 90
    restore(source, tmp_path / f"b.{ending}", lut)
    with av.open(str(tmp_path / f"b.{ending}")) as container:
        frame = next(container.decode(video=0))
        assert {name: getattr(frame, name) for name in colour} == colour
        assert frame.rotation == 90
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        assert container.metadata["title"] == "a clip"


@pytest.mark.parametrize("ending", ["webm", "avi", "mov", "m4v", "y4m"])
def test_other_kinds_of_files_are_written(tmp_path: Path, lut: Lut, ending: str) -> None:
    written = write_clip(tmp_path / "a.mkv")
    restore(tmp_path / "a.mkv", tmp_path / f"b.{ending}", lut)
    restored = read_frames(tmp_path / f"b.{ending}")
    assert [float(frame.time) for frame in restored] == pytest.approx([0, 0.04, 0.08])
    for frame, planes in zip(restored, written, strict=True):
        luma, expected = view(frame.planes[0]), library.restore(planes[0], lut)
        assert np.abs(luma.astype(int) - expected).mean() < (9 if ending == "avi" else 0.5)


@pytest.mark.parametrize("pixels", ["yuv420p10le", "rgb24", "yuva420p"])
def test_other_pixels_are_read_as_8_bit_planes_and_that_is_told(
    tmp_path: Path, pixels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        video = container.add_stream("ffv1", 25, width=32, height=16)
        frame = av.VideoFrame.from_ndarray(np.full((16, 32, 3), (200, 40, 90), np.uint8))
        frame = frame.reformat(format=pixels)
        video.codec_context.pix_fmt = "bgr0" if pixels == "rgb24" else pixels
        container.mux([*video.encode(frame), *video.encode(None)])
    restore(tmp_path / "a.mkv", tmp_path / "b.mkv", make_identity())
    (restored,) = read_frames(tmp_path / "b.mkv")
    found = restored.to_ndarray(format="rgb24").mean(axis=(0, 1))
    np.testing.assert_allclose(found, (200, 40, 90), atol=4)
    planar = "yuv444p" if pixels == "rgb24" else "yuv420p"
    assert f"pixels are read as {planar}, of 8 bits" in capsys.readouterr().err


def test_a_frame_that_cannot_be_restored_leaves_no_file(
    tmp_path: Path, lut: Lut, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clip(tmp_path / "a.mkv")
    monkeypatch.setattr(library, "restore", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore(tmp_path / "a.mkv", tmp_path / "out/b.mkv", lut)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("inputs", "output", "format", "message"),
    [
        ("none.mp4", "b.mp4", None, "none.mp4: no such file"),
        ("text.mp4", "b.mp4", None, "text.mp4: expected a readable video: Invalid data"),
        ("sound.mkv", "b.mp4", None, "sound.mkv: expected a video, found no stream"),
        ("a.mkv", "folder", None, "folder: expected the name of a video (.mp4 "),
        ("a.mkv", "b.png", None, "b.png: expected the name of a video (.mp4 "),
        ("a.mkv a.mkv", "b.mp4", None, "a.mkv: expected one video and nothing beside it"),
        ("a.png", "b.mp4", None, "a.png: expected a video, as the output is a video"),
        ("a.png", "folder", "y4m", "a.png: expected a video, as the output is a video"),
        ("a.mkv", "b.mp4", "png", "--format png: expected y4m, or none, for the video a.mkv"),
        ("a.mkv", "b.mp4", "y4m", "b.mp4: expected a name that ends in .y4m, as --format says"),
        ("a.mkv", "a.mkv", None, "a.mkv: exists already; --force replaces it"),
    ],
)
def test_what_does_not_go_with_a_video_is_one_line(
    tmp_path: Path,
    lut: Lut,
    monkeypatch: pytest.MonkeyPatch,
    inputs: str,
    output: str,
    format: str | None,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("a.mkv"))
    Path("text.mp4").write_text("no video")
    with av.open("sound.mkv", "w") as container:
        audio = container.add_stream("flac", 8000, layout="mono")
        container.mux(encode_noise(audio))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as error:
        found = find_video([Path(name) for name in inputs.split()], Path(output), format)
        restore_video(found, Path(output), lut, VideoOptions(2, False, False, None, None))
    assert str(error.value).startswith(message)
    assert sorted(tmp_path.iterdir()) == before


def test_pictures_beside_videos_in_a_folder_are_restored_alone(
    tmp_path: Path, lut_file: Path
) -> None:
    from PIL import Image

    write_clip(tmp_path / "in.mkv/a.mkv")
    Image.new("L", SIZE).save(tmp_path / "in.mkv/a.png")
    done = dfc("restore", lut_file, tmp_path / "in.mkv", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_without_pyav_one_line_says_what_brings_it(tmp_path: Path, lut_file: Path) -> None:
    write_clip(tmp_path / "a.mkv")
    command = f"import sys; sys.modules['av'] = None; {MAIN}"
    given = map(str, ("restore", lut_file, tmp_path / "a.mkv", "-o", tmp_path / "b.mkv"))
    done = subprocess.run((sys.executable, "-c", command, *given), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: this needs av, which `pip install 'dfc[video]'` brings\n"


def make_y4m(count: int, tags: str = "F30000:1001 Ip A4:3 C420mpeg2") -> tuple[bytes, list[Planes]]:
    rng = np.random.default_rng(0)
    shapes = [SIZE[::-1], (SIZE[1] // 2, SIZE[0] // 2), (SIZE[1] // 2, SIZE[0] // 2)]
    frames = [
        [rng.integers(256, size=shape, dtype=np.uint8) for shape in shapes] for _ in range(count)
    ]
    head = f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} {tags}\n".encode()
    data = [b"FRAME\n" + b"".join(plane.tobytes() for plane in planes) for planes in frames]
    return head + b"".join(data), frames


def test_y4m_becomes_y4m_in_a_pipe(lut_file: Path, lut: Lut) -> None:
    stream, frames = make_y4m(5)
    done = dfc("restore", lut_file, "-", "-o", "-", "--chroma", "lut", given=stream)
    assert done.returncode == 0, done.stderr
    head, _, rest = done.stdout.partition(b"\n")
    assert head == b"YUV4MPEG2 W40 H24 F30000:1001 Ip A4:3 C420mpeg2"
    restored = [[library.restore(plane, lut) for plane in planes] for planes in frames]
    expected = [b"FRAME\n" + b"".join(map(np.ndarray.tobytes, planes)) for planes in restored]
    assert rest == b"".join(expected)
    assert b"5 frames, " in done.stderr


def start(*arguments: object) -> "subprocess.Popen[bytes]":
    command = (sys.executable, "-c", MAIN, "restore", *map(str, arguments))
    pipe = subprocess.PIPE
    started = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
    patience = threading.Timer(120, started.kill)
    patience.daemon = True
    patience.start()
    return started


def test_frames_leave_a_pipe_while_others_come_and_a_broken_pipe_is_quiet(lut_file: Path) -> None:
    stream, _ = make_y4m(8)
    with start(lut_file, "-", "-o", "-", "--threads", 2) as running:
        running.stdin.write(stream[: len(stream) // 2])
        assert running.stdout.readline().startswith(b"YUV4MPEG2 W40 ")
        assert running.stdout.read(6) == b"FRAME\n", "before half of the frames have come"
        running.stdout.close()
        running.stdin.write(stream[len(stream) // 2 :])
        running.stdin.close()
        assert running.wait() == 1
        assert running.stderr.read() == b""


def test_a_run_that_is_ended_leaves_no_file(tmp_path: Path, lut_file: Path) -> None:
    stream, _ = make_y4m(8)
    with start(lut_file, "-", "-o", tmp_path / "b.mkv", "--quality", 100) as running:
        running.stdin.write(stream)  # and more is to come
        while not list(tmp_path.iterdir()):
            assert running.poll() is None
            time.sleep(0.05)
        running.terminate()
        assert running.wait() == 128 + signal.SIGINT
        assert running.stderr.read().splitlines() == []
    assert not list(tmp_path.iterdir())


def make_identity() -> Lut:
    from dfc.models.architectures import build
    from dfc.training.start import make_nearest_neighbour

    return make_nearest_neighbour(build("mulut", 2, patterns="sdy"), "sr", 4)
