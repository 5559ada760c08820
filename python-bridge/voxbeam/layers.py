"""The layers of an instance: how its volumes look, for everyone who looks at them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from voxbeam.errors import ParameterError
from voxbeam.keywords import refuse_unknown
from voxbeam.look import LOOK, checked_look, read_setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from typing_extensions import Self, Unpack

    from voxbeam.look import Blend, LabelStyle, LookOptions, Mode, Shading
    from voxbeam.scene_map import Change, Entry, Origin, SceneMap

#: Seconds within which the layer of a volume that was just declared comes from the sidecar.
LAYER_SECONDS = 10.0
_KINDS = ("image", "labels", "points")
#: How new layers differ from the defaults, by kind. As in ``layers.ts``.
_NEW: dict[str, dict[str, Any]] = {
    "labels": {"opacity": 0.5, "colormap": "labels"},
    "points": {"colormap": "viridis", "points": [[0.0, 1.0], [1.0, 1.0]]},
}
Read = TypeVar("Read", covariant=True)  # noqa: PLC0105  a type that is read
Written = TypeVar("Written", contravariant=True)  # noqa: PLC0105  a type that is written


class Setting(Generic[Read, Written]):
    """A property of a layer that stands in the scene document under its own name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.__doc__ = f"The setting {name!r}; see docs/look.md."

    @overload
    def __get__(self, layer: None, owner: type) -> Self: ...
    @overload
    def __get__(self, layer: Layer, owner: type) -> Read: ...
    def __get__(self, layer: Layer | None, owner: type) -> Any:
        return self if layer is None else read_setting(self.name, layer._entry().get(self.name))  # noqa: SLF001

    def __set__(self, layer: Layer, value: Written) -> None:
        layer._write({self.name: value})  # noqa: SLF001


class Layer:
    """How one volume looks; the same for all its viewers. Every read is current, every write reaches them at once.

    Attributes
    ----------
    visible, opacity, order
        Whether it is shown, how much of it (0 to 1), and over what: layers of higher order lie over those of lower.
    window : tuple of float or None
        Values at the ends of the colour map; None: each viewer derives them from the values.
    colormap : str
        One of ``voxbeam.colormaps.COLORMAPS``, its reverse with ``_r`` behind it, or ``"#rrggbb"``, a ramp from black.
    points : sequence of (place, opacity)
        Opacity over the window, both 0 to 1; linear between.
    gamma, log
        Place t of the window has the colour of t to the power of `gamma`; with `log` places go by the logarithm of the values.
    mode, iso
        ``"dvr"``, ``"mip"``, ``"minip"``, ``"mean"``, or ``"iso"`` with its surface at place `iso` of the window.
    shading : str
        ``"none"``, ``"local"``, ``"scattering"`` (shadows) or ``"occlusion"``.
    blend : str
        ``"over"`` what lies below, or ``"additive"``.
    transform : dict or None
        ``translate`` (x, y, z), ``rotate`` (quaternion x, y, z, w), ``scale`` (x, y, z or one factor), in world axes.
    shader, uniforms
        GLSL of ``vec4 shade(Sample s)``, and values of its uniforms by name.
    label_style, label_colors, selected, isolate
        Labels: ``"fill"`` or ``"outline"``; colours by id; ids that are picked out, and whether only they are shown.
    radius, range
        Points: a factor of their radii, and the values that are shown.

    Examples
    --------
    >>> layer = instance.layers["ct"]
    >>> layer.mode = "iso"
    >>> layer.set(window=(-200, 1200), colormap="bone", shading="occlusion")
    """

    visible: Setting[bool, bool] = Setting()
    opacity: Setting[float, float] = Setting()
    order: Setting[float, float] = Setting()
    window: Setting[tuple[float, float] | None, Sequence[float] | None] = Setting()
    colormap: Setting[str, str] = Setting()
    points: Setting[tuple[tuple[float, float], ...], Sequence[Sequence[float]]] = Setting()
    gamma: Setting[float, float] = Setting()
    log: Setting[bool, bool] = Setting()
    mode: Setting[Mode, Mode] = Setting()
    iso: Setting[float, float] = Setting()
    shading: Setting[Shading, Shading] = Setting()
    blend: Setting[Blend, Blend] = Setting()
    transform: Setting[dict[str, tuple[float, ...]] | None, Mapping[str, Any] | None] = Setting()
    shader: Setting[str, str] = Setting()
    uniforms: Setting[dict[str, float], Mapping[str, float]] = Setting()
    label_style: Setting[LabelStyle, LabelStyle] = Setting()
    label_colors: Setting[dict[int, str], Mapping[int, str]] = Setting()
    selected: Setting[tuple[int, ...], Iterable[int]] = Setting()
    isolate: Setting[bool, bool] = Setting()
    radius: Setting[float, float] = Setting()
    range: Setting[tuple[float, float] | None, Sequence[float] | None] = Setting()

    __slots__ = ("_layers", "name")
    _layers: Layers
    #: Of its volume.
    name: str

    def __init__(self, layers: Layers, name: str) -> None:
        object.__setattr__(self, "_layers", layers)
        object.__setattr__(self, "name", name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a setting; a name that is none is an error, for nothing would come of it."""
        if name in LOOK:
            object.__setattr__(self, name, value)
            return
        if name in ("name", "kind"):
            raise AttributeError(f"the {name} of a layer cannot be set")
        close = get_close_matches(name, LOOK, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(LOOK)}"
        raise AttributeError(f"a layer has no setting {name!r}; {hint}")

    @property
    def kind(self) -> str:
        """``"image"``, ``"labels"`` or ``"points"``."""
        return str(self._entry()["kind"])

    def set(self, **settings: Unpack[LookOptions]) -> Self:
        """Change several settings in one step; returns the layer.

        Raises
        ------
        ParameterError
            A value makes no sense; nothing is changed.
        UsageError
            There is no such setting.
        """
        refuse_unknown("set", {name: value for name, value in settings.items() if name not in LOOK}, LOOK)
        self._write(dict(settings))
        return self

    def reset(self, *names: str) -> Self:
        """Bring settings back to their defaults, all but `order` where none are named; returns the layer."""
        refuse_unknown("reset", dict.fromkeys(n for n in names if n not in LOOK), LOOK)
        stored: dict[str, Any] = dict.fromkeys(names or [n for n in LOOK if n != "order"])
        new = _NEW.get(self.kind, {})
        self._layers._patch(self.name, {**stored, **{n: value for n, value in new.items() if n in stored}})  # noqa: SLF001
        return self

    def settings(self) -> dict[str, Any]:
        """All settings by name, as they are now."""
        entry = self._entry()
        return {name: read_setting(name, entry.get(name)) for name in LOOK}

    def on_change(self, callback: Callable[[LayerEvent], None]) -> Callable[[], None]:
        """Call ``callback(event)`` after each change of this layer. Returns a function that ends that."""
        return self._layers.on_change(lambda event: callback(event) if event.name == self.name else None)

    def _entry(self) -> Entry:
        return self._layers._entry(self.name)[1]  # noqa: SLF001

    def _write(self, settings: dict[str, Any]) -> None:
        self._layers._patch(self.name, checked_look(settings))  # noqa: SLF001

    def __repr__(self) -> str:
        try:
            now = self.settings()
        except KeyError:
            return f"<Layer {self.name!r}, its volume is gone>"
        return f"<Layer {self.name!r} {self.kind}: {_words(now)}>"

    def _repr_html_(self) -> str:
        return _to_html([(self.name, self.kind, self.settings())])


@dataclass(frozen=True)
class LayerEvent:
    """What happened to one layer.

    Attributes
    ----------
    kind
        ``"added"``, ``"changed"`` or ``"removed"``.
    name
        Of its volume.
    settings
        What is different now, by name.
    origin
        ``"local"`` when this object's own methods did it, ``"remote"`` when a viewer or another kernel did.
    """

    kind: str
    name: str
    settings: dict[str, Any]
    origin: Origin


class Layers(Mapping[str, Layer]):
    """The layers of an instance by the names of their volumes, the lowest first. All methods may be called from any thread.

    Parameters
    ----------
    scene
        The document's map behind it.
    holds
        Whether the instance holds a volume of that name: its layer is waited for.
    check
        Raises where the instance is gone: a change could reach nobody.
    """

    def __init__(self, scene: SceneMap, holds: Callable[[str], bool], check: Callable[[], None]) -> None:
        self._scene = scene
        self._holds = holds
        self._check = check

    def _entries(self) -> dict[str, tuple[str, Entry]]:
        """Id and entry by name, the lowest layer first."""
        found = [
            (read_setting("order", entry.get("order")), str(entry.get("volume_name")), entry_id, entry)
            for entry_id, entry in self._scene.entries().items()
            if entry.get("kind") in _KINDS and isinstance(entry.get("volume_name"), str)
        ]
        return {name: (entry_id, entry) for _, name, entry_id, entry in sorted(found, key=lambda one: one[:3])}

    def _entry(self, name: str) -> tuple[str, Entry]:
        found = self._entries()
        if name not in found and self._holds(name):
            # A volume is there a moment before its layer, which the sidecar makes.
            self._scene.wait_for(lambda _: name in self._entries(), LAYER_SECONDS)
            found = self._entries()
        if name not in found:
            raise KeyError(f"the instance has no layer {name!r}; it has {', '.join(map(repr, found)) or 'none'}")
        return found[name]

    def _patch(self, name: str, stored: dict[str, Any]) -> None:
        self._check()
        entry_id, _ = self._entry(name)
        if not self._scene.patch(entry_id, stored):
            raise ParameterError(f"The volume {name!r} has just been removed from the instance.", "Render it again.")

    def __getitem__(self, name: str) -> Layer:
        self._entry(name)
        return Layer(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())

    def on_change(self, callback: Callable[[LayerEvent], None]) -> Callable[[], None]:
        """Call ``callback(event)`` after each change of a layer, whoever made it. Returns a function that ends that."""

        def tell(changes: list[Change], origin: Origin) -> None:
            for change in changes:
                if event := _event(change, origin):
                    callback(event)

        return self._scene.listen(tell)

    def __repr__(self) -> str:
        return f"<Layers: {', '.join(map(repr, self)) or 'none'}>"

    def _repr_html_(self) -> str:
        return _to_html([(name, layer.kind, layer.settings()) for name, layer in self.items()])


def _event(change: Change, origin: Origin) -> LayerEvent | None:
    entry = change.after or change.before or {}
    name = entry.get("volume_name")
    if not isinstance(name, str):
        return None
    before, after = change.before or {}, change.after or {}
    settings = {n: read_setting(n, after.get(n)) for n in LOOK if change.after and before.get(n) != after.get(n)}
    kind = "changed" if change.before and change.after else "added" if change.after else "removed"
    return LayerEvent(kind, name, settings, origin)


def _words(settings: dict[str, Any]) -> str:
    """What differs from the defaults, in few words."""
    parts = [] if settings["visible"] else ["hidden"]
    window = settings["window"]
    parts.append("window auto" if window is None else f"window {window[0]:g} to {window[1]:g}")
    parts += [f"{name} {settings[name]}" for name in ("colormap", "mode", "shading", "blend")]
    parts += [f"{name} {settings[name]:g}" for name in ("opacity", "gamma") if settings[name] != 1]
    parts += [name for name in ("log", "transform", "shader") if settings[name]]
    if settings["selected"]:
        parts.append(f"{len(settings['selected'])} ids selected{', isolated' if settings['isolate'] else ''}")
    return ", ".join(parts)


def _to_html(rows: list[tuple[str, str, dict[str, Any]]]) -> str:
    """A table for a notebook cell. Names come from people: all text is escaped."""
    if not rows:
        return "<em>No layers yet: render a volume.</em>"
    head = "".join(f"<th>{title}</th>" for title in ("layer", "kind", "look"))
    cells = ([name, kind, _words(settings)] for name, kind, settings in rows)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
