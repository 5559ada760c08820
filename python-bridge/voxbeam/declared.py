"""What this process has rendered into an instance: from which object, with which options, one volume for each channel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voxbeam.points import PointCloud
    from voxbeam.producer import ProducedVolume, Producer

#: Name of a volume that has no other.
UNNAMED = "volume"
Options = dict[str, Any]


class _Declared(NamedTuple):
    volume: Any
    options: Options
    image: str
    produced: ProducedVolume


class DeclaredVolumes:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, _Declared] = {}

    def declare(self, producer: Producer, volume: Any, options: Options, fallback_name: str | None) -> list[ProducedVolume]:
        """Offer a volume, or each channel of an image, in place of those of the same name.

        Parameters
        ----------
        options
            As :func:`voxbeam.render_volume` takes them.
        fallback_name
            For data that has none itself.
        """
        from voxbeam.sources import open_sources  # noqa: PLC0415
        from voxbeam.sources.channels import for_channel, name_channels  # noqa: PLC0415

        sources = open_sources(volume, axes=options["axes"], time_step=options["time_step"], time_unit=options["time_unit"])
        first = sources[0]
        own = first.channel.group if first.channel else first.name
        image = own if options["name"] is None else options["name"]
        if options["name"] is None and fallback_name and image == UNNAMED:
            image = fallback_name
        name_channels(sources, image, options["channels"])
        made = []
        for index, source in enumerate(sources):
            look = {name: for_channel(options[name], index, len(sources), name) for name in ("window", "colormap")}
            place = {name: options[name] for name in ("voxel_size", "unit", "origin", "kind")}
            made.append(producer.declare(source, **place, **look))
        with self._lock:
            for produced in made:
                self._by_name[produced.description.name] = _Declared(volume, options, image, produced)
        return made

    def declare_points(self, producer: Producer, cloud: PointCloud) -> ProducedVolume:
        """Offer a point cloud in place of what has the same name."""
        produced = producer.declare_points(cloud)
        name = produced.description.name
        with self._lock:
            self._by_name[name] = _Declared(cloud, {}, name, produced)
        return produced

    def again(self, elsewhere: DeclaredVolumes, producer: Producer) -> None:
        """Offer everything that is offered here to another instance too."""
        with self._lock:
            live = {one.image: one for one in self._by_name.values() if one.produced.live}
        for image, one in live.items():
            if one.options:
                elsewhere.declare(producer, one.volume, {**one.options, "name": image}, None)
            else:
                elsewhere.declare_points(producer, one.volume)

    def find(self, volume: Any, options: Options) -> list[ProducedVolume]:
        """What the very same `volume` became with the same options, or with any where `options` says nothing."""
        given = {name: value for name, value in options.items() if value is not None}
        with self._lock:
            fits = [
                one
                for one in self._by_name.values()
                if one.volume is volume
                and one.produced.live
                and all(one.options[name] == value for name, value in given.items())
            ]
        return [one.produced for one in fits if one.image == fits[0].image]

    def update(self, name: str, region: Any) -> None:
        """Say that voxels of a volume that was rendered here are others now.

        Raises
        ------
        ParameterError
            It is another kernel's, is not read from an array in place, has time points, or `region` is none.
        """
        with self._lock:
            one = self._by_name.get(name)
        if one is None or not one.produced.live:
            raise ParameterError(f"The volume {name!r} was not rendered here.", "Say it where its array is.")
        one.produced.changed(region)

    def remove(self, name: str, held: Iterable[str]) -> None:
        """Take a volume, or all channels of an image, out of an instance that holds volumes of the names `held`.

        Raises
        ------
        ParameterError
            It is not there, or another kernel's.
        """
        with self._lock:
            names = [key for key, one in self._by_name.items() if name in (key, one.image)]
            live = [one.produced for key in names if (one := self._by_name.pop(key)).produced.live]
        for produced in live:
            produced.remove()
        held = list(held)
        if not live and name in held:
            raise ParameterError(f"The volume {name!r} was rendered by another kernel.", "Remove it there, or stop the instance.")
        if not live:
            known = ", ".join(map(repr, held)) or "none"
            raise ParameterError(f"The instance holds no volume called {name!r}.", f"It holds {known}.")
