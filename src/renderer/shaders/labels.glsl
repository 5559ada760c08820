// A label's id from a texel, and its colour. The hash is that of labelHash() in colormaps.ts.
uniform sampler2D uPalette;

uint labelId(vec4 texel) {
#if LABEL_STORAGE == 0
  return uint(texel.r * 255. + .5);
#elif LABEL_STORAGE == 1
  uvec2 b = uvec2(texel.rg * 255. + .5);
  return b.x | (b.y << 8);
#else
  uvec4 b = uvec4(texel * 255. + .5);
  return b.x | (b.y << 8) | (b.z << 16) | (b.w << 24);
#endif
}

vec3 labelColor(uint id) {
  uint h = (id ^ (id >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  h = h ^ (h >> 16);
  return texelFetch(uPalette, ivec2(int(h & 1023u), 0), 0).rgb;
}
