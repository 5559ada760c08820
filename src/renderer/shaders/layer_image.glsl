// Layer _L as an image: its values as shares of its window.
uniform vec3 uWindow_L;     // scale, offset, and a power of two before both: floats go beyond what a scale can be
uniform mat3 uGradient_L;   // what half a voxel changes along the layer's axes to the change over a voxel along the world's
uniform vec3 uHalfTexel_L;
vec2 before_L;              // share of the window, and place in it, at the sample before
vec4 sum_L;                 // the transfer function's integral to there
uniform vec2 uLog_L;

float voxel_L(vec4 texel) {
#if STORAGE_L == 1
  return dot(texel.rg, vec2(1. / 257., 256. / 257.));
#elif STORAGE_L == 2
  return texel.r * uWindow_L.z;
#else
  return texel.r;
#endif
}

// NOTHING for what is not a number.
float place_L(vec4 texel) {
  float value = voxel_L(texel);
#if STORAGE_L == 2
  if ((floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u) return NOTHING;
#endif
  return value * uWindow_L.x + uWindow_L.y;
}

float placeAt_L(vec3 P, float otherwise) {
  vec4 texel;
  float size;
  float t = find_L(P, texel, size) ? place_L(texel) : NOTHING;
  return t == NOTHING ? otherwise : t;
}

// Four samples half a voxel away, which the halo holds.
vec3 gradient_L(vec3 x) {
  float a = place_L(textureLod(ATLAS_L, x + vec3(1., -1., -1.) * uHalfTexel_L, 0.));
  float b = place_L(textureLod(ATLAS_L, x + vec3(-1., -1., 1.) * uHalfTexel_L, 0.));
  float c = place_L(textureLod(ATLAS_L, x + vec3(-1., 1., -1.) * uHalfTexel_L, 0.));
  float d = place_L(textureLod(ATLAS_L, x + uHalfTexel_L, 0.));
  bool whole = a != NOTHING && b != NOTHING && c != NOTHING && d != NOTHING;
  return whole ? uGradient_L * vec3(a - b - c + d, c + d - a - b, b + d - a - c) : vec3(0.);
}

// Central differences a voxel to each side, across bricks and levels; t stands for what is not there.
vec3 slope_L(vec3 P, float voxel, float t) {
  vec3 g = vec3(0.);
  for (int k = 0; k < 3; ++k) {
    vec3 d = vec3(k == 0, k == 1, k == 2) * voxel;
    g[k] = placeAt_L(P + d, t) - placeAt_L(P - d, t);
  }
  return uGradient_L * g;
}
