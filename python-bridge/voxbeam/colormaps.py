"""Names of the colour maps that viewers know. Written by scripts/colormaps.mjs, with the viewers' own list."""

from __future__ import annotations

COLORMAPS = (
    "gray", "viridis", "magma", "inferno", "plasma", "cividis", "turbo", "bone", "hot", "warm", "cool", "cubehelix", "Blues",
    "Greens", "Greys", "Oranges", "Purples", "Reds", "BuGn", "BuPu", "GnBu", "OrRd", "PuBuGn", "PuBu", "PuRd", "RdPu", "YlGnBu",
    "YlGn", "YlOrBr", "YlOrRd", "coolwarm", "BrBG", "PRGn", "PiYG", "PuOr", "RdBu", "RdGy", "RdYlBu", "RdYlGn", "Spectral",
    "rainbow", "sinebow", "tab10", "tableau10", "observable10", "Accent", "Dark2", "Paired", "Pastel1", "Pastel2", "Set1",
    "Set2", "Set3",
)
