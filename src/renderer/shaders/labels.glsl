// A label's id from a texel, and its look. The hash is that of labelHash() in colormaps.ts.
uniform sampler2D uPalette;

uint labelId0(vec4 texel) {
  return uint(texel.r * 255. + .5);
}

uint labelId1(vec4 texel) {
  uvec2 b = uvec2(texel.rg * 255. + .5);
  return b.x | (b.y << 8);
}

uint labelId2(vec4 texel) {
  uvec4 b = uvec4(texel * 255. + .5);
  return b.x | (b.y << 8) | (b.z << 16) | (b.w << 24);
}

#if defined(LABEL_STORAGE)
uint labelId(vec4 texel) {
#if LABEL_STORAGE == 0
  return labelId0(texel);
#elif LABEL_STORAGE == 1
  return labelId1(texel);
#else
  return labelId2(texel);
#endif
}
#endif

uint labelHash(uint id) {
  uint h = (id ^ (id >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}

vec3 labelColor(uint id) {
  return texelFetch(uPalette, ivec2(int(labelHash(id) & 1023u), 0), 0).rgb;
}

#if defined(LABEL_LOOKUP)
// Colour and weight of an opacity of a label of which something is said. `lookup` is a hash table of label_lookup.ts: an entry is an id
// and, in 32 bits, a colour, whether it counts, and whether the label is picked out. `rest` is the weight of those that are not.
vec4 labelLook(uint id, highp usampler2D lookup, float rest) {
  int width = textureSize(lookup, 0).x;
  uint at = labelHash(id);
  for (int i = 0; i < LABEL_PROBES; ++i) {
    uvec2 entry = texelFetch(lookup, ivec2(int((at + uint(i)) & uint(width - 1)), 0), 0).rg;
    if (entry.r == 0u) break;
    if (entry.r != id) continue;
    vec3 own = vec3(uvec3(entry.g, entry.g >> 8, entry.g >> 16) & 255u) / 255.;
    return vec4((entry.g & 0x1000000u) != 0u ? own : labelColor(id), (entry.g & 0x2000000u) != 0u ? 1. : rest);
  }
  return vec4(labelColor(id), rest);
}
#endif
