// The place, 0..1, of a share of a logarithmic window. `steep` is its steepness k, and 1 / log2(1 + k).
float logPlace(float share, vec2 steep) {
  return log2(1. + steep.x * clamp(share, 0., 1.)) * steep.y;
}
