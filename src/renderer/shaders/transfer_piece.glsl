// What a piece of a ray adds, all values between its ends counted: a thin peak of the transfer function is not stepped over.
uniform sampler2D uTransfers; // three rows a layer: integrals, densities, colours

vec4 colorOf(int row, float t) {
  return texelFetch(uTransfers, ivec2(int(clamp(t, 0., 1.) * float(TRANSFER_SIZE - 1) + .5), row), 0);
}

// The densities from the window's low end to share t of it, which is at `place`, added up; beyond they go on as they are at its ends.
vec4 integralTo(int row, float t, float place) {
  float within = clamp(t, 0., 1.);
  float x = clamp(place, 0., 1.) * float(TRANSFER_SIZE - 1);
  int i = min(int(x), TRANSFER_SIZE - 2);
  vec4 sum = mix(texelFetch(uTransfers, ivec2(i, row), 0), texelFetch(uTransfers, ivec2(i + 1, row), 0), x - float(i));
  // A loop of at most one turn: where no ray of a group needs it, it is skipped, which an `if` need not be.
  for (int k = 0; k < 1 && t != within; ++k) sum += (t - within) * colorOf(row + 1, place);
  return sum;
}

// Premultiplied colour of a piece of a ray over which the share of the window goes from a.x to b.x, and the place in it from a.y to b.y;
// the integrals to both are at hand. `thick` is its length, 1 being the layer's own step.
vec4 pieceBetween(int row, vec2 a, vec4 toA, vec2 b, vec4 toB, float thick) {
  vec4 density = (toB - toA) / (b.x - a.x);
  for (int k = 0; k < 1 && abs(b.y - a.y) < 8. / float(TRANSFER_SIZE); ++k) density = colorOf(row + 1, .5 * (a.y + b.y));
  float alpha = 1. - exp(-density.a * thick);
  return vec4(density.rgb / max(density.a, 1e-9) * alpha, alpha);
}

vec4 pieceOf(int row, vec2 a, vec2 b, float thick) {
  return pieceBetween(row, a, integralTo(row, a.x, a.y), b, integralTo(row, b.x, b.y), thick);
}
