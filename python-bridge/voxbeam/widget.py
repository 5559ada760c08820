"""The viewer as a notebook widget."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import anywidget
import traitlets as t

from voxbeam.bookmarks import BOOKMARKED
from voxbeam.dials import DIALS, MAX_HEIGHT, MIN_HEIGHT, DialTraits, checked_frame
from voxbeam.errors import ParameterError
from voxbeam.handled import say_handled
from voxbeam.keywords import refuse_unknown
from voxbeam.stream import bracketed
from voxbeam.studio import Studio, checked_movie, checked_size, picture_size
from voxbeam.transport import checked_codec, checked_transport, forced_transport
from voxbeam.tunnel import Tunnel
from voxbeam.user import user_name
from voxbeam.view_state import LINKED, SharedViewTraits, view_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from voxbeam.page_url import PageRole
    from voxbeam.people import Person
    from voxbeam.studio import Movie, MovieFormat, MovieKind, Screenshot

STATIC = Path(__file__).parent / "static"
LOADER = STATIC / "loader.js"
_NO_LOADER = """export default { render({ el }) {
  el.textContent = "voxbeam was installed without its browser code: run `npm run build` there, then restart the kernel.";
} };"""
#: Assets of the viewer that the kernel hands to a page which cannot fetch them.
_ASSETS = {name: STATIC / name for name in ("widget.js", "movie.js")}
#: Views a widget can open with.
Views = Literal["four", "volume", "slices"]
VIEWS = get_args(Views)


class VolumeView(SharedViewTraits, DialTraits, anywidget.AnyWidget):
    """One viewer of an instance, in a notebook cell.

    Parameters
    ----------
    instance
        The instance whose volumes and annotations it shows.
    volume
        The volume it was made for, for its ``repr``: anything with a ``description`` that has a name, shape and dtype.
    height
        Height in CSS pixels.
    views
        ``"four"``: three slices and the volume; ``"volume"`` or ``"slices"`` alone.
    transport
        ``"direct"``, ``"proxy"`` or ``"comm"`` to force one, ``"auto"`` for the best that works; None as configured.
    policy
        How bricks are asked for: ``"exploration"``, ``"playback"``, ``"low-bandwidth"`` or ``"no-prefetch"``,
        or one of them in another order: :func:`voxbeam.loading_policy`. Also a trait.
    codec
        How bricks travel: ``"auto"`` as the measured link asks for, ``"raw"``, ``"lz4"``, ``"zstd"``, or ``"preview"``: 8 bits
        a voxel until the view rests.
    **dials
        ``max_gpu_bytes``, ``max_browser_bytes``, ``max_cache_bytes``, ``frame_ms``, ``passes``: see :class:`DialTraits`.
    """

    _esm = LOADER if LOADER.exists() else _NO_LOADER

    _candidates = t.List(t.Dict()).tag(sync=True)
    _forced = t.Unicode("").tag(sync=True)
    #: How the page reaches the instance: "direct", "proxy" or "comm"; empty until it does. Set by the page.
    transport = t.Unicode("").tag(sync=True)
    #: How bricks were asked for to travel; empty: as the link asks for.
    _wanted_codec = t.Unicode("").tag(sync=True)
    #: How the last bricks came: "raw", "lz4", "zstd", or "preview", 8 bits a voxel until the view rests;
    #: empty before. Set by the page.
    codec = t.Unicode("").tag(sync=True)
    #: Whether everything the view needs is there and drawn. Set by the page.
    settled = t.Bool(default_value=False).tag(sync=True)
    #: Height in CSS pixels.
    height = t.Int(450, min=MIN_HEIGHT, max=MAX_HEIGHT).tag(sync=True)
    #: The views that are shown: "four", "volume" or "slices". Follows the page, too.
    views = t.Enum(VIEWS, "four").tag(sync=True)
    #: What was picked last, by ctrl click or with the picking tool: volume (its name), voxel (z, y, x), world (x, y, z),
    #: and value, or the id of a label; of a point its number in the arrays (point) and its properties in place of the voxel;
    #: empty before. Observe it to hear of each: ``view.observe(listener, "picked")``.
    picked = t.Dict()
    #: As the page tells it: an id is text there, for a number of a page is exact to 2^53 only.
    _picked = t.Dict().tag(sync=True)
    #: Name of whoever runs the kernel, until another one is chosen in the page.
    _user = t.Unicode("").tag(sync=True)
    #: Name of whom the view follows, see :meth:`follow`; empty: nobody. Follows the page, too.
    following = t.Unicode("").tag(sync=True)
    #: Counters of the page: bytes, first_picture (epoch ms), level, missing, fps.
    stats = t.Dict().tag(sync=True)

    def __init__(
        self, instance: Any, volume: Any = None, *, height: int = 450, views: Views = "four",
        transport: str | None = None, policy: str = "exploration", codec: str = "auto", **dials: float | None,
    ) -> None:
        unknown = {name: value for name, value in dials.items() if name not in DIALS}
        refuse_unknown("VolumeView", unknown, ("height", "views", "transport", "policy", "codec", *DIALS))
        checked_frame(height, views, VIEWS)
        forced = forced_transport() if transport is None else checked_transport(transport, "transport")
        self._instance = instance
        self._volume = volume
        # Comm messages may arrive on a subshell's thread while a cell runs on the main one.
        self._guard = threading.RLock()
        self._tunnels: dict[str, Tunnel] = {}
        self._studio = Studio(lambda message: self.send(message))  # noqa: PLW0108  whatever `send` is then
        forced_trait, ways = "" if forced == "auto" else forced, candidates(instance)
        wanted = "" if checked_codec(codec, "codec") == "auto" else codec
        given = {"_forced": forced_trait, "_wanted_codec": wanted, "_candidates": ways, "_user": user_name()}
        super().__init__(height=height, views=views, policy=policy, **given, **dials)
        self.on_msg(self._on_page_message)
        self.observe(self._take_picked, "_picked")

    @property
    def instance(self) -> Any:
        """The instance this view shows."""
        return self._instance

    def made_for(self, volume: Any) -> None:
        """Say which volume it was made for, where that is known only later."""
        self._volume = volume

    @property
    def annotations(self) -> Any:
        """What people marked, in this viewer and elsewhere, shared by every view of the instance."""
        return self._instance.annotations

    @property
    def saved(self) -> Any:
        """How what is drawn is kept: true where all of it is on disk; see :attr:`voxbeam.Instance.saved`."""
        return self._instance.saved

    @property
    def layers(self) -> Any:
        """How the instance's volumes look, by their names: ``view.layers["ct"].mode = "mip"``."""
        return self._instance.layers

    def labels(self, name: str, **options: Any) -> Any:
        """Labels that people paint, as an array: ``view.labels("tissue")[10:20] = 1``. See :meth:`voxbeam.Instance.labels`."""
        return self._instance.labels(name, **options)

    @property
    def bookmarks(self) -> Any:
        """Named views, shared by every view of the instance: ``view.go_to("front")``."""
        return self._instance.bookmarks

    @property
    def people(self) -> list[Person]:
        """Who looks at the instance now, where and with which tool: one for each viewer, this one among them."""
        people: list[Person] = self._instance.people
        return people

    def follow(self, person: str | Person | None) -> None:
        """Show what somebody else sees: their camera, slices, layout and time point, until this view is moved by hand.

        Parameters
        ----------
        person
            One of :attr:`people`, or a name; None: nobody any more.

        Raises
        ------
        ParameterError
            Nobody of that name is here.
        """
        name = "" if person is None else person if isinstance(person, str) else person.name
        if name and name not in (names := [one.name for one in self.people]):
            here = ", ".join(map(repr, dict.fromkeys(names))) or "nobody"
            raise ParameterError(f"Nobody called {name!r} is here.", f"Here are: {here}.")
        self.following = name

    def save_view(self, name: str) -> Any:
        """Save where this view looks now as a bookmark of that name; returns it."""
        # Empty, these are what the page has not told yet; the others' emptiness is to be come back to.
        untold = ("camera", "cross", "slice_frame")
        parts = {"layout": self.views, **{part: getattr(self, part) for part in BOOKMARKED}}
        return self.bookmarks.add(name, **{part: value for part, value in parts.items() if value or part not in untold})

    def go_to(self, name: str) -> None:
        """Show what the bookmark of that name holds."""
        view = self.bookmarks[name].view
        with self.hold_sync():
            # The room for slices first: it changes with the layout how large they are.
            self.views = view.get("layout", self.views)
            for part in BOOKMARKED:
                if part in view:
                    setattr(self, part, view[part])

    def link(self, role: PageRole = "edit") -> str:
        """Give an address of the instance's page that leads to what this view shows now: for one browser, within two minutes.

        Parameters
        ----------
        role
            ``"edit"``, or ``"view"`` for who may look, follow and set looks for himself, but draw nothing.

        Raises
        ------
        ParameterError
            There is no such role.
        """
        fields = {name: getattr(self, name) for name in LINKED}
        return f"{self._instance.link(role)}&view={view_text(fields)}"

    def screenshot(self, *, width: int | None = None, height: int | None = None) -> Screenshot:
        """Ask the page for its picture as PNG bytes: ``png = await view.screenshot()``.

        Parameters
        ----------
        width, height
            Pixels of the picture, which may be larger than the view: it is drawn anew for them, with its marks and
            scale bars. Without both: as it is shown.

        Raises
        ------
        ParameterError
            Only one is given, or one is not within 16 and 16,384.
        """
        return self._studio.picture(picture_size(width, height))

    def movie(
        self, *, kind: MovieKind = "turntable", seconds: float = 6.0, fps: float = 24.0, width: int = 640, height: int = 480,
        degrees: float = 360.0, format: MovieFormat = "webm",  # noqa: A002  what files call it
    ) -> Movie:
        """Ask the page for a movie of this view: ``data = await view.movie(seconds=4)``.

        Parameters
        ----------
        kind
            ``"turntable"``: the view turns; ``"time"``: one frame for each time point.
        seconds, fps
            How long a turntable is, and frames in a second.
        width, height
            Pixels of a frame.
        degrees
            How far it turns.
        format
            ``"webm"`` or ``"mp4"``.

        Returns
        -------
        Movie
            On its way: ``await`` it, ask for its ``result()``, see its ``done``, or ``cancel()`` it.
        """
        options = {"kind": kind, "seconds": seconds, "fps": fps, "degrees": degrees, "format": format}
        return self._studio.movie({**checked_movie(options), **checked_size(width, height)})

    def clear_browser_cache(self) -> None:
        """Remove all bricks that the browsers showing this view keep in their storage, of every volume."""
        self.send({"t": "clear_cache", "id": ""})

    def close(self) -> None:
        """Take the view off its page and end its connections. The instance and its volumes stay."""
        if not hasattr(self, "_guard"):
            return  # its arguments were refused; collecting it calls this all the same
        with self._guard:
            tunnels = list(self._tunnels.values())
            self._tunnels.clear()
        for tunnel in tunnels:
            tunnel.close()
        self._studio.close()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        words = [_volume_words(self._volume), self.transport, "settled" if self.settled else ""]
        return f"<{' '.join(['VolumeView', *filter(None, words)])}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        # Tickets live half a minute: those of a view made long ago are renewed as it is shown.
        self._candidates = candidates(self._instance)
        return super()._repr_mimebundle_(**kwargs)

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        super()._handle_msg(msg)
        if msg["content"]["data"].get("method") == "update":
            say_handled(self.comm, msg)

    def _on_page_message(self, _widget: object, content: Any, buffers: Sequence[memoryview]) -> None:
        handlers: dict[str, Callable[[dict[str, Any], Sequence[memoryview]], None]] = {
            "code": self._send_code,
            "ticket": self._send_ticket,
            "open": self._open_tunnel,
            "frame": self._send_frames,
            "close": self._close_tunnel,
            "screenshot": self._studio.receive,
            "movie": self._studio.receive,
        }
        handler = handlers.get(str(content.get("t"))) if isinstance(content, dict) else None
        if handler is not None:
            handler(content, buffers)

    def _send_code(self, content: dict[str, Any], _buffers: Sequence[memoryview]) -> None:
        """The viewer's code for a page that cannot fetch it: only what is on the list, never a path of the page's."""
        path = _ASSETS.get(str(content.get("name")))
        answer = {"t": "code", "id": content.get("id")}
        if path is None:
            self.send({**answer, "error": f"no asset named {content.get('name')!r}"})
            return
        try:
            self.send(answer, [path.read_bytes()])
        except OSError as error:
            self.send({**answer, "error": f"{path.name} is missing from the installed package: {error}"})

    def _send_ticket(self, content: dict[str, Any], _buffers: Sequence[memoryview]) -> None:
        answer = {"t": "ticket", "id": content.get("id")}
        try:
            ticket = self._instance.ticket(use="stream", role="edit", origin=str(content.get("origin")))
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs in the cell, not in a log
            self.send({**answer, "error": str(error)})
        else:
            self.send({**answer, "ticket": ticket})

    def _open_tunnel(self, content: dict[str, Any], _buffers: Sequence[memoryview]) -> None:
        name = str(content.get("id"))
        try:
            tunnel = Tunnel(
                self._instance,
                deliver=lambda frames: self.send({"t": "frames", "id": name}, list(frames)),
                closed=lambda reason: self._tunnel_closed(name, reason),
            )
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs in the cell, not in a log
            self.send({"t": "closed", "id": name, "reason": str(error)})
            return
        with self._guard:
            previous = self._tunnels.pop(name, None)
            self._tunnels[name] = tunnel
        if previous:
            previous.close()
        self.send({"t": "opened", "id": name})

    def _send_frames(self, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        with self._guard:
            tunnel = self._tunnels.get(str(content.get("id")))
        for buffer in buffers if tunnel else ():
            tunnel.send(bytes(buffer))  # type: ignore[union-attr]

    def _close_tunnel(self, content: dict[str, Any], _buffers: Sequence[memoryview]) -> None:
        with self._guard:
            tunnel = self._tunnels.pop(str(content.get("id")), None)
        if tunnel:
            tunnel.close()

    def _tunnel_closed(self, name: str, reason: str) -> None:
        with self._guard:
            self._tunnels.pop(name, None)
        self.send({"t": "closed", "id": name, "reason": reason})

    def _take_picked(self, change: Any) -> None:
        told = change["new"]
        known = {name: tuple(told[name]) for name in ("voxel", "world") if name in told}
        ids = {"id": int(told["id"])} if "id" in told else {}
        self.picked = {**told, **known, **ids}


def candidates(instance: Any) -> list[dict[str, str]]:
    """The ways to an instance that a page may try, each with a fresh single-use ticket.

    The page knows its own base URL, so the way through a Jupyter server is given as a path. Tickets are for pages
    of this computer; a page of another origin asks the kernel for one of its own.
    """
    loopback = instance.host in ("127.0.0.1", "localhost", "::1")
    where = bracketed(instance.host)
    proxied = f"proxy/{instance.port}" if loopback else f"proxy/{where}:{instance.port}"

    def ticket() -> str:
        return str(instance.ticket(use="stream", role="edit", origin="loopback"))

    return [
        {
            "kind": "direct", "url": f"{instance.scheme.replace('http', 'ws')}://{where}:{instance.port}/v1/stream",
            "assets": f"{instance.scheme}://{where}:{instance.port}/assets/", "ticket": ticket(),
        },
        {"kind": "proxy", "path": f"{proxied}/v1/stream", "assets": f"{proxied}/assets/", "ticket": ticket()},
        {"kind": "comm"},
    ]


def _volume_words(volume: Any) -> str:
    """Such as ``brain 197×233×189 uint8``."""
    description = getattr(volume, "description", volume)
    if description is None:
        return ""
    shape = "×".join(str(n) for n in getattr(description, "shape", ()))
    words = (str(getattr(description, "name", "")), shape, str(getattr(description, "dtype", "")))
    return " ".join(filter(None, words))
