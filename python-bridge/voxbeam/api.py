"""What a notebook calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np

from voxbeam.background_fill import fill_behind, larger_than_store, lazy_words
from voxbeam.dials import DIALS, checked_dial
from voxbeam.embedded import instance_for
from voxbeam.errors import ParameterError, SchedulerError, ShapeError, UnsupportedDtypeError, UsageError
from voxbeam.instance import Instance
from voxbeam.keywords import caller_name, refuse_unknown
from voxbeam.look import LOOK, checked_colormap, checked_look
from voxbeam.policy import checked_policy
from voxbeam.progress import Progress
from voxbeam.protocol import MAX_AXIS
from voxbeam.scheduler import SchedulerClient
from voxbeam.settings import checked_store_bytes
from voxbeam.transport import checked_codec, checked_transport

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import DTypeLike
    from typing_extensions import Unpack

    from voxbeam.description import Kind
    from voxbeam.look import LookKeywords, LookOptions
    from voxbeam.producer import ProducedVolume
    from voxbeam.transport import Codec, Transport
    from voxbeam.widget import Views, VolumeView

RENDER_OPTIONS = (
    "name", "voxel_size", "unit", "origin", "kind", "window", "colormap", "axes", "channels", "time_step", "time_unit",
)


def query_visualization_server(
    host: str,
    port: int,
    *,
    username: str | None = None,
    token: str | None = None,
    **unknown: NoReturn,
) -> Instance | None:
    """Your instance at the scheduler of ``host:port``, or None when you have none yet.

    Parameters
    ----------
    username
        Whose instance; this process's user when left out.
    token
        The scheduler's token. Left out: ``VOXBEAM_TOKEN``, else the file that a scheduler of this user and port has written.

    Raises
    ------
    SchedulerError
        No scheduler answers there.
    UnauthorizedError
        It refused the token.
    """
    refuse_unknown("query_visualization_server", unknown, ("username", "token"))
    client = SchedulerClient(host, port, username=username, token=token)
    record = client.query()
    return None if record is None else _instance(client, record)


def initialize_visualization_server(
    host: str,
    port: int,
    shape: Sequence[int],
    dtype: DTypeLike,
    *,
    username: str | None = None,
    token: str | None = None,
    store_bytes: int | None = None,
    scene: str | os.PathLike[str] | None = None,
    wait_init: float = 60.0,
    **unknown: NoReturn,
) -> Instance:
    """Your instance at the scheduler of ``host:port``, started for volumes of ``shape`` and ``dtype`` when you have none.

    It outlives this kernel: query it from the next one, and its volumes and annotations are still there.

    Parameters
    ----------
    shape, dtype
        Of the largest volume it is to hold; the scheduler plans its memory by them.
    username, token
        As for :func:`query_visualization_server`.
    store_bytes
        Budget of its store; left out, the scheduler chooses.
    scene
        File on the scheduler's machine in which what is drawn is kept, and from which a new instance goes on; left out, one of
        its own: see :mod:`voxbeam.scenes`.
    wait_init
        Seconds to wait until it is ready.
    """
    options = ("username", "token", "store_bytes", "scene", "wait_init")
    refuse_unknown("initialize_visualization_server", unknown, options)
    params: dict[str, Any] = {"shape": _shape(shape), "dtype": _dtype(dtype)}
    if store_bytes is not None:
        params["store_bytes"] = checked_store_bytes(store_bytes)
    if scene is not None:
        params["scene"] = str(Path(scene).expanduser().absolute())
    client = SchedulerClient(host, port, username=username, token=token)
    record = client.initialize(params, wait_init)
    if scene is not None and record.get("scene") != params["scene"]:
        words = f"Your instance there keeps its scene in {record.get('scene') or 'a file of its own'}, not in {params['scene']}."
        raise SchedulerError(words, "Stop it first, or leave scene= out.")
    return _instance(client, record)


def render_volume(
    volume: Any,
    instance: Instance | None = None,
    *,
    name: str | None = None,
    voxel_size: float | Sequence[float] | None = None,
    unit: str | None = None,
    origin: float | Sequence[float] | None = None,
    kind: Kind | None = None,
    window: tuple[float, float] | list[tuple[float, float]] | None = None,
    colormap: str | list[str] | None = None,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    time_step: float | None = None,
    time_unit: str | None = None,
    scene: str | os.PathLike[str] | bool | None = None,
    wait: bool = True,
    **look: Unpack[LookKeywords],
) -> bool:
    """Bring a volume into an instance.

    Parameters
    ----------
    volume
        A 3D array (z, y, x), or one of more axes with `axes`; a path or URL as :func:`voxbeam.open` takes it, such as
        ``'scan.h5:/entry/data'``, or what it returned; or what :func:`from_function` and :mod:`voxbeam.synthetic` make.
    instance
        Where to; left out, this kernel's embedded instance, which starts when it is first needed.
    name
        Name in the instance; a volume of the same name is replaced. Left out: what the file says, else the name of your variable.
    voxel_size, unit, origin
        Edge lengths of a voxel and position of the centre of the first one (z, y, x), in `unit`. Left out: what the file says.
    kind
        ``"image"``, or ``"labels"``: whole numbers that name objects.
    window, colormap
        How it is shown at first: values of black and white, and the name of a colour map or ``'#rrggbb'``. A list holds one for
        each channel.
    axes
        Which axis of an array is which, such as ``'tzyx'``, ``'czyx'`` or ``'tczyx'``: t is time, c is channels. Each channel
        becomes a volume of its own, named ``name/channel``, and is drawn added to the others in a colour of its own.
    channels
        Names of the channels; numbers, or what the file says, where left out.
    time_step, time_unit
        Time from one time point to the next.
    scene
        File in which this kernel's embedded instance, where this starts it, keeps what is drawn, and from which it goes on; False
        keeps nothing. Left out: what :func:`configure` was told, else a file of its own.
    **look
        Settings of its layer, such as ``mode="iso"`` or ``shading="occlusion"``: see :class:`voxbeam.Layer`.
    wait
        True returns when all of it is in the instance, with a progress bar where that takes a while; False at once. What is
        larger than the instance's store is never there as a whole: its bricks are made as they are looked at, as a sentence says.

    Returns
    -------
    bool
        True.

    Raises
    ------
    StoreTooSmallError
        Shared memory is full.
    InstanceGoneError
        The instance does not answer any more.
    """
    settings = _look("render_volume", look, ("scene", "wait"), colormap)
    place = instance_for(instance, "render_volume", scene)
    options = {
        "name": name,
        "voxel_size": voxel_size,
        "unit": unit,
        "origin": origin,
        "kind": kind,
        "window": window,
        "colormap": colormap,
        "axes": axes,
        "channels": channels,
        "time_step": time_step,
        "time_unit": time_unit,
    }
    produced = place.declare(volume, options, caller_name(volume))
    _apply(settings, place, produced)
    if larger_than_store(produced, place.store_bytes):
        print(lazy_words(produced, place.store_bytes))  # noqa: T201  a sentence for the cell
        return True
    for one in produced:
        if wait:
            with Progress(f"Rendering {one.description.name}") as progress:
                one.fill(wait=True, progress=progress.update)
        else:
            one.fill(wait=False)
    return True


def view(
    volume: Any = None,
    instance: Instance | None = None,
    *,
    height: int = 450,
    views: Views = "four",
    transport: Transport | None = None,
    policy: str = "exploration",
    codec: Codec = "auto",
    name: str | None = None,
    voxel_size: float | Sequence[float] | None = None,
    unit: str | None = None,
    origin: float | Sequence[float] | None = None,
    kind: Kind | None = None,
    window: tuple[float, float] | list[tuple[float, float]] | None = None,
    colormap: str | list[str] | None = None,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    time_step: float | None = None,
    time_unit: str | None = None,
    scene: str | os.PathLike[str] | bool | None = None,
    max_gpu_bytes: int | None = None,
    max_browser_bytes: int | None = None,
    max_cache_bytes: int | None = None,
    frame_ms: float | None = None,
    passes: int | None = None,
    **look: Unpack[LookKeywords],
) -> VolumeView:
    """The viewer as a widget. It shows a first picture at once, and fills the instance behind it.

    Parameters
    ----------
    volume
        As for :func:`render_volume`. An array that this kernel has rendered under the same name is shown as it was rendered.
        None shows what the instance holds.
    instance
        Left out, this kernel's embedded instance.
    height
        Of the widget, in CSS pixels.
    views
        What the viewer opens with: ``"four"`` is three slices and the volume; ``"volume"`` or ``"slices"`` is one of them alone.
    transport
        Forces ``"direct"``, ``"proxy"`` or ``"comm"`` for this view. See :func:`configure`.
    policy
        How bricks are asked for: ``"exploration"`` what is in view and then what is about to be, ``"playback"`` the next
        time points before details, ``"low-bandwidth"`` coarser ones and few at a time, ``"no-prefetch"`` only what is in view;
        or one of these in another order, by :func:`loading_policy`.
    codec
        How bricks and tiles travel to the page: ``"auto"`` compresses them where, and only where, that is faster on the measured
        link; ``"raw"``, ``"lz4"`` and ``"zstd"`` force one; ``"preview"`` sends 8 bits a voxel, which the true ones replace once
        the view rests. ``view.codec`` and the footer say how they came.
    name, voxel_size, unit, origin, kind, window, colormap, axes, channels, time_step, time_unit, scene, **look
        As for :func:`render_volume`.
    max_gpu_bytes, max_browser_bytes, max_cache_bytes
        Hard bounds in bytes: of the view's GPU memory (512 MiB unless given), of the bricks in the page's memory (256 MiB), and
        of the bricks kept in the browser's storage for later visits (1 GiB; 0 keeps none). They are traits of the view too.
    frame_ms, passes
        Milliseconds that a frame may take while the picture moves (40), and passes that a still picture is the mean of (4).
    """
    settings = _look("view", look, ("height", "views", "transport", "policy", "codec", "scene", *DIALS), colormap)
    given = {
        "max_gpu_bytes": max_gpu_bytes,
        "max_browser_bytes": max_browser_bytes,
        "max_cache_bytes": max_cache_bytes,
        "frame_ms": frame_ms,
        "passes": passes,
    }
    dials = {dial: checked_dial(dial, value) for dial, value in given.items() if value is not None}
    if settings and volume is None:
        text = f"The settings {', '.join(settings)} were given without a volume."
        raise ParameterError(text, "Set them by instance.layers['name'].")
    if isinstance(volume, Instance):
        raise UsageError("view() got an Instance as its volume; write view(instance=…) to show what it holds")
    if transport is not None:
        checked_transport(transport, "transport")
    checked_policy(policy)
    checked_codec(codec, "codec")
    place = instance_for(instance, "view", scene)
    options = {
        "name": name,
        "voxel_size": voxel_size,
        "unit": unit,
        "origin": origin,
        "kind": kind,
        "window": window,
        "colormap": colormap,
        "axes": axes,
        "channels": channels,
        "time_step": time_step,
        "time_unit": time_unit,
    }
    from voxbeam.widget import VolumeView  # noqa: PLC0415  half a second where no notebook has read it before

    # First of all: the page reads the viewer's code while the volume is opened.
    shown = VolumeView(place, height=height, views=views, transport=transport, policy=policy, codec=codec, **dials)
    try:
        produced = place.declared(volume, options) if volume is not None else []
        fresh = volume is not None and not produced
        if fresh:
            produced = place.declare(volume, options, caller_name(volume))
        _apply(settings, place, produced)
    except BaseException:
        shown.close()
        raise
    shown.made_for(produced[0] if produced else None)
    # What is larger than the store stays lazy: its bricks come and go as they are looked at.
    if fresh and not larger_than_store(produced, place.store_bytes):
        for one in produced:
            fill_behind(shown, one)
    return shown


def _look(
    function: str, look: Mapping[str, Any], others: tuple[str, ...], colormap: str | list[str] | None,
) -> LookOptions:
    """The settings among a function's keywords, checked, before anything is done."""
    for one in colormap if isinstance(colormap, list) else [colormap]:
        if one is not None:
            checked_colormap("colormap", one)
    settings = dict(look)
    known = dict.fromkeys((*others, *RENDER_OPTIONS, *LOOK))
    refuse_unknown(function, {name: value for name, value in settings.items() if name not in LOOK}, known)
    checked_look(settings)
    return cast("LookOptions", settings)


def _apply(settings: LookOptions, place: Instance, produced: Iterable[ProducedVolume]) -> None:
    for one in produced if settings else ():
        place.layers[one.description.name].set(**settings)


def _instance(client: SchedulerClient, record: dict[str, Any]) -> Instance:
    return Instance(record["host"], record["port"], record["token"], stop=client.stop)


def _shape(shape: Sequence[int]) -> list[int]:
    try:
        axes = [int(n) for n in shape]
    except (TypeError, ValueError):
        axes = []
    if (
        len(axes) != 3
        or any(not 1 <= n <= MAX_AXIS for n in axes)
        or any(n != given for n, given in zip(axes, shape, strict=True))
    ):
        raise ShapeError(f"shape is {shape!r}.", f"Give three whole numbers z, y, x from 1 to {MAX_AXIS}.")
    return axes


def _dtype(dtype: DTypeLike) -> str:
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise UnsupportedDtypeError(
            f"dtype is {dtype!r}: {error}.", "Give the name of a NumPy dtype, such as 'uint16'."
        ) from None
    if found.kind not in "biuf":
        raise UnsupportedDtypeError(f"dtype is {found}.", "Volumes are of whole numbers, floats, or bool.")
    return str(found.name)
