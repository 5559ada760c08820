// One slice, from tiles.
out vec4 color;

flat in vec4 vMap;
flat in vec4 vCell;
uniform sampler2D uAtlas;
uniform vec3 uPlace;        // voxels from the middle of the view at gl_FragCoord (0, 0), and per pixel to the right and up
uniform vec3 uPlaceDx;
uniform vec3 uPlaceDy;
uniform vec3 uBoxMin;       // the volume, in voxels from the middle of the view
uniform vec3 uBoxMax;

vec4 texelAt(vec2 at) {
  return texelFetch(uAtlas, ivec2(clamp(at, vCell.xy, vCell.zw)), 0);
}

#if IMAGE_STORAGE >= 0
// Mixed here and not by the hardware, whose weights of 8 bits are too coarse for the high byte of 16; a texel of no weight does not count.
float valueAt(vec2 at) {
  vec2 p = clamp(at, vCell.xy, vCell.zw) - .5;
  ivec2 i = ivec2(p);
  vec2 f = p - vec2(i);
  ivec2 d = ivec2(step(1e-4, f));
  float v00 = voxelValue(texelFetch(uAtlas, i, 0)), v10 = voxelValue(texelFetch(uAtlas, i + ivec2(d.x, 0), 0));
  float v01 = voxelValue(texelFetch(uAtlas, i + ivec2(0, d.y), 0)), v11 = voxelValue(texelFetch(uAtlas, i + d, 0));
  return mix(mix(v00, v10, f.x), mix(v01, v11, f.x), f.y);
}
#endif

#if defined(IN_SPACE) && !defined(OUTLINE)
// The mean of what a pixel covers: `wide` and `high` are its sides in texels.
vec4 meanLook(vec2 at, vec2 wide, vec2 high) {
  // No farther than the tile goes, to both sides alike: else its rim would count too much.
  vec2 room = max(min(at - vCell.xy, vCell.zw - at), 0.), reach = max(.5 * (abs(wide) + abs(high)), 1e-6);
  float within = min(1., min(room.x / reach.x, room.y / reach.y));
  wide *= within;
  high *= within;
  float nx = looks(vec3(wide, 0.)), ny = looks(vec3(high, 0.));
#if IMAGE_STORAGE >= 0
  float sum = 0.;
#else
  vec4 sum = vec4(0.);
#endif
  for (int j = 0; j < LOOKS; ++j) {
    if (float(j) >= ny) break;
    vec2 row = at + ((float(j) + .5) / ny - .5) * high;
    for (int i = 0; i < LOOKS; ++i) {
      if (float(i) >= nx) break;
      vec2 here = row + ((float(i) + .5) / nx - .5) * wide;
#if IMAGE_STORAGE >= 0
      sum += valueAt(here);
#else
      sum += sliceLook(texelAt(here));
#endif
    }
  }
#if IMAGE_STORAGE >= 0
  return sliceLook(sum / (nx * ny));
#else
  return sum / (nx * ny);
#endif
}
#endif

void main() {
  vec2 pixel = PIXEL;
#if defined(IN_SPACE)
  vec2 wide = dFdx(pixel) * vMap.zw, high = dFdy(pixel) * vMap.zw;
#endif
  vec3 place = uPlace + pixel.x * uPlaceDx + pixel.y * uPlaceDy;
  if (any(lessThan(place, uBoxMin)) || any(greaterThan(place, uBoxMax))) discard;
  vec2 at = vMap.xy + pixel * vMap.zw;
#if defined(IN_SPACE) && !defined(OUTLINE)
  color = meanLook(at, wide, high);
#elif IMAGE_STORAGE >= 0
  color = sliceLook(valueAt(at));
#else
  vec4 texel = texelAt(at);
#if defined(OUTLINE)
  vec2 dx = vec2(vMap.z, 0.), dy = vec2(0., vMap.w);
  uint id = labelId(texel);
  bool rim = labelId(texelAt(at + dx)) != id || labelId(texelAt(at - dx)) != id;
  rim = rim || labelId(texelAt(at + dy)) != id || labelId(texelAt(at - dy)) != id;
  if (!rim) discard;
#endif
  color = sliceLook(texel);
#endif
  if (color.a == 0.) discard;
}
